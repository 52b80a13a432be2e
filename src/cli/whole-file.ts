import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { newId } from '../clock.ts';
import { AppError, inShell } from '../errors.ts';

export const fileExists = (path: string): AppError =>
  new AppError('file.exists', `${path} is there already.`, { hint: 'Name another file, or replace it with --force.' });

const said = (error: NodeJS.ErrnoException, path: string): unknown => {
  const { code = '' } = error;
  if (code === 'EEXIST') return fileExists(path);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new AppError('store.full', `The disk is full: ${path} was not written.`, {
      hint: 'Free some space and run the command again.',
      cause: error,
    });
  if (code === 'ENOTDIR')
    return new AppError('file.missing', `${dirname(path)} is no folder.`, {
      hint: 'Name a file in a folder that is there.',
      cause: error,
    });
  if (code === 'ENOENT')
    return new AppError('file.missing', `The folder ${dirname(path)} is not there.`, {
      hint: `Make it: mkdir -p ${inShell(dirname(path))}`,
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'EISDIR')
    return new AppError('store.readonly', `${path} cannot be written (${code}).`, {
      hint: 'Name a file in a folder that is yours.',
      cause: error,
    });
  return error;
};

/**
 * Writes a file that has its name only when it is whole; one that is there already stays, unless it may be replaced.
 * @throws AppError `file.exists`, `file.missing`, `store.full`, `store.readonly`
 */
export const writeWhole = (path: string, text: string, { replace = false } = {}): void => {
  // Said before the work, and again by the link: another process may be as fast.
  if (!replace && existsSync(path)) throw fileExists(path);
  const temporary = join(dirname(path), `.${basename(path)}.${newId()}.tmp`);
  let isMade = false;
  try {
    // Root could put a file in the place of /dev/null.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
      throw new AppError('store.readonly', `${path} is no file that can be replaced.`, {
        hint: 'Name another file, or - for stdout.',
      });
    const file = openSync(temporary, 'wx', 0o666);
    isMade = true;
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (replace) renameSync(temporary, path);
    else linkSync(temporary, path);
  } catch (error) {
    throw said(error as NodeJS.ErrnoException, path);
  } finally {
    if (isMade) rmSync(temporary, { force: true });
  }
};
