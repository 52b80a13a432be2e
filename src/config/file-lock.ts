import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';

const TRIES = 250;
const PAUSE_MS = 20;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** A name that appears with its content or not at all. False when it is there already. */
const claim = (path: string): boolean => {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid), { mode: 0o600 });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(own);
  }
};

/** True only when the process that holds the lock is provably gone. */
const isAbandoned = (path: string): boolean => {
  try {
    process.kill(Number(readFileSync(path, 'utf8')) || process.pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
};

/** Looked at again under a second lock, so that two who find a dead holder never take each other's lock away. */
const breakAbandoned = (path: string): void => {
  const guard = `${path}.break`;
  if (!isAbandoned(path) || !claim(guard)) return;
  try {
    if (isAbandoned(path)) unlinkSync(path);
  } finally {
    unlinkSync(guard);
  }
};

/**
 * Runs `work` while no other process runs its own under the same path; waits up to five seconds for it.
 * @throws AppError `config.busy` naming the lock's file when another process holds it for longer
 */
export const withFileLock = async <T>(path: string, work: () => T): Promise<T> => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (let n = 0; !claim(path); n++) {
    if (n === TRIES)
      throw new AppError('config.busy', `${path} is held by another process.`, {
        hint: 'Try again; remove that file if no other amp-sessions is running.',
      });
    breakAbandoned(path);
    await sleep(PAUSE_MS);
  }
  try {
    return work();
  } finally {
    unlinkSync(path);
  }
};
