import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changedLogs, isSame, type Seen } from '../../src/analysis/projection/look.ts';
import { rowLine, Spool } from '../../src/analysis/projection/spool.ts';
import {
  readEntries,
  readPrices,
  readState,
  writePrices,
  writeState,
  writeWhole,
} from '../../src/analysis/projection/state.ts';
import { bury } from '../../src/analysis/projection/tidy-segments.ts';
import type { Column, ColumnType, Table } from '../../src/analysis/tables/table.ts';
import { list, name, quote } from '../../src/analysis/text.ts';
import { viewOf } from '../../src/analysis/views.ts';
import { knownRepositories, rememberRepository, usedRepositories } from '../../src/config/known-repositories.ts';
import { homeDirs } from '../../src/config/paths.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { tempDir } from '../support/repo.ts';
import { slowClock } from './world.ts';

const column = (word: string, type: ColumnType): Column => ({ name: word, type, says: word });
const COLUMNS = [column('a', 'VARCHAR'), column('b', 'JSON'), column('c', 'BIGINT'), column('d', 'VARCHAR[]')];
const TABLE: Table = { name: 'things', says: 'x', columns: [column('repo', 'VARCHAR'), ...COLUMNS], order: ['a'] };

describe('a row as a line', () => {
  it.each([
    [
      { a: 'x', b: '{"k":1}', c: 5, d: ['p', 'q'] },
      { 0: 'x', 1: '{"k":1}', 2: 5, 3: ['p', 'q'] },
    ],
    [{ a: null, b: null, c: null, d: null }, {}],
    [
      { a: '', b: null, c: 0, d: [] },
      { 0: '', 2: 0, 3: [] },
    ],
    [
      { a: 'half \ud800', b: '{"k":"\\udc00 \\\\ud800"}', c: 1, d: ['\udfff'] },
      { 0: 'half \ufffd', 1: '{"k":"\ufffd \\\\ud800"}', 2: 1, 3: ['\ufffd'] },
    ],
  ])('%j has its columns by number, and nothing that is NULL', (row, wanted) => {
    const line = rowLine(COLUMNS, row);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual(wanted);
  });

  it('has numbers of any size', () => expect(rowLine(COLUMNS, { c: 2n ** 62n })).toBe('{"2":4611686018427387904}\n'));
});

describe('a spool', () => {
  it('has a file for each table with rows, and knows its longest line', () => {
    const folder = join(tempDir(), 'rows');
    const spool = new Spool(folder, [TABLE, { ...TABLE, name: 'empty' }]);
    spool.add({ things: [{ a: 'x' }], other: [{ a: 'y' }], empty: [] });
    spool.add({ things: [{ a: 'x'.repeat(100) }] });
    const [part, ...rest] = spool.end();
    expect(rest).toEqual([]);
    expect(readFileSync(part!.path, 'utf8').split('\n')).toEqual(['{"0":"x"}', `{"0":"${'x'.repeat(100)}"}`, '']);
    expect(part!.longest).toBeGreaterThanOrEqual(110);
    expect(() => spool.close()).not.toThrow();
  });
});

describe('the state of a cache', () => {
  const segment = (id: string) => ({ id, files: [], logs: 1, events: 4, dead: [], deadEvents: 0 });
  const entry = (session: string, place: string) => ({ log: sessionLog(session), key: 'k', segment: place, events: 4 });

  it('is read as it was written, with the entries that belong to it', () => {
    const folder = tempDir();
    const entries = [entry('s1', 'one'), { ...entry('s2', 'two'), warnings: ['torn'] }];
    const seen = { packed: 'p', loose: [], pending: [] };
    const given = { seen, segments: [segment('one'), segment('two')], warnings: ['torn'], retired: [] };
    const state = writeWhole(folder, { state: given, entries, clock: slowClock() });
    expect(readState(folder)).toEqual(state);
    expect([state.logs, state.events]).toEqual([2, 8]);
    expect(readEntries(folder, state)!.all()).toEqual(entries);
    const next = { ...state, changed: [entry('s1', 'three')] };
    writeState(folder, next, slowClock());
    expect(readState(folder)).toEqual(next);
    expect(readEntries(folder, next)!.all()).toEqual([entries[1], ...next.changed]);
    writeFileSync(join(folder, state.logsFile), 'damaged');
    expect(readEntries(folder, state)).toBeUndefined();
    mkdirSync(join(folder, 'empty'));
    expect(readState(join(folder, 'empty'))).toBeUndefined();
  });

  it('knows which rows count no more', () => {
    const segments = [segment('one'), segment('two')];
    bury(segments, [entry('s1', 'one'), entry('s9', 'nowhere')]);
    expect(segments).toEqual([{ ...segment('one'), dead: ['s1'], deadEvents: 4 }, segment('two')]);
    const files = [{ table: 'things', bytes: 1, mtimeMs: 1, sha256: '' }];
    const source = { folder: '/it’s', elsewhere: ["o'x"], segments: segments.map((one) => ({ ...one, files })) };
    const sql = viewOf(TABLE, [{ ...source, repo: "/a'b" }]);
    expect(sql).toContain("'/a''b'::VARCHAR AS repo");
    expect(sql).toContain("read_parquet(['/it’s/one/things.parquet']) WHERE session NOT IN ('s1')");
    expect(sql.match(/WHERE session NOT IN \('o''x'\)/g)).toHaveLength(2);
  });
});

describe('a glance', () => {
  const ref = (session: string, writer = 'w1') => `refs/amp/${sessionLog(session)}/${writer}`;
  const seen = (over: Partial<Seen> = {}): Seen => ({
    packed: 'p',
    loose: [[ref('s1'), 'a']],
    pending: [[sessionLog('s2'), 'w1+5.10']],
    ...over,
  });

  it('is the same only where all is, and where anything can be seen', () => {
    expect(isSame(seen(), JSON.parse(JSON.stringify(seen())) as Seen)).toBe(true);
    for (const other of [{ packed: 'q' }, { loose: [] }, { pending: [] }])
      expect(isSame(seen(), seen(other))).toBe(false);
    expect([isSame(undefined, undefined), isSame(seen(), undefined)]).toEqual([false, false]);
  });

  it('tells which logs may end elsewhere', () => {
    const changed = (over: Partial<Seen>) => [...(changedLogs(seen(), seen(over)) ?? ['any'])].sort();
    expect(changed({})).toEqual([]);
    expect(changed({ loose: [[ref('s1'), 'b']] })).toEqual(['sessions/s1']);
    expect(changed({ loose: [] })).toEqual(['sessions/s1']);
    expect(changed({ loose: [...seen().loose, [ref('s3', 'w2'), 'c']] })).toEqual(['sessions/s3']);
    expect(changed({ pending: [[sessionLog('s2'), 'w1+5.20']] })).toEqual(['sessions/s2']);
    expect(changed({ loose: [], pending: [] })).toEqual(['sessions/s1', 'sessions/s2']);
    expect(
      changed({
        pending: [
          [sessionLog('s2'), 'w1+5.10'],
          [sessionLog('s9'), 'w1+6.1'],
        ],
      }),
    ).toEqual(['sessions/s9']);
  });

  it('does not tell where refs were packed, or an archive says something new', () => {
    expect(changedLogs(seen(), seen({ packed: 'q' }))).toBeUndefined();
    expect(
      changedLogs(seen(), seen({ loose: [...seen().loose, ['refs/amp/archive/w1/2026-10', 'd']] })),
    ).toBeUndefined();
    expect([changedLogs(undefined, seen()), changedLogs(seen(), undefined)]).toEqual([undefined, undefined]);
  });
});

describe('prices that were looked up', () => {
  it('are kept, and nothing where they are damaged', () => {
    const folder = tempDir();
    expect(readPrices(folder)).toEqual({});
    const step = { above: -1, input_mtok: 1, output_mtok: 2, cache_read_mtok: 0.1, cache_write_mtok: 1.25 };
    const known = { one: [step, { ...step, above: 200_000, input_mtok: 2 }], 'un“heard”': null };
    writePrices(folder, known, slowClock());
    expect(readPrices(folder)).toEqual(known);
    writeFileSync(join(folder, 'prices.json'), '{"one":null}');
    expect(readPrices(folder)).toEqual({});
  });
});

describe('words in SQL', () => {
  it('stand as they are', () => {
    expect([quote("it's"), name('a"b'), list(["x'", 'y'])]).toEqual(["'it''s'", '"a""b"', "['x''', 'y']"]);
  });
});

describe('repositories that were used', () => {
  it('are told apart from those that are still there', () => {
    const home = homeDirs({ HOME: tempDir() });
    const there = tempDir();
    for (const root of [there, '/nowhere/at/all']) rememberRepository(home, root);
    expect(usedRepositories(home)).toEqual([
      { root: there, isThere: true },
      { root: '/nowhere/at/all', isThere: false },
    ]);
    expect(knownRepositories(home)).toEqual([there]);
  });
});
