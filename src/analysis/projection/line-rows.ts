import type { Column, Table } from '../tables/table.ts';
import { list, name, quote } from '../text.ts';
import { keptColumns, type Spooled } from './spool.ts';

/** DuckDB reads a line of JSON into a buffer of twice this size, one for each thread. */
const LINE_BYTES = 16 * 2 ** 20;

const picked = (columns: readonly Column[]): string =>
  columns.map((column, at) => `"${at}"::${column.type} AS ${name(column.name)}`).join(', ');

/** The statement that reads a table's rows out of a file of lines. */
export const fromLines = ({ table, path, longest }: Spooled): string => {
  const columns = keptColumns(table);
  const raw = ({ type }: Column): string => (type === 'JSON' ? 'VARCHAR' : type);
  const shape = columns.map((column, at) => `'${at}': ${quote(raw(column))}`).join(', ');
  const options = `columns = {${shape}}, maximum_object_size = ${Math.max(LINE_BYTES, longest)}`;
  return `SELECT ${picked(columns)} FROM read_ndjson(${quote(path)}, format = 'newline_delimited', ${options})`;
};

/** A statement may be so long: each question reads it anew. */
const MOST_TEXT = 64 * 2 ** 10;

type Told = string | number | boolean | string[] | undefined;

/** As text, which becomes what the column is: numbers of SQL are decimals before they are doubles, and not the same. */
const literal = (value: Told): string => {
  if (value === undefined) return 'NULL';
  return Array.isArray(value) ? `${list(value)}::VARCHAR[]` : quote(String(value));
};

/**
 * The same rows as they are, in the statement itself.
 * @returns undefined where they are long, or hold what no statement can
 */
export const fromText = (table: Table, text: string): string | undefined => {
  // A number as it is written: a large one is none of JavaScript's.
  if (text.length > MOST_TEXT || text.includes('\\u0000') || /:-?\d{16}/.test(text)) return undefined;
  const columns = keptColumns(table);
  const rows = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, Told>]));
  if (rows.length === 0) return undefined;
  const values = rows.map((row) => `(${columns.map((_, at) => literal(row[at])).join(', ')})`);
  const names = columns.map((_, at) => `"${at}"`).join(', ');
  return `SELECT ${picked(columns)} FROM (VALUES ${values.join(', ')}) AS few(${names})`;
};
