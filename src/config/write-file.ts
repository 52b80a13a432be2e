import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const BUSY = new Set(['EPERM', 'EACCES', 'EBUSY']);

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/** Windows refuses to replace a file that someone has open for a moment. */
const replace = (from: string, to: string, tries = process.platform === 'win32' ? 20 : 1): void => {
  for (let n = 1; ; n++)
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (n >= tries || !BUSY.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      pause(10 * n);
    }
};

/** Readers see the old content or the new, whole; the folder is made, private to the user. */
export const writeFileAtomically = (path: string, content: string | Buffer, mode = 0o600): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    replace(temporary, path);
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {}
    throw error;
  }
};
