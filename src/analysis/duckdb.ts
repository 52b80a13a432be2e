import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { AppError } from '../errors.ts';

type Api = typeof import('@duckdb/node-api');

const INSTALL = 'npm install --global --include=optional @ampsm/cli';

/** The program works without the database; what asks it says how to get it. */
export const unavailable = (cause: unknown): AppError => {
  const isMissing = /cannot find (module|package)|unsupported arch/i.test(String((cause as Error)?.message));
  const reason = isMissing
    ? 'is not installed'
    : `cannot be loaded: ${String((cause as Error)?.message).split('\n')[0]}`;
  return new AppError('analysis.unavailable', `DuckDB, which answers questions about the history, ${reason}.`, {
    hint: isMissing
      ? `Install the program again with its optional packages: \`${INSTALL}\`. Everything else works without.`
      : 'DuckDB has builds for Linux (glibc and musl), macOS and Windows, on x64 and arm64. Everything else works without.',
    cause,
  });
};

let loaded: Promise<Api> | undefined;

/**
 * DuckDB's own client; its native part is an optional package.
 * @throws AppError analysis.unavailable
 */
export const loadDuckdb = (): Promise<Api> => {
  loaded ??= import('@duckdb/node-api').catch((error: unknown) => {
    loaded = undefined;
    throw unavailable(error);
  });
  return loaded;
};

/** A quarter of a small machine, and of a large one no more than most others do. */
const memoryLimit = (): number => Math.min(2 * 2 ** 30, Math.max(256 * 2 ** 20, Math.floor(totalmem() / 2)));

const inMiB = (bytes: number): string => `'${Math.floor(bytes / 2 ** 20)}MiB'`;

/**
 * Statements for work that reads every row once: files stay in no memory of ours, and what does not fit into a little
 * is spilled.
 */
export const modest = (): string[] => [
  `SET memory_limit = ${inMiB(Math.min(512 * 2 ** 20, memoryLimit()))}`,
  'SET enable_external_file_cache = false',
];

export interface Database {
  api: Api;
  instance: DuckDBInstance;
  connection: DuckDBConnection;
  /** Where DuckDB puts what does not fit into memory. */
  folder: string;
  close(): void;
}

/**
 * A database in memory: a file of DuckDB's own shuts out every second process, readers too. It never loads an extension
 * from the network, knows no zone but UTC, and spills to a folder that goes with it.
 */
export const openDatabase = async (): Promise<Database> => {
  const api = await loadDuckdb();
  const folder = mkdtempSync(join(tmpdir(), 'amp-sessions-duckdb-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const instance = await api.DuckDBInstance.create(':memory:', {
      threads: String(availableParallelism()),
      memory_limit: `${Math.floor(memoryLimit() / 2 ** 20)}MiB`,
      temp_directory: folder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const connection = await instance.connect();
    await connection.run("SET GLOBAL TimeZone = 'UTC'");
    const close = (): void => {
      connection.closeSync();
      instance.closeSync();
      remove();
    };
    return { api, instance, connection, folder, close };
  } catch (error) {
    remove();
    throw error;
  }
};
