import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTable, type TableWish } from '../../src/analysis/export-table.ts';
import { type Analysis, openAnalysis } from '../../src/analysis/open.ts';
import { ALL_TABLES } from '../../src/analysis/tables/all.ts';
import { quote } from '../../src/analysis/text.ts';
import { importHistory } from '../support/history.ts';
import { makeRepo, tempDir } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

describe('a table as Parquet', () => {
  let analysis: Analysis;
  beforeAll(async () => {
    const dir = await makeRepo({ empty: true });
    importHistory(dir, 11, 12);
    analysis = await openAnalysis(await contextIn(dir), { transcripts: true });
  });
  afterAll(() => analysis?.close());

  const write = async (over: Partial<TableWish>, most?: number, check: (folder: string) => void = () => {}) => {
    const folder = tempDir();
    const file = join(folder, 'rows');
    const wish: TableWish = { table: 'events', format: 'parquet', without: [], raw: false, ...over };
    const sink = {
      write: () => Promise.reject(new Error('not as text')),
      whole: () => file,
      check: () => check(folder),
    };
    const done = exportTable(analysis, wish, sink, most);
    return { folder, file, count: await done.catch((error: Error) => error.message) };
  };

  const rowsOf = (file: string) =>
    analysis.query(`SELECT * FROM read_parquet(${quote(file)}, file_row_number = true) ORDER BY file_row_number`);

  it('has the same rows in the same order, and the same types, out of many parts', async () => {
    for (const { name } of ALL_TABLES) {
      const [whole, parts] = [await write({ table: name }, Number.POSITIVE_INFINITY), await write({ table: name }, 40)];
      expect(parts.count).toBe(whole.count);
      expect(await rowsOf(parts.file)).toEqual(await rowsOf(whole.file));
      expect(readdirSync(parts.folder)).toEqual(['rows']);
    }
  });

  it('ends between two parts when nobody wants it any more, and leaves none', async () => {
    const seen: number[] = [];
    const { folder, count } = await write({}, 1, (at) => {
      seen.push(existsSync(join(at, 'rows.parts')) ? readdirSync(join(at, 'rows.parts')).length : -1);
      if (seen.length === 3) throw new Error('enough');
    });
    expect([count, seen]).toEqual(['enough', [0, 1, 2]]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes little memory from the database, and leaves its files out of it', async () => {
    await write({ table: 'sessions' });
    const { rows } = await analysis.query(
      "SELECT current_setting('memory_limit'), current_setting('enable_external_file_cache')",
    );
    expect(rows).toEqual([['512.0 MiB', false]]);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk says one sentence', async () => {
    const sink = { write: () => Promise.resolve(), whole: () => '/dev/full', check: () => {} };
    const wish: TableWish = { table: 'events', format: 'parquet', without: [], raw: false };
    await expect(exportTable(analysis, wish, sink)).rejects.toMatchObject({ code: 'store.full' });
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });
});
