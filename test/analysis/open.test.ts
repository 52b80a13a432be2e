import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unavailable } from '../../src/analysis/duckdb.ts';
import { type Analysis, openAnalysis } from '../../src/analysis/open.ts';
import { TABLES } from '../../src/analysis/tables/all.ts';
import { homeDirs } from '../../src/config/paths.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { message } from '../store/places.ts';
import { git, tempDir } from '../support/repo.ts';
import { makeWorld, type World, worldIn } from './world.ts';

const AWKWARD = 'nul \0, quote " \' \\, half \ud800 and \udc00, 😀, \u2028, {"a": "\\ud800"}';

describe('an analysis', () => {
  let world: World;
  let analysis: Analysis;
  beforeAll(async () => {
    world = await makeWorld();
    await world.write('s000000001', [message('plain'), message(AWKWARD), message('x'.repeat(70_000))]);
    for (const n of [2, 3]) await world.write(`s00000000${n}`, 3);
    analysis = await openAnalysis(world.ctx);
  });
  afterAll(() => analysis.close());
  const one = async (sql: string, params?: Parameters<Analysis['query']>[1]) =>
    (await analysis.query(sql, params)).rows[0];

  it('has every table with its columns and their types, and says what it read', async () => {
    for (const { name, columns } of TABLES) {
      const { columns: got } = await analysis.query(`SELECT * FROM ${name} LIMIT 0`);
      expect(got).toEqual(columns.map((column) => ({ name: column.name, type: column.type })));
    }
    expect(analysis.repos).toEqual([{ repo: world.dir, path: world.dir, logs: 3, events: 12 }]);
    expect(analysis.warnings).toEqual([]);
  });

  it('keeps every text as it is, but for halves of characters', async () => {
    const [text, raw] = (await one(
      `SELECT data->>'text', data::VARCHAR FROM events WHERE session = 's000000001' AND seq = 3`,
    )) as string[];
    expect(JSON.parse(raw!).text).toBe(AWKWARD.replace('\ud800', '\ufffd').replace('\udc00', '\ufffd'));
    expect(text).toContain('😀, \u2028, {"a"');
  });

  it('gives plain values', async () => {
    const values = await analysis.query(`SELECT 1::BIGINT, 9007199254740993::BIGINT, sum(2::BIGINT), 1.5::DOUBLE,
      'nan'::DOUBLE, 0.1::DECIMAL(18,6), TIMESTAMPTZ '2026-01-02 03:04:05.678+01', TIMESTAMP '1969-12-31 23:59:59.9999',
      DATE '2026-01-02', '{"b": 1}'::JSON, ['a', 'b'], [1, NULL], {x: 1, y: [TIMESTAMPTZ '2026-01-02 00:00:00Z']},
      NULL, true, MAP {'k': 2}, INTERVAL 90 SECOND, ''::BLOB, 170141183460469231731687303715884105727::HUGEINT`);
    expect(values.rows).toEqual([
      [
        1,
        '9007199254740993',
        2,
        1.5,
        null,
        '0.100000',
        '2026-01-02T02:04:05.678Z',
        '1969-12-31T23:59:59.999Z',
        '2026-01-02',
        '{"b": 1}',
        ['a', 'b'],
        '[1,null]',
        '{"x":1,"y":["2026-01-02T00:00:00.000Z"]}',
        null,
        true,
        '{"k":2}',
        '00:01:30',
        '',
        '170141183460469231731687303715884105727',
      ],
    ]);
    expect(values.columns.slice(5, 8).map(({ type }) => type)).toEqual(['DECIMAL(18,6)', 'TIMESTAMPTZ', 'TIMESTAMP']);
  });

  it('takes parameters of every kind', async () => {
    const params = ['a', 1, 2 ** 40, 0.5, 5n, true, null, ['x', 'y'], []];
    const marks = params.map((_, at) => `$${at + 1}`).join(', ');
    expect(await one(`SELECT ${marks}`, params)).toEqual(['a', 1, 2 ** 40, 0.5, 5, true, null, ['x', 'y'], []]);
    const found = await one('SELECT count(*) FROM events WHERE list_contains($1, session)', [['s000000002']]);
    expect(found).toEqual([4]);
  });

  it('knows no zone but UTC, and no extension that it would have to fetch', async () => {
    expect(await one(`SELECT strftime("at", '%H') = hour("at")::VARCHAR FROM events LIMIT 1`)).toEqual([true]);
    const setting = (name: string) => one('SELECT current_setting($1)', [name]);
    expect(await setting('TimeZone')).toEqual(['UTC']);
    expect(await setting('autoload_known_extensions')).toEqual([false]);
    expect(await setting('autoinstall_known_extensions')).toEqual([false]);
    await expect(analysis.query("SELECT * FROM sqlite_scan('a', 'b')")).rejects.toThrow(/sqlite_scan/);
  });

  it('streams in pieces, several at a time, the first of which names the columns', async () => {
    const stream = analysis.stream('SELECT range AS n FROM range(5000)');
    let sum = 0;
    let pieces = 0;
    for await (const { columns, rows } of stream) {
      expect(columns).toEqual([{ name: 'n', type: 'BIGINT' }]);
      if (pieces++ === 1) expect(await one('SELECT 1')).toEqual([1]);
      for (const [n] of rows) sum += Number(n);
    }
    expect([sum, pieces > 2]).toEqual([(5000 * 4999) / 2, true]);
    const none: unknown[] = [];
    for await (const piece of analysis.stream('SELECT 1 AS x WHERE $1', [false])) none.push(piece);
    expect(none).toEqual([{ columns: [{ name: 'x', type: 'INTEGER' }], rows: [] }]);
  });

  it('says what DuckDB says of a wrong statement, at once', async () => {
    await expect(analysis.query('SELECT nope FROM events')).rejects.toThrow(/Binder Error.*nope/);
    await expect(analysis.query('SELEC')).rejects.toThrow(/Parser Error/);
    await expect(analysis.run('SELECT * FROM nowhere')).rejects.toThrow(/Catalog Error.*nowhere/);
  });

  it('runs statements of ours, and leaves nothing behind when it is closed', async () => {
    const other = await openAnalysis(world.ctx);
    const path = join(tempDir(), 'out.csv');
    await other.run(`COPY (SELECT session FROM events ORDER BY ALL LIMIT 1) TO '${path}'`);
    expect(readFileSync(path, 'utf8')).toBe('session\ns000000001\n');
    const { folders } = other;
    expect(folders).toHaveLength(2);
    expect(folders.map((folder) => existsSync(folder))).toEqual([true, true]);
    await other.close();
    expect(folders.map((folder) => existsSync(folder))).toEqual([true, false]);
  });
});

describe('several repositories', () => {
  const home = homeDirs({ HOME: tempDir() });
  let one: World;
  let two: World;
  beforeAll(async () => {
    one = await makeWorld({ home });
    two = await makeWorld({ home });
    await one.write('s000000001', 1);
    await two.write('s000000002', 2);
  });
  const PLACES = 'SELECT DISTINCT repo, session FROM events ORDER BY session';

  it('are asked one by one, by any folder in them, each once', async () => {
    expect(await one.ask(PLACES)).toEqual([[one.dir, 's000000001']]);
    expect(await one.ask(PLACES, { repos: [join(two.dir, 'src')] })).toEqual([[two.dir, 's000000002']]);
    const both = { repos: [one.dir, two.dir, join(one.dir, 'src')] };
    expect(await two.ask(PLACES, both)).toEqual([
      [one.dir, 's000000001'],
      [two.dir, 's000000002'],
    ]);
    await expect(one.ask(PLACES, { repos: [tempDir()] })).rejects.toMatchObject({ code: 'repository.missing' });
  });

  it('are all asked, once they were asked or had a session, from anywhere', async () => {
    const nowhere = { clock: one.ctx.clock, home };
    const analysis = await openAnalysis(nowhere, { all: true });
    expect((await analysis.query(PLACES)).rows).toEqual([
      [one.dir, 's000000001'],
      [two.dir, 's000000002'],
    ]);
    await analysis.close();
    await expect(openAnalysis(nowhere)).rejects.toMatchObject({ code: 'repository.missing' });
  });

  it('that are gone or broken are passed over with a word', async () => {
    const [gone, broken] = [await makeWorld({ home }), await makeWorld({ home })];
    for (const world of [gone, broken]) {
      await world.write('s000000009', 1);
      await world.counts();
    }
    renameSync(gone.dir, `${gone.dir}.away`);
    rmSync(join(broken.dir, '.git'), { recursive: true });
    const analysis = await openAnalysis(one.ctx, { all: true });
    expect(analysis.repos.map(({ repo }) => repo)).toEqual([one.dir, two.dir]);
    expect(analysis.warnings).toEqual([
      `${gone.dir} is gone, and passed over.`,
      expect.stringMatching(new RegExp(`^${broken.dir} is passed over: `)),
    ]);
    await analysis.close();
    rmSync(`${gone.dir}.away`, { recursive: true });
  });

  it('that share a session count it once, as the one that knows most of it tells it', async () => {
    const clone = join(tempDir(), 'clone');
    await git(one.dir, 'clone', '-q', '--mirror', one.dir, clone);
    await one.write('s000000001', 2);
    const other = await worldIn(clone, home);
    await other.write('s000000003', 1);
    const analysis = await openAnalysis(other.ctx, { repos: [clone, one.dir] });
    const { rows } = await analysis.query('SELECT repo, session, count(*) FROM events GROUP BY ALL ORDER BY ALL');
    expect(rows.sort()).toEqual(
      [
        [clone, 's000000003', 2],
        [one.dir, 's000000001', 4],
      ].sort(),
    );
    expect(analysis.warnings).toEqual(['1 session is in more than one of these repositories, and counted once.']);
    await analysis.close();
  });
});

describe('without DuckDB', () => {
  it('it is said how to get it, or why it cannot be loaded', () => {
    expect(unavailable(new Error("Cannot find module '@duckdb/node-bindings-linux-x64/duckdb.node'"))).toMatchObject({
      code: 'analysis.unavailable',
      exit: 1,
      message: 'DuckDB, which answers questions about the history, is not installed.',
      hint: expect.stringContaining('npm install --global --include=optional @ampsm/cli'),
    });
    expect(unavailable(new Error("/lib/libc.so.6: version `GLIBC_2.28' not found\n  at x"))).toMatchObject({
      message: expect.stringContaining("cannot be loaded: /lib/libc.so.6: version `GLIBC_2.28' not found."),
      hint: expect.stringContaining('Linux (glibc and musl), macOS and Windows'),
    });
  });
});

describe('a log that cannot be read', () => {
  it('is told at every question, and does not hide the others', async () => {
    const world = await makeWorld();
    for (const n of [1, 2]) await world.write(`s00000000${n}`, 1);
    const tip = await git(world.dir, 'rev-parse', `refs/amp/${sessionLog('s000000002')}/${world.store.writer}`);
    const ref = join(world.repo.commonDir, 'refs/amp', sessionLog('s000000002'), world.store.writer);
    await git(world.dir, 'pack-refs', '--all');
    await git(world.dir, 'update-ref', ref.slice(world.repo.commonDir.length + 1), tip);
    writeFileSync(
      join(world.repo.commonDir, 'packed-refs'),
      readFileSync(join(world.repo.commonDir, 'packed-refs'), 'utf8').replace(tip, '1'.repeat(40)),
    );
    for (const _ of [1, 2]) {
      const fresh = await worldIn(world.dir);
      const analysis = await openAnalysis(fresh.ctx);
      expect((await analysis.query('SELECT DISTINCT session FROM events')).rows).toEqual([['s000000001']]);
      expect(analysis.warnings).toEqual([expect.stringMatching(/^sessions\/s000000002 cannot be read: /)]);
      await analysis.close();
    }
  });
});
