import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { ConnectionPool } from '../connection-pool.ts';
import type { Database } from '../duckdb.ts';
import { logIdOf, type Table } from '../tables/table.ts';
import { list, name, quote } from '../text.ts';
import type { LogEntry } from './entries.ts';
import { fromLines, fromText } from './line-rows.ts';
import { keptColumns, type Spooled } from './spool.ts';
import type { PartFile, Segment } from './state.ts';

const partFile = (folder: string, segment: string, { table, isLines }: Pick<PartFile, 'table' | 'isLines'>): string =>
  join(folder, segment, `${table}.${isLines ? 'ndjson' : 'parquet'}`);

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Whether the files are as they were written: at a glance, or byte by byte. */
export const isSound = (folder: string, { id, files }: Segment, how: 'glance' | 'bytes'): boolean =>
  files.every((file) => {
    const path = partFile(folder, id, file);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.size !== file.bytes) return false;
    return (how === 'glance' && stat.mtimeMs === file.mtimeMs) || hashOf(path) === file.sha256;
  });

/** A hash of what it is made of, and a word of its maker's: two processes never write to one folder. */
const nameOf = (entries: readonly Pick<LogEntry, 'log' | 'key'>[], clock: Clock): string => {
  const parts = entries.map(({ log, key }) => `${log} ${key}`).sort();
  return `${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20)}-${clock.newId()}`;
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

const seal = (folder: string, made: string, parts: readonly Part[]): PartFile[] =>
  parts.map((part) => {
    const path = partFile(folder, made, part);
    const { size, mtimeMs } = statSync(path);
    return { ...part, bytes: size, mtimeMs, sha256: hashOf(path) };
  });

type Made = Omit<LogEntry, 'segment'>;
type Part = Pick<PartFile, 'table' | 'isLines'>;

/** What was made in this folder, as a segment. */
const finish = (folder: string, id: string, { entries, parts }: { entries: Made[]; parts: Part[] }): Segment => {
  const events = entries.reduce((sum, entry) => sum + entry.events, 0);
  return { id, files: seal(folder, id, parts), logs: entries.length, events, dead: [], deadEvents: 0 };
};

/**
 * A segment out of spooled rows, whose folder goes.
 * @param db undefined for few rows: their lines stay as they are
 */
export const makeSegment = async (
  { folder, clock }: Omit<Workshop, 'db'>,
  { spooled, entries, db }: { spooled: Spooled[]; entries: Made[]; db: Database | undefined },
): Promise<Segment> => {
  const id = nameOf(entries, clock);
  mkdirSync(join(folder, id), { recursive: true, mode: 0o700 });
  const parts = spooled.map(({ table }): Part => ({ table: table.name, ...(!db && { isLines: true }) }));
  const paths = parts.map((part) => partFile(folder, id, part));
  if (db)
    await copyAll(
      db,
      spooled.map((one, at) => ({ query: fromLines(one), path: paths[at]! })),
    );
  else for (const [at, { path }] of spooled.entries()) renameSync(path, paths[at]!);
  return finish(folder, id, { entries, parts });
};

/** Rows of a file of lines: few of them as they are, which spares DuckDB to read a file for each question. */
const linesOf = (table: Table, path: string): string => {
  const text = readFileSync(path, 'utf8');
  return fromText(table, text) ?? fromLines({ table, path, longest: text.length });
};

/** Rows of a segment's table that still count. */
export const liveRows = (folder: string, segments: readonly Segment[], table: Table): string[] => {
  const columns = keptColumns(table)
    .map((column) => name(column.name))
    .join(', ');
  const having = segments.flatMap((segment) => {
    const file = segment.files.find((one) => one.table === table.name);
    return file ? [{ ...segment, file, path: partFile(folder, segment.id, file) }] : [];
  });
  const whole = having.filter(({ dead, file }) => dead.length === 0 && !file.isLines);
  const pick = (paths: string[]): string => `SELECT ${columns} FROM read_parquet(${list(paths)})`;
  const others = having.filter((one) => !whole.includes(one));
  return [
    ...(whole.length > 0 ? [pick(whole.map(({ path }) => path))] : []),
    ...others.map(({ file, path, dead }) => {
      const rows = file.isLines ? `SELECT ${columns} FROM (${linesOf(table, path)})` : pick([path]);
      return dead.length === 0 ? rows : `${rows} WHERE ${logIdOf(table)} NOT IN (${dead.map(quote).join(', ')})`;
    }),
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
    made.map(({ name, parts }) => ({ query: parts.join(' UNION ALL '), path: partFile(folder, id, { table: name }) })),
  );
  return finish(folder, id, { entries, parts: made.map(({ name }) => ({ table: name })) });
};
