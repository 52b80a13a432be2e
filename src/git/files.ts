import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL']);

export const errorCode = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? '';

/** The file's text; undefined when it does not exist or is a folder. */
export const readTextIfAny = (path: string | Buffer): string | undefined => readBytesIfAny(path)?.toString('utf8');

/** The file's bytes; undefined when it does not exist or is a folder. */
export const readBytesIfAny = (path: string | Buffer): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch (error) {
    if (ABSENT.has(errorCode(error)) || errorCode(error) === 'EISDIR') return undefined;
    throw error;
  }
};

/** `lstat` that answers undefined for what does not exist. */
export const lstatIfAny = (path: string | Buffer): Stats | undefined => {
  try {
    return lstatSync(path);
  } catch (error) {
    if (ABSENT.has(errorCode(error))) return undefined;
    throw error;
  }
};

/** Makes names created in or moved into a folder survive a power cut. Windows has no such thing and needs none. */
export const syncFolder = (path: string): void => {
  if (process.platform !== 'win32') syncFile(path);
};

/** Makes a file's content survive a power cut, whoever wrote it. */
export const syncFile = (path: string): void => {
  const handle = openSync(path, process.platform === 'win32' ? constants.O_RDWR : constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** `syncFolder` for a folder and those above it, up to and including `top`. */
export const syncFoldersUpTo = (path: string, top: string): void => {
  for (let at = path; at.length >= top.length; at = dirname(at)) syncFolder(at);
};

/** Writes a file that must not exist yet, whole and on disk when this returns. */
export const writeNewFile = (path: string, bytes: string | Buffer, mode = 0o666): void => {
  const handle = openSync(path, 'wx', mode);
  try {
    const data = Buffer.from(bytes as string);
    for (let at = 0; at < data.length; ) at += writeSync(handle, data, at);
    fsyncSync(handle);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
};

/** Replaces a file in one step: readers see the old or the new content. */
export const replaceFile = (path: string, bytes: string | Buffer): void => {
  const draft = `${path}.amp-${process.pid}`;
  rmSync(draft, { force: true });
  writeNewFile(draft, bytes);
  renameSync(draft, path);
  syncFolder(dirname(path));
};
