import { mkdirSync } from 'node:fs';
import { AppError } from '../../errors.ts';
import { storeError } from '../../store/wal/files.ts';

/**
 * Makes a folder that a person named, and those above it; one that is there is as good. For before the work whose
 * results it is to take.
 * @throws AppError usage.invalid where a file has the name, store.full, store.readonly, store.io
 */
export const makeOutFolder = (dir: string): void => {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw storeError(error, dir);
    throw new AppError('usage.invalid', `${dir} cannot be a folder: a file is in the way.`, {
      hint: 'Name another folder with --out.',
      cause: error,
    });
  }
};
