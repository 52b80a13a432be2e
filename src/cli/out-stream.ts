import { fstatSync, writeSync } from 'node:fs';
import { AppError } from '../errors.ts';
import { stdout } from './print.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);

const isPlain = (): boolean => {
  try {
    const found = fstatSync(1);
    return found.isFile() || (found.isCharacterDevice() && !process.stdout.isTTY);
  } catch {
    return false;
  }
};

const writeFile = (bytes: Uint8Array): void => {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(1, bytes, done);
  } catch (error) {
    if (!FULL.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new AppError('store.full', 'What stdout leads to is on a full disk.', {
      hint: 'Free some space and run the command again.',
      cause: error,
    });
  }
};

/**
 * Writes much to stdout, at the pace of whoever reads it. Into a file it writes by itself: a stream of Node's tells of a
 * full disk when nobody listens any more. A reader that goes away ends nothing: the rest is for nobody.
 */
export const outStream = (): ((bytes: Uint8Array) => Promise<void>) => {
  const plain = isPlain();
  return async (bytes) => {
    if (plain) return writeFile(bytes);
    stdout.write(bytes);
    await stdout.flush();
  };
};
