import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const BYTES = 32;

const read = (path: string): Buffer | undefined => {
  try {
    const key = readFileSync(path);
    return key.length === BYTES ? key : undefined;
  } catch {
    return undefined;
  }
};

const writeNew = (path: string, bytes: Buffer): void => {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** The name appears with the whole key or not at all, and never replaces a good one. */
const publish = (temporary: string, path: string): void => {
  try {
    linkSync(temporary, path);
    unlinkSync(temporary);
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (taken && read(path) !== undefined) unlinkSync(temporary);
    else renameSync(temporary, path);
  }
};

/**
 * The local key of the fingerprints in placeholders: 32 random bytes in `<dir>/redaction.key`, made once.
 * Where it cannot be kept (a read-only home) each process has one of its own, and fingerprints compare within it only.
 * @param dir the program's data folder
 */
export const redactionKey = (dir: string): Buffer => {
  const path = join(dir, 'redaction.key');
  const kept = read(path);
  if (kept) return kept;
  const fresh = randomBytes(BYTES);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
    writeNew(temporary, fresh);
    publish(temporary, path);
  } catch {}
  return read(path) ?? fresh;
};
