import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { ConnectionPool } from '../connection-pool.ts';
import type { Database } from '../duckdb.ts';
import { type Column, logIdOf, type Table } from '../tables/table.ts';
import { list, name, quote } from '../text.ts';
import { keptColumns, type Spooled } from './spool.ts';
import type { LogEntry, PartFile, Segment } from './state.ts';

export const partFile = (folder: string, segment: string, table: string): string =>
  join(folder, segment, `${table}.parquet`);

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Whether the files are as they were written: at a glance, or byte by byte. */
export const isSound = (folder: string, { id, files }: Segment, how: 'glance' | 'bytes'): boolean =>
  files.every((file) => {
    const path = partFile(folder, id, file.table);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.size !== file.bytes) return false;
    return (how === 'glance' && stat.mtimeMs === file.mtimeMs) || hashOf(path) === file.sha256;
  });

/** A hash of what it is made of, and a word of its maker's: two processes never write to one folder. */
const nameOf = (entries: readonly Pick<LogEntry, 'log' | 'key'>[], clock: Clock): string => {
  const parts = entries.map(({ log, key }) => `${log} ${key}`).sort();
  return `${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20)}-${clock.newId()}`;
};

/** DuckDB reads a line of JSON into a buffer of twice this size, one for each thread. */
const LINE_BYTES = 16 * 2 ** 20;

const fromLines = ({ table, path, longest }: Spooled): string => {
  const columns = keptColumns(table);
  const raw = ({ type }: Column): string => (type === 'JSON' ? 'VARCHAR' : type);
  const shape = columns.map((column, at) => `'${at}': ${quote(raw(column))}`).join(', ');
  const picked = columns.map((column, at) => `"${at}"::${column.type} AS ${name(column.name)}`).join(', ');
  const options = `columns = {${shape}}, maximum_object_size = ${Math.max(LINE_BYTES, longest)}`;
  return `SELECT ${picked} FROM read_ndjson(${quote(path)}, format = 'newline_delimited', ${options})`;
};

const copyError = (error: unknown, folder: string): unknown =>
  /no space left|disk quota/i.test(String((error as Error).message))
    ? new AppError('store.full', `${folder} is on a full disk.`, {
        hint: 'Free some space and run the command again; nothing was half-done.',
        cause: error,
      })
    : error;

/** Writes tables beside each other, and ends with all of them, also where one cannot be written. */
const copyAll = async ({ instance }: Database, parts: { query: string; path: string }[]): Promise<void> => {
  const pool = new ConnectionPool(instance);
  const write = ({ query, path }: { query: string; path: string }) =>
    pool.with((connection) =>
      connection.run(`COPY (${query}) TO ${quote(path)} (FORMAT parquet, COMPRESSION zstd)`).catch((error: unknown) => {
        throw copyError(error, path);
      }),
    );
  const ends = await Promise.allSettled(parts.map(write));
  pool.close();
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
};

/** Where segments are made, and of what. */
export interface Workshop {
  db: Database;
  folder: string;
  tables: readonly Table[];
  clock: Clock;
}

const seal = (folder: string, made: string, tables: readonly string[]): PartFile[] =>
  tables.map((table) => {
    const path = partFile(folder, made, table);
    const { size, mtimeMs } = statSync(path);
    return { table, bytes: size, mtimeMs, sha256: hashOf(path) };
  });

type Made = Omit<LogEntry, 'segment'>;

/** What was made in this folder, as a segment. */
const finish = (folder: string, id: string, { entries, tables }: { entries: Made[]; tables: string[] }): Segment => {
  const events = entries.reduce((sum, entry) => sum + entry.events, 0);
  return { id, files: seal(folder, id, tables), logs: entries.length, events, dead: [], deadEvents: 0 };
};

/** A segment out of spooled rows, whose folder goes. */
export const makeSegment = async (
  { db, folder, clock }: Workshop,
  { spooled, entries }: { spooled: Spooled[]; entries: Made[] },
): Promise<Segment> => {
  const id = nameOf(entries, clock);
  mkdirSync(join(folder, id), { recursive: true, mode: 0o700 });
  await copyAll(
    db,
    spooled.map((part) => ({ query: fromLines(part), path: partFile(folder, id, part.table.name) })),
  );
  return finish(folder, id, { entries, tables: spooled.map(({ table }) => table.name) });
};

/** Rows of a segment's table that still count. */
export const liveRows = (folder: string, segments: readonly Segment[], table: Table): string[] => {
  const columns = keptColumns(table)
    .map((column) => name(column.name))
    .join(', ');
  const having = segments.filter(({ files }) => files.some((file) => file.table === table.name));
  const whole = having.filter(({ dead }) => dead.length === 0);
  const pick = (some: readonly Segment[]): string =>
    `SELECT ${columns} FROM read_parquet(${list(some.map(({ id }) => partFile(folder, id, table.name)))})`;
  return [
    ...(whole.length > 0 ? [pick(whole)] : []),
    ...having
      .filter(({ dead }) => dead.length > 0)
      .map((one) => `${pick([one])} WHERE ${logIdOf(table)} NOT IN (${one.dead.map(quote).join(', ')})`),
  ];
};

/** One segment in place of several, with the rows that still count; the logs need not be read again. */
export const mergeSegments = async (
  { db, folder, tables, clock }: Workshop,
  { segments, entries }: { segments: Segment[]; entries: Made[] },
): Promise<Segment> => {
  const id = nameOf(entries, clock);
  mkdirSync(join(folder, id), { recursive: true, mode: 0o700 });
  const made = tables
    .map(({ name }, at) => ({ name, parts: liveRows(folder, segments, tables[at]!) }))
    .filter(({ parts }) => parts.length > 0);
  await copyAll(
    db,
    made.map(({ name, parts }) => ({ query: parts.join(' UNION ALL '), path: partFile(folder, id, name) })),
  );
  return finish(folder, id, { entries, tables: made.map(({ name }) => name) });
};
