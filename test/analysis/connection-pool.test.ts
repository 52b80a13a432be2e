import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionPool } from '../../src/analysis/connection-pool.ts';
import { type Database, openDatabase } from '../../src/analysis/duckdb.ts';

describe('connections of a database', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database.close());

  it('are as many as may be, one for each who asks; the others come in their order', async () => {
    const pool = new ConnectionPool(database.instance, 2);
    const begun: number[] = [];
    // The first two may be connected in either order.
    const ends = new Map<number, () => void>();
    const used = new Set<unknown>();
    const all = [0, 1, 2, 3].map((n) =>
      pool.with(async (connection) => {
        begun.push(n);
        used.add(connection);
        await new Promise<void>((end) => void ends.set(n, end));
        return n;
      }),
    );
    await expect.poll(() => ends.size).toBe(2);
    expect([...begun].sort()).toEqual([0, 1]);
    ends.get(1)!();
    expect(await all[1]).toBe(1);
    await expect.poll(() => begun.slice(2)).toEqual([2]);
    ends.get(0)!();
    await expect.poll(() => begun.slice(2)).toEqual([2, 3]);
    for (const n of [2, 3]) ends.get(n)!();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
    expect(used.size).toBe(2);
    pool.close();
  });

  it('are free again after an error, and see the same tables', async () => {
    await database.connection.run('CREATE TABLE seen AS SELECT 7 AS n');
    const pool = new ConnectionPool(database.instance, 1);
    await expect(pool.with((connection) => connection.run('SELECT nonsense FROM seen'))).rejects.toThrow(/nonsense/);
    const answer = await pool.with((connection) => connection.runAndReadAll('SELECT n FROM seen'));
    expect(answer.getRows()).toEqual([[7]]);
    pool.close();
    pool.close();
  });
});
