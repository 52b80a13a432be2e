import { AppError } from '../errors.ts';
import { csvWriter } from './csv.ts';
import { modest } from './duckdb.ts';
import { writeParquet } from './export-parquet.ts';
import type { Analysis, ResultColumn } from './open.ts';
import { ALL_TABLES } from './tables/all.ts';
import type { Table, Value } from './tables/table.ts';
import { list, name, quote } from './text.ts';

export const TABLE_FORMATS = ['ndjson', 'csv', 'parquet', 'json'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export interface TableWish {
  table: string;
  format: TableFormat;
  /** Ids; undefined: all. */
  sessions?: readonly string[];
  /** Ids of those that must stay here. */
  without: readonly string[];
  /** Of tables about batches only this one, whatever sessions are named. */
  batch?: string;
  since?: string;
  until?: string;
  /** Formulas in CSV stay formulas. */
  raw: boolean;
}

/** What the rows are written to. */
export interface Sink {
  write(bytes: string): Promise<void>;
  /** A file that DuckDB may write as a whole. */
  whole(): string;
  /** @throws what ends the export, where it was ended */
  check(): void;
}

/** @throws AppError usage.invalid */
export const tableNamed = (given: string): Table => {
  const found = ALL_TABLES.find((table) => table.name === given);
  if (found) return found;
  throw new AppError('usage.invalid', `There is no table “${given}”.`, {
    hint: `There are ${ALL_TABLES.map((table) => table.name).join(', ')}.`,
  });
};

/** When a row was: the first time that it has. A session was from its first event to its last. */
const inTime = (table: Table, { since, until }: TableWish): string[] => {
  const times = table.columns.filter(({ type }) => type === 'TIMESTAMPTZ').map((column) => name(column.name));
  const isSession = table.name === 'sessions';
  const [first, last] = isSession ? ['created_at', 'last_activity_at'] : Array(2).fill(`coalesce(${times.join(', ')})`);
  return [
    ...(since === undefined ? [] : [`${last} >= ${quote(since)}::TIMESTAMPTZ`]),
    ...(until === undefined ? [] : [`${first} <= ${quote(until)}::TIMESTAMPTZ`]),
  ];
};

/** Conditions for the rows of a table that are wished for. */
const wished = (table: Table, wish: TableWish): string[] => {
  const has = (column: string): boolean => table.columns.some((one) => one.name === column);
  const isBatch = wish.batch !== undefined && has('batch') && table.name !== 'sessions';
  return [
    ...(isBatch ? [`batch = ${quote(wish.batch!)}`] : []),
    ...(wish.sessions === undefined || isBatch || !has('session')
      ? []
      : [`list_contains(${list(wish.sessions)}::VARCHAR[], session)`]),
    ...(wish.without.length === 0 || !has('session')
      ? []
      : [`NOT list_contains(${list(wish.without)}::VARCHAR[], coalesce(session, ''))`]),
    ...inTime(table, wish),
  ];
};

const onlyWhere = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;

/** The rows of a table in their order, which is the same on every machine; of one stretch of it alone. */
export const selectOf = (table: Table, wish: TableWish, stretch: readonly string[] = []): string => {
  const columns = table.columns.map((column) => name(column.name)).join(', ');
  const where = onlyWhere([...wished(table, wish), ...stretch]);
  return `SELECT ${columns} FROM ${name(table.name)}${where} ORDER BY ${table.order.map(name).join(', ')}`;
};

/** So many rows are put in order at a time, unless one log has more. */
const ROWS_AT_ONCE = 50_000;

/**
 * A table's rows in stretches that follow each other, each of some whole logs: as their conditions. What has no log is
 * not told apart from the rest.
 */
const stretchesOf = async (analysis: Analysis, wish: TableWish, most: number): Promise<string[][]> => {
  const table = tableNamed(wish.table);
  const [repo, log] = table.order.slice(0, 2).map(name) as [string, string];
  const { rows } = await analysis.query(
    `SELECT ${repo}, ${log}, count(*) FROM ${name(table.name)}${onlyWhere(wished(table, wish))} GROUP BY ALL ORDER BY ALL`,
  );
  const all = rows as [repo: string, log: string | null, count: number][];
  if (all.some(([, id]) => id === null)) return [[]];
  const stretches: { repo: string; from: string; to: string; count: number }[] = [];
  for (const [at, id, count] of all) {
    const last = stretches.at(-1);
    if (last?.repo === at && last.count + count <= most) Object.assign(last, { to: id, count: last.count + count });
    else stretches.push({ repo: at, from: id!, to: id!, count });
  }
  if (stretches.length < 2) return [[]];
  return stretches.map((one) => [
    `${repo} = ${quote(one.repo)}`,
    `${log} BETWEEN ${quote(one.from)} AND ${quote(one.to)}`,
  ]);
};

/** A value as JSON: what is JSON already, and money, which is a number of exactly so many places, stay as they are. */
const jsonOf = (value: Value, { type }: ResultColumn): string =>
  value !== null && (type === 'JSON' || type.startsWith('DECIMAL')) ? String(value) : JSON.stringify(value);

const objectOf = (columns: ResultColumn[], values: readonly Value[]): string =>
  `{${columns.map((column, at) => `${JSON.stringify(column.name)}:${jsonOf(values[at]!, column)}`).join(',')}}`;

interface Frame {
  head(columns: ResultColumn[]): string;
  row(columns: ResultColumn[], values: readonly Value[], at: number): string;
  foot: string;
}

const frameOf = (format: Exclude<TableFormat, 'parquet'>, raw: boolean): Frame => {
  if (format === 'csv') {
    let csv: ReturnType<typeof csvWriter> | undefined;
    const of = (columns: ResultColumn[]) => {
      csv ??= csvWriter(columns, { raw });
      return csv;
    };
    return { head: (columns) => of(columns).head(), row: (columns, values) => of(columns).row(values), foot: '' };
  }
  if (format === 'ndjson')
    return { head: () => '', row: (columns, values) => `${objectOf(columns, values)}\n`, foot: '' };
  return {
    head: () => '[',
    row: (columns, values, at) => `${at === 0 ? '\n' : ',\n'}${objectOf(columns, values)}`,
    foot: '\n]\n',
  };
};

/**
 * Writes the rows of a table, in constant memory: some whole logs after the others, for to put all rows in order takes
 * room for all of them.
 * @returns how many @throws AppError usage.invalid, store.full
 */
export const exportTable = async (
  analysis: Analysis,
  wish: TableWish,
  out: Sink,
  most = ROWS_AT_ONCE,
): Promise<number> => {
  const table = tableNamed(wish.table);
  for (const statement of modest()) await analysis.run(statement);
  const selects = (await stretchesOf(analysis, wish, most)).map((stretch) => selectOf(table, wish, stretch));
  if (wish.format === 'parquet')
    return writeParquet(analysis, selects, { file: out.whole(), check: () => out.check() });
  const frame = frameOf(wish.format, wish.raw);
  let count = 0;
  let isBegun = false;
  for (const select of selects)
    for await (const { columns, rows } of analysis.stream(select)) {
      if (!isBegun) await out.write(frame.head(columns));
      isBegun = true;
      let text = '';
      for (const values of rows) text += frame.row(columns, values, count++);
      await out.write(text);
    }
  await out.write(frame.foot);
  return count;
};
