import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../../support/repo.ts';
import { makeWorld, type World } from '../world.ts';
import { askerIn } from './support.ts';

let world: World;
let outside = '';
let parquet = '';
beforeAll(async () => {
  world = await makeWorld();
  await world.write('k7x2m9qa4t', 3);
  await world.counts();
  parquet = world.cache().files.find((file) => file.endsWith('events.parquet'))!;
  outside = join(tempDir('amp-outside-'), 'secret.csv');
  writeFileSync(outside, 'secret\nhunter2\n');
});

/** Statements that are none of our tables', each with the word by which it is turned down. */
const HOSTILE: [sql: string, code: string][] = [
  ["insert into sessions values ('x')", 'query.refused'],
  ['delete from sessions', 'query.refused'],
  ["update sessions set name = 'x'", 'query.refused'],
  ['drop view sessions', 'query.refused'],
  ['create table mine as select 1', 'query.refused'],
  ['create or replace view sessions as select 1', 'query.refused'],
  ['alter table sessions rename to others', 'query.refused'],
  ['truncate sessions', 'query.refused'],
  ["copy sessions to 'OUT'", 'query.refused'],
  ["copy (select 1) to 'OUT' (format parquet)", 'query.refused'],
  ["/* select */ copy (select 1) to 'OUT'", 'query.refused'],
  ["-- select 1\ncopy (select 1) to 'OUT'", 'query.refused'],
  ["attach 'OUT' as other", 'query.refused'],
  ['detach memory', 'query.refused'],
  ['install httpfs', 'query.refused'],
  ['load httpfs', 'query.refused'],
  ['set enable_external_access = true', 'query.refused'],
  ['reset lock_configuration', 'query.refused'],
  ['set variable x = 1', 'query.refused'],
  ['pragma version', 'query.refused'],
  ["pragma import_database('OUT')", 'query.refused'],
  ["pragma json_execute_serialized_sql('{}')", 'query.refused'],
  ['call pragma_version()', 'query.refused'],
  ["call enable_logging(storage := 'file', storage_path := 'OUT')", 'query.refused'],
  ["export database 'OUT'", 'query.refused'],
  ["import database 'OUT'", 'query.refused'],
  ['begin', 'query.refused'],
  ['checkpoint', 'query.refused'],
  ['vacuum', 'query.refused'],
  ['use memory', 'query.refused'],
  ['prepare x as select 1', 'query.refused'],
  ['execute x', 'query.refused'],
  ["explain copy (select 1) to 'OUT'", 'query.refused'],
  ["explain analyze copy (select 1) to 'OUT'", 'query.refused'],
  ["EXPLAIN ANALYZE/**/insert into sessions values ('x')", 'query.refused'],
  ['explain (format json, analyze) drop view sessions', 'query.refused'],
  ['explain explain select 1', 'query.refused'],
  ['explain select 1; select 2', 'query.refused'],
  ["select 1; explain analyze copy (select 1) to 'OUT'", 'query.refused'],
  ["explain analyze select * from 'SECRET'", 'query.refused'],
  ["explain select * from read_csv('SECRET')", 'query.refused'],
  ["comment on view sessions is 'x'", 'query.refused'],
  ['create secret s (type s3)', 'query.refused'],
  ['select 1; select 2', 'query.refused'],
  ["select 1; copy (select 1) to 'OUT'", 'query.refused'],
  ["select 1 /* ; */ ; -- \n copy (select 1) to 'OUT'", 'query.refused'],
  ["select 1\0; copy (select 1) to 'OUT'", 'query.refused'],
  ['with a as (insert into sessions values (1) returning *) select * from a', 'query.invalid'],
  ["with a as (copy sessions to 'OUT') select * from a", 'query.invalid'],
  ['select (delete from sessions)', 'query.invalid'],
  ["select * from read_text('/etc/passwd')", 'query.refused'],
  ["select * from READ_TEXT('/etc/passwd')", 'query.refused'],
  ["select * from main.read_text('/etc/passwd')", 'query.refused'],
  ["select * from system.main.read_blob('SECRET')", 'query.refused'],
  ["select (select content from read_text('SECRET'))", 'query.refused'],
  ["with a as (from read_csv('SECRET')) from a", 'query.refused'],
  ["select * from sessions, lateral (from read_csv('SECRET'))", 'query.refused'],
  ["describe select * from read_csv('SECRET')", 'query.refused'],
  ["summarize 'SECRET'", 'query.refused'],
  ["select * from 'SECRET'", 'query.refused'],
  ['select * from "SECRET"', 'query.refused'],
  ['select * from "OUTSIDE/secret".csv', 'query.refused'],
  ['with "SECRET" as (select 1) select * from "SECRET"', 'query.refused'],
  ["select * from 'PARQUET'", 'query.refused'],
  ["select * from read_parquet('PARQUET')", 'query.refused'],
  ["select * from parquet_metadata('PARQUET')", 'query.refused'],
  ["select * from glob('/*')", 'query.refused'],
  ["select * from glob('CACHE/**')", 'query.refused'],
  ["select * from sniff_csv('SECRET')", 'query.refused'],
  ["select * from 'https://example.com/a.parquet'", 'query.refused'],
  ["select * from read_json('https://example.com/a.json')", 'query.refused'],
  ["select * from query('select 1')", 'query.refused'],
  ["select * from query_table('SECRET')", 'query.refused'],
  ["select * from histogram('SECRET', 'secret')", 'query.refused'],
  ["select * from json_execute_serialized_sql(json_serialize_sql('select 1'))", 'query.refused'],
  ["select json_serialize_plan('from read_csv(''SECRET'')')", 'query.refused'],
  ["select write_log('x', level := 'ERROR')", 'query.refused'],
  ['select * from pragma_version()', 'query.refused'],
  ['select * from duckdb_secrets()', 'query.refused'],
  ['select * from duckdb_settings()', 'query.refused'],
  ["select * from enable_logging(storage := 'file', storage_path := 'OUT')", 'query.refused'],
  ['select * from force_checkpoint()', 'query.refused'],
  ["pivot (from read_csv('SECRET')) on secret in ('hunter2')", 'query.refused'],
  ['pivot sessions on status using count(*)', 'query.refused'],
  ["select getenv('HOME')", 'query.refused'],
];

describe('what a query may be', () => {
  it('nothing that writes, starts, sets or reads files, however it is put', async () => {
    const { tried } = await askerIn(world);
    const out = join(tempDir('amp-out-'), 'out');
    const before = readdirSync(world.cache().folder).sort();
    const fill = (sql: string): string =>
      sql
        .replaceAll('SECRET', outside)
        .replaceAll('OUTSIDE', join(outside, '..'))
        .replaceAll('PARQUET', parquet)
        .replaceAll('CACHE', world.cache().folder)
        .replaceAll('OUT', out);
    const wrong: string[] = [];
    for (const [sql, code] of HOSTILE) {
      const said = await tried(fill(sql));
      if (!said.startsWith(`${code}: `) || said.includes('hunter2')) wrong.push(`${sql} → ${said}`);
    }
    expect(wrong).toEqual([]);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(world.cache().folder).sort()).toEqual(before);
    expect(await tried('select count(*) from events')).toBe('[[4]]');
  });

  it.each([
    ['select 1', '[[1]]'],
    ['  -- why\n select 1 ; ', '[[1]]'],
    ['with a as (select 2 as x) select x from a', '[[2]]'],
    ['values (1), (2)', '[[1],[2]]'],
    ['from range(2)', '[[0],[1]]'],
    ['select count(*) from main.events', '[[4]]'],
    ['select count(*) from memory.main.events', '[[4]]'],
    ['table sessions limit 0', '[]'],
    ['select unnest([3, 4])', '[[3],[4]]'],
    ["select value from json_each('[5]')", '[["5"]]'],
    ['select count(*) > 9 from information_schema.tables', '[[true]]'],
    ["pivot (select 'a' as k, 1 as v) on k in ('a') using sum(v)", '[[1]]'],
    ['select list_transform([1], lambda x: x + 1)', '[["[2]"]]'],
    ["select 'insert into x; drop table y -- '", '[["insert into x; drop table y -- "]]'],
    ['with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select max(i) from n', '[[3]]'],
  ])('%s', async (sql, rows) => {
    const { tried } = await askerIn(world);
    expect(await tried(sql)).toBe(rows);
  });

  it('DESCRIBE, SUMMARIZE and SHOW TABLES tell of the tables', async () => {
    const { ask } = await askerIn(world);
    expect((await ask('describe sessions')).rows[0]?.slice(0, 2)).toEqual(['repo', 'VARCHAR']);
    expect((await ask('show tables')).rows.map(([name]) => name)).toContain('tool_calls');
    expect((await ask('summarize (select 1 as x)')).rows[0]?.[0]).toBe('x');
  });

  it.each([
    'explain select * from sessions where name = $name',
    '-- how\n/* ü */ EXPLAIN\n select count(*) from events where session = $name',
    'explain analyze select count(*) from events where session = $name',
    'EXPLAIN (ANALYZE, FORMAT json) select * from events where session = $name',
    'explain(format text) with a as (select $name as x) from a',
    'explain(select $name)',
  ])('a plan: %s', async (sql) => {
    const { ask } = await askerIn(world);
    const { columns, rows } = await ask(sql, { params: { name: 'x' } });
    expect(columns.map(({ name }) => name)).toEqual(['explain_key', 'explain_value']);
    expect(rows).toHaveLength(1);
    expect(String(rows[0]![1]).length).toBeGreaterThan(50);
  });

  it('a plan of a wrong statement says where it is wrong, in the text as it was given', async () => {
    const { tried } = await askerIn(world);
    expect(await tried('explain select * from nope')).toMatch(/^query.invalid: Line 1, column 23: .*nope/);
    expect(await tried('/* ü𝄞 */ explain\nselect 1 +')).toMatch(/^query.invalid: /);
    expect(await tried('/* ü𝄞 */ explain select 1 frm x y')).toMatch(/^query.invalid: Line 1, column 31: /);
    for (const sql of ['explain', 'explain ', 'explainselect 1', 'explain (nonsense) select 1', 'explain (1)'])
      expect(await tried(sql)).toMatch(/^(query\.(invalid|refused)|usage\.invalid): /);
  });

  it('files are read with --allow-files, and still nothing is written', async () => {
    const { tried } = await askerIn(world, { allowFiles: true });
    expect(await tried(`select * from '${outside}'`)).toBe('[["hunter2"]]');
    expect(await tried(`select secret from read_csv('${outside}')`)).toBe('[["hunter2"]]');
    expect(await tried(`copy (select 1) to '${outside}.new'`)).toMatch(/^query.refused: Only SELECT/);
    expect(await tried("select * from query('select 1')")).toMatch(/^query.refused: /);
    expect(await tried("select * from 'http://127.0.0.1:9/a.csv'")).toMatch(/^query\.(failed|invalid): .*httpfs/);
    expect(existsSync(`${outside}.new`)).toBe(false);
  });

  it('DuckDB itself is locked too: not even our own statements reach a file any more', async () => {
    const { analysis } = await askerIn(world);
    await expect(analysis.run(`copy (select 1) to '${outside}.new'`)).rejects.toThrow(/disabled by configuration/);
    await expect(analysis.query(`select * from read_text('${outside}')`)).rejects.toThrow(/disabled by configuration/);
    await expect(analysis.run('set enable_external_access = true')).rejects.toThrow(/cannot be changed|locked/i);
  });
});
