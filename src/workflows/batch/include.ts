import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { BatchFile } from '../../batch/file-schema.ts';
import type { Invalid, Place } from '../../config/invalid.ts';
import { openYaml, type YamlDocument } from '../../config/yaml-document.ts';
import { AppError, type ErrorCode } from '../../errors.ts';
import { checkBatchFile, invalidBatch } from './check-file.ts';

/** Bytes of a batch file; more is a mistake, such as the wrong file. */
export const MOST_BYTES = 16 * 1024 * 1024;
/** Bytes of a prompt. */
export const MOST_PROMPT_BYTES = 4 * 1024 * 1024;
/** Files that one may include, by whatever ways. */
const MOST_FILES = 200;

/** One file of a batch, read and held against the schema. */
export interface BatchSource {
  /** Absolute real path. */
  path: string;
  dir: string;
  sha256: string;
  yaml: YamlDocument;
  tree: BatchFile;
}

export interface ReadFile {
  path: string;
  bytes: Buffer;
  sha256: string;
}

/** Files that were read for a batch, and which of them lie outside the folder of the first. */
export interface Reading {
  root: string;
  env: Record<string, string | undefined>;
  files: ReadFile[];
  outside: string[];
  /** What kind of file it is, where it is no batch. */
  kind?: { invalid: Invalid; code: ErrorCode; hint: string };
}

const BATCH = { invalid: invalidBatch, code: 'batch.invalid', hint: 'Name a batch file with --file.' } as const;

/** `~/x` as the user's shell has it. */
export const expandHome = (given: string, env: Record<string, string | undefined>): string =>
  given === '~' || given.startsWith('~/') ? join(env['HOME'] || homedir(), given.slice(2)) : given;

const isOutside = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
};

/** Opened so that a pipe does not block; what is no file, or too large, is not read. */
const readBounded = (path: string, most: number, fail: (why: string) => AppError): Buffer => {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw fail('is not a file');
    if (stat.size > most) throw fail(`is larger than ${most} bytes`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
};

/**
 * Reads a file that another one names.
 * @param at where it is named; none for the file that the person named
 * @throws AppError `batch.invalid`, `file.missing`
 */
export const readNamed = (reading: Reading, given: { path: string; most: number; at?: Place }): ReadFile => {
  const { path, most, at } = given;
  const { invalid, code: kind, hint } = reading.kind ?? BATCH;
  const fail = (why: string, cause?: unknown): AppError =>
    at
      ? invalid(at, `${path} ${why}.`, 'Name a file that is there.', cause)
      : new AppError(why.startsWith('is not there') ? 'file.missing' : kind, `${path} ${why}.`, { hint, cause });
  try {
    const real = realpathSync(path);
    const bytes = readBounded(real, most, fail);
    const file = { path: real, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    reading.files.push(file);
    if (at && isOutside(reading.root, real) && !reading.outside.includes(real)) reading.outside.push(real);
    return file;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw fail(code === 'ENOENT' || code === 'ENOTDIR' ? 'is not there' : `cannot be read (${code ?? error})`, error);
  }
};

const includesOf = (tree: BatchFile): { value: string; path: (string | number)[] }[] => {
  if (tree.include === undefined) return [];
  if (typeof tree.include === 'string') return [{ value: tree.include, path: ['include'] }];
  return tree.include.map((value, at) => ({ value, path: ['include', at] }));
};

const parse = (file: ReadFile): BatchSource => {
  const yaml = openYaml(file, invalidBatch);
  const { path, sha256 } = file;
  return { path, dir: dirname(path), sha256, yaml, tree: checkBatchFile(yaml) };
};

const follow = (reading: Reading, source: BatchSource, above: string[], done: Map<string, BatchSource>): void => {
  const ways = [...above, source.path];
  for (const { value, path } of includesOf(source.tree)) {
    const at = source.yaml.locate(path, 'value');
    const file = resolve(source.dir, expandHome(value, reading.env));
    const read = readNamed(reading, { path: file, most: MOST_BYTES, at });
    if (ways.includes(read.path))
      throw invalidBatch({ ...at, key: 'include' }, `${value} includes this file again.`, 'Take one of the two out.');
    if (done.has(read.path)) continue;
    if (reading.files.length > MOST_FILES)
      throw invalidBatch(
        { ...at, key: 'include' },
        `more than ${MOST_FILES} files are included.`,
        'Put some together.',
      );
    follow(reading, parse(read), ways, done);
  }
  done.set(source.path, source);
};

/**
 * A batch file and all that it includes, those first that others build upon; each once.
 * @throws AppError `batch.invalid`, `file.missing`
 */
export const readSources = (
  path: string,
  env: Record<string, string | undefined>,
): { reading: Reading; sources: BatchSource[] } => {
  const reading: Reading = { root: '', env, files: [], outside: [] };
  const first = parse(readNamed(reading, { path, most: MOST_BYTES }));
  reading.root = first.dir;
  const done = new Map<string, BatchSource>();
  follow(reading, first, [], done);
  return { reading, sources: [...done.values()] };
};
