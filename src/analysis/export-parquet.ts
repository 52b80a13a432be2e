import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Analysis } from './open.ts';
import { list, quote } from './text.ts';

/** DuckDB says in words what the system said in a number. */
const isFull = (error: unknown): boolean =>
  /no space left|could not write|disk quota/i.test(String((error as Error).message));

const full = (path: string, cause: unknown): AppError =>
  new AppError('store.full', `${path} could not be written: the disk is full.`, {
    hint: 'Free some space and run the command again; nothing was half-done.',
    cause,
  });

/**
 * Rows that follow each other, a query for each stretch of them, as one file. A part for each is written beside it
 * first: DuckDB has no other way to put many rows in order that takes no room for all of them, and reads parts one
 * after the other.
 * @param check throws when nobody wants the file any more
 * @returns how many rows @throws AppError store.full
 */
export const writeParquet = async (
  analysis: Analysis,
  selects: readonly string[],
  { file, check }: { file: string; check(): void },
): Promise<number> => {
  const folder = `${file}.parts`;
  const copy = (query: string, to: string, codec: string): Promise<void> =>
    analysis.run(`COPY (${query}) TO ${quote(to)} (FORMAT parquet, COMPRESSION ${codec}, USE_TMP_FILE false)`);
  const inParts = async (): Promise<string> => {
    mkdirSync(folder, { mode: 0o700 });
    const parts: string[] = [];
    for (const [at, select] of selects.entries()) {
      check();
      parts.push(join(folder, `${at}.parquet`));
      await copy(select, parts[at]!, 'lz4');
    }
    check();
    // Several threads keep a good deal of rows waiting for those before them, and are no faster.
    await analysis.run('SET threads = 1');
    return `SELECT * FROM read_parquet(${list(parts)})`;
  };
  try {
    await copy(selects.length === 1 ? selects[0]! : await inParts(), file, 'zstd');
  } catch (error) {
    throw isFull(error) ? full(file, error) : error;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  const { rows } = await analysis.query(`SELECT count(*) FROM read_parquet(${quote(file)})`);
  return Number(rows[0]![0]);
};
