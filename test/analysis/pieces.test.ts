import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowLine, Spool } from '../../src/analysis/projection/spool.ts';
import { readEntries, readState, writeState } from '../../src/analysis/projection/state.ts';
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
    const given = { look: 'x', segments: [segment('one'), segment('two')], warnings: ['torn'], retired: [] };
    const state = writeState(folder, { state: given, entries, clock: slowClock() });
    expect(readState(folder)).toEqual(state);
    expect([state.logs, state.events]).toEqual([2, 8]);
    expect(readEntries(folder, state)).toEqual(entries);
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
