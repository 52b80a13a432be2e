import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/analysis/duckdb.ts';
import { fromLines, fromText } from '../../src/analysis/projection/line-rows.ts';
import { rowLine } from '../../src/analysis/projection/spool.ts';
import type { ColumnType, Row, Table } from '../../src/analysis/tables/table.ts';
import { tempDir } from '../support/repo.ts';

const TYPES: ColumnType[] = [
  'VARCHAR',
  'BIGINT',
  'INTEGER',
  'DOUBLE',
  'BOOLEAN',
  'TIMESTAMPTZ',
  'DECIMAL(18,6)',
  'JSON',
  'VARCHAR[]',
];

const TABLE: Table = {
  name: 'things',
  says: 'Things.',
  columns: TYPES.map((type, at) => ({ name: `c${at}`, type, says: 'A value.' })),
  order: ['c0'],
};

const row = (...values: Row[string][]): Row => Object.fromEntries(values.map((value, at) => [`c${at}`, value]));

const AWKWARD: Row[] = [
  row("it's", 1, -1, 0.1, true, '2026-11-23T06:00:00.123Z', '0.000001', '{"a":["\'",null,1e3]}', ['a', "b'"]),
  row(
    '“Grüße”; DROP TABLE x; -- \\ \n\t$1',
    123456789012345,
    0,
    0.30000000000000004,
    false,
    null,
    '123456789012.5',
    '[]',
    [],
  ),
  row(null, null, null, null, null, null, null, null, null),
  row('', 0, 2147483647, 1.5e-9, true, '1969-12-31T23:59:59.999Z', '-0.5', '"text"', ['', '{}', 'NULL']),
  row('NULL', 7, 7, 987654321.0625, null, '9999-01-01T00:00:00.000Z', null, '0.1', null),
];

describe('rows of lines', () => {
  let db: Database;
  beforeAll(async () => {
    db = await openDatabase();
  });
  afterAll(() => db.close());

  const textOf = (rows: Row[]): string => rows.map((one) => rowLine(TABLE.columns, one)).join('');
  const ask = async (sql: string) => (await db.connection.runAndReadAll(sql)).getRowsJson();

  it('are the same out of the statement as out of the file, to the last digit', async () => {
    const text = textOf(AWKWARD);
    const path = join(tempDir(), 'things.ndjson');
    writeFileSync(path, text);
    const file = fromLines({ table: TABLE, path, longest: text.length });
    const statement = fromText(TABLE, text)!;
    expect(await ask(statement)).toEqual(await ask(file));
    const types = `SELECT column_type FROM (DESCRIBE ${statement})`;
    expect(await ask(types)).toEqual(await ask(`SELECT column_type FROM (DESCRIBE ${file})`));
    expect(await ask(`SELECT "c3"::VARCHAR FROM (${statement})`)).toContainEqual(['0.30000000000000004']);
  });

  it('stay in the file where a statement could not hold them', () => {
    expect(fromText(TABLE, textOf([row('a\0b')]))).toBeUndefined();
    expect(fromText(TABLE, textOf([row('a', 2n ** 62n)]))).toBeUndefined();
    expect(fromText(TABLE, textOf([row('a', -(2n ** 62n))]))).toBeUndefined();
    expect(fromText(TABLE, textOf([row('x'.repeat(70_000))]))).toBeUndefined();
    expect(fromText(TABLE, '')).toBeUndefined();
  });
});
