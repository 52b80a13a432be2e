import {
  closeSync,
  constants,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants as system } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { AppError, type ErrorCode } from '../../errors.ts';

/** Waits in the thread pool, so that appends can gather meanwhile. */
export const sync: (fd: number) => Promise<void> = promisify(fdatasync);

const CODES: Record<string, ErrorCode> = {
  ENOSPC: 'store.full',
  EDQUOT: 'store.full',
  EROFS: 'store.readonly',
  EACCES: 'store.readonly',
  EPERM: 'store.readonly',
};

const SENTENCES: Partial<Record<ErrorCode, [sentence: string, hint: string]>> = {
  'store.full': ['is on a full disk', 'Free some space and run the command again; nothing was half-done.'],
  'store.readonly': [
    'may not be written',
    'Make it writable for you and run the command again; nothing was half-done.',
  ],
};

/** Node has no name of its own for some, EDQUOT among them: `Unknown system error -122`. */
const nameOf = ({ code = 'unknown', errno = 0 }: NodeJS.ErrnoException): string =>
  code in system.errno ? code : (Object.entries(system.errno).find(([, number]) => number === -errno)?.[0] ?? code);

/** The error of a file of ours, for a person: the path, what is the matter, what to do. */
export const storeError = (error: unknown, path: string): AppError => {
  if (error instanceof AppError) return error;
  const errno = nameOf(error as NodeJS.ErrnoException);
  const code = CODES[errno] ?? 'store.io';
  const [sentence, hint] = SENTENCES[code] ?? [
    `could not be written or read (${errno})`,
    'Look at the disk and at the limits of open files, then run the command again.',
  ];
  return new AppError(code, `${path} ${sentence}.`, { hint, cause: error });
};

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Makes names in a folder last through a power cut. Windows cannot, and does not need to. */
export const syncDir = (dir: string): void => {
  if (process.platform === 'win32') return;
  const fd = openSync(dir, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Makes a folder, readable by its owner only, and the ones above it; each new name lasts. */
export const ensureDir = (dir: string): void => {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = dir; ; made = dirname(made)) {
    syncDir(dirname(made));
    if (made === first) return;
  }
};

/** A full disk makes `write` come back short without an error: goes on until all is out or it throws. */
export const writeAll = (fd: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
};

/** Puts a whole new file in the place of an old one, or of none; at every moment one of them is there, complete. */
export const replaceFile = (path: string, bytes: Uint8Array, temporary: string): void => {
  let fd: number | undefined;
  try {
    fd = openSync(temporary, 'wx', 0o600);
    writeAll(fd, bytes);
    fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, path);
    syncDir(dirname(path));
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    rmSync(temporary, { force: true });
    throw error;
  }
};

/** The file, open for reading; undefined when there is none. */
export const openIfThere = (path: string): number | undefined => {
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeError(error, path);
  }
};

/** The file's bytes; undefined when there is none. */
export const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeError(error, path);
  }
};
