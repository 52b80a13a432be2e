import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureDir, readIfThere, replaceFile, storeError, writeAll } from './files.ts';

const isTorn = (fd: number): boolean => {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 10;
};

/**
 * Adds lines at the end in one write, so that several processes may do it at once. A line that a crash has left torn
 * is ended first: nothing of it becomes part of the new ones.
 */
export const appendLines = (path: string, lines: string): void => {
  try {
    ensureDir(dirname(path));
    const fd = openSync(path, 'a+', 0o600);
    try {
      writeAll(fd, Buffer.from(isTorn(fd) ? `\n${lines}` : lines));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw storeError(error, path);
  }
};

/**
 * Rewrites a file of which most lines are outdated. A line that another process appends in this very moment may get
 * lost: only for files that can do without.
 */
export const compactLines = (path: string, lines: string, temporaryId: string): void => {
  try {
    replaceFile(path, Buffer.from(lines), `${path}.${temporaryId}.tmp`);
  } catch (error) {
    throw storeError(error, path);
  }
};

export const readText = (path: string): string => readIfThere(path)?.toString() ?? '';
