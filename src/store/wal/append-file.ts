import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureDir, readIfThere, replaceFile, storeError, writeAll } from './files.ts';

/** Adds lines at the end in one write, so that several processes may do it at once. */
export const appendLines = (path: string, lines: string): void => {
  try {
    ensureDir(dirname(path));
    const fd = openSync(path, 'a', 0o600);
    try {
      writeAll(fd, Buffer.from(lines));
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
