import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { placeAt, toQueryError } from '../../../src/analysis/sql/statement-error.ts';
import { homeDirs } from '../../../src/config/paths.ts';
import { paramsFrom, queryFrom } from '../../../src/workflows/query-text.ts';
import { sqlHistory } from '../../../src/workflows/sql-history.ts';
import { tempDir } from '../../support/repo.ts';
import { makeWorld, type World } from '../world.ts';
import { askerIn } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.write('k7x2m9qa4t', 3);
});

describe('what a query answers', () => {
  it('NULL, decimals, times, whole numbers beyond JavaScript, lists, letters of all kinds', async () => {
    const { ask } = await askerIn(world);
    const { rows, columns } = await ask(
      "select null as a, 1.5::decimal(18,6) as b, timestamptz '2026-11-23 01:00:00+01' as c, 9007199254740993 as d, ['x', 'ü'] as e, '日本\u202e' as f, false as g",
    );
    const time = '2026-11-23T00:00:00.000Z';
    expect(rows).toEqual([[null, '1.500000', time, '9007199254740993', ['x', 'ü'], '日本\u202e', false]]);
    expect(columns.map(({ type }) => type).slice(1, 5)).toEqual([
      'DECIMAL(18,6)',
      'TIMESTAMPTZ',
      'BIGINT',
      'VARCHAR[]',
    ]);
  });

  it('many rows in pieces, none of them large', async () => {
    const { asker } = await askerIn(world);
    let rows = 0;
    let largest = 0;
    for await (const piece of asker.ask({ text: 'select range from range(100000)' })) {
      rows += piece.rows.length;
      largest = Math.max(largest, piece.rows.length);
    }
    expect(rows).toBe(100_000);
    expect(largest).toBeLessThanOrEqual(2048);
  });

  it('a damaged file of the cache is made again, also when nothing else may be read', async () => {
    const other = await makeWorld();
    await other.write('k7x2m9qa4t', 3);
    const { tried } = await askerIn(other);
    for (const file of other.cache().files) truncateSync(file, 10);
    expect(await tried('select count(*) from events')).toBe('[[4]]');
  });
});

describe('parameters', () => {
  it('are values, taken as what their place asks for', async () => {
    const { tried } = await askerIn(world);
    const params = { n: '3', t: '2020-01-01', s: "x' or true --", c: '1.5' };
    expect(await tried("select 10::bigint > $n, now() > $t, 'x' = $s, 2::decimal(18,6) > $c", { params })).toBe(
      '[[true,true,false,true]]',
    );
    expect(await tried('select $n', { params: { n: '3' } })).toBe('[["3"]]');
    expect(await tried('from range(5) limit $n', { params: { n: '1' } })).toBe('[[0]]');
    expect(await tried('select $1', { params: { 1: 'a' } })).toBe('[["a"]]');
  });

  it('each has to be there, and none too many', async () => {
    const { tried } = await askerIn(world);
    expect(await tried('select $a, $b', { params: { a: '1' } })).toMatch(/^query.invalid: .*without a value: \$b\.$/);
    expect(await tried('select 1', { params: { a: '1' } })).toMatch(/^query.invalid: .*no such parameters: \$a\.$/);
    expect(await tried('select 1', { params: { a: '1' }, isSpare: true })).toBe('[[1]]');
    expect(await tried('select 10::bigint > $n', { params: { n: 'many' } })).toMatch(/^query.invalid: .*many/);
  });

  it('as they stand on the command line', () => {
    expect({ ...paramsFrom(['a=1', '$b=x=y', 'c=', '__proto__=z']) }).toEqual({
      a: '1',
      b: 'x=y',
      c: '',
      ['__proto__']: 'z',
    });
    expect(() => paramsFrom(['a'])).toThrow(/name=value/);
    expect(() => paramsFrom(['a b=1'])).toThrow(/name=value/);
    expect(() => paramsFrom(['a=1', 'a=2'])).toThrow(/twice/);
  });
});

describe('what goes wrong', () => {
  it.each([
    ["select '日本𝄞', nme from sessions", 'Line 1, column 15: '],
    ["select 'a\r\nb',\r\n  nme from sessions", 'Line 3, column 3: '],
    ['select *\nfrom sesions', 'Line 2, column 6: '],
    ['select 1 +', 'Line 1, column 11: '],
    ["select * from read_text('x')", 'Line 1, column 15: '],
  ])('%j has its place', async (sql, start) => {
    const { tried } = await askerIn(world);
    expect((await tried(sql)).replace(/^query\.\w+: /, '')).toMatch(new RegExp(`^${start}`));
  });

  it("DuckDB's advice is kept, and there is no statement in nothing", async () => {
    const { tried } = await askerIn(world);
    expect(await tried('from sesions')).toMatch(/Did you mean "sessions"\?$/);
    expect(await tried("select 'abc'::int")).toMatch(/^query.invalid: .*Could not convert string 'abc'/);
    for (const none of ['', ' ; ', '-- x']) expect(await tried(none)).toMatch(/^usage.invalid: /);
  });

  it('Ctrl-C ends a query, and the next one is answered', async () => {
    const { tried } = await askerIn(world);
    const stop = new AbortController();
    const endless = tried('select sum(a.range * b.range) from range(10000000) a, range(10000000) b', {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 50);
    expect(await endless).toBe('interrupted: The query was interrupted.');
    expect(await tried('select 1')).toBe('[[1]]');
    expect(await tried('select 1', { signal: AbortSignal.abort() })).toMatch(/^interrupted: /);
  });

  it('an answer that was interrupted never looks whole, wherever it was', async () => {
    const { asker } = await askerIn(world);
    for (const pieces of [0, 1, 2]) {
      const stop = new AbortController();
      const text = 'select range, repeat($$x$$, 100) from range(3000000)';
      let seen = 0;
      const read = async (): Promise<void> => {
        for await (const _ of asker.ask({ text, signal: stop.signal })) if (seen++ === pieces) stop.abort();
      };
      await expect(read()).rejects.toMatchObject({ code: 'interrupted' });
      expect(seen).toBe(pieces + 1);
    }
    for await (const { rows } of asker.ask({ text: 'select 1' })) expect(rows.length).toBeLessThan(2);
  });

  it('a place is one of the text, or none', () => {
    expect(placeAt('ab\ncd', 4)).toEqual({ line: 2, column: 2, text: 'cd' });
    expect(placeAt('ab', '2')).toEqual({ line: 1, column: 3, text: 'ab' });
    for (const none of [undefined, -1, 3, 18_446_744_073_709_552_000, 'x']) expect(placeAt('ab', none)).toBeUndefined();
  });

  it('what is no fault of the statement is said to be none', () => {
    const oom = toQueryError(new Error('{"exception_type":"Out of Memory","exception_message":"full"}'), 'x');
    expect([oom.code, oom.message, oom.exit]).toEqual(['query.failed', 'full.', 1]);
    expect(toQueryError(new Error('IO Error: gone'), 'x').code).toBe('query.failed');
    expect(toQueryError(new Error('Binder Error: no'), 'x').code).toBe('query.invalid');
  });
});

describe('where a query comes from', () => {
  const cwd = tempDir();
  const piped = (text: string) => Readable.from([Buffer.from(text)]);
  const keyboard = Object.assign(piped(''), { isTTY: true });

  it('the command line, a pipe, a file, and nowhere at a keyboard', async () => {
    writeFileSync(join(cwd, 'q.sql'), '\ufeffselect 1');
    expect(await queryFrom({ query: 'select 1', cwd, input: keyboard })).toBe('select 1');
    expect(await queryFrom({ cwd, input: piped('select 2') })).toBe('select 2');
    expect(await queryFrom({ query: '-', cwd, input: piped('select 3') })).toBe('select 3');
    expect(await queryFrom({ file: '-', cwd, input: piped('select 4') })).toBe('select 4');
    expect(await queryFrom({ file: 'q.sql', cwd, input: keyboard })).toBe('select 1');
    expect(await queryFrom({ cwd, input: keyboard })).toBeUndefined();
  });

  it('none is a mistake of use', async () => {
    await expect(queryFrom({ cwd, input: piped(' \n') })).rejects.toThrow('Standard input holds no query.');
    await expect(queryFrom({ cwd, input: keyboard, talks: false })).rejects.toThrow('There is no query.');
    await expect(queryFrom({ query: 'a', file: 'b', cwd })).rejects.toThrow(/exclude each other/);
    await expect(queryFrom({ file: 'none.sql', cwd })).rejects.toMatchObject({ code: 'file.missing' });
    await expect(queryFrom({ query: 'x'.repeat(1_048_577), cwd })).rejects.toThrow(/no query/);
  });

  it('what was typed is kept on one line each, without what may not be', async () => {
    const home = homeDirs({ HOME: tempDir() }, 'linux');
    const history = sqlHistory(home, async (text) => text.replace('secret', '***'));
    for (const text of ["select 'secret';", ' select 1;', 'select 2\n  from x;', 'select 3 -- a\n from x;'])
      await history.add(text);
    await sqlHistory(home, undefined).add('select 4;');
    expect(history.load()).toEqual(['select 2 from x;', "select '***';"]);
  });
});
