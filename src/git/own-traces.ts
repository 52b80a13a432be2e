import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, lstatIfAny, readTextIfAny, replaceFile } from './files.ts';
import type { Repository } from './repository.ts';

/** `.keep` files of packs that one of our processes brought in and had no time to let go of. */
export const ownKeepFiles = (repo: Repository): string[] => {
  const folder = join(repo.commonDir, 'objects', 'pack');
  if (!lstatIfAny(folder)?.isDirectory()) return [];
  const keeps = readdirSync(folder).filter((name) => name.endsWith('.keep'));
  return keeps.map((name) => join(folder, name)).filter((file) => /^amp /.test(readTextIfAny(file) ?? ''));
};

const excludeFile = (repo: Repository): string => join(repo.commonDir, 'info', 'exclude');

/** Whether `info/exclude` has a line of ours. */
export const hasExcludeLine = (repo: Repository, line: string): boolean =>
  (readTextIfAny(excludeFile(repo)) ?? '').split('\n').some((other) => other.trimEnd() === line);

/** Takes a folder away when nothing is in it. */
export const removeIfEmpty = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error)))
      throw error;
  }
};

/** Takes a line out of `info/exclude`; a file with nothing else in it goes. A link is not written through. */
export const dropExcludeLine = (repo: Repository, line: string): void => {
  const file = excludeFile(repo);
  if (!hasExcludeLine(repo, line) || !lstatSync(file).isFile()) return;
  const rest = readFileSync(file, 'utf8')
    .split(/(?<=\n)/)
    .filter((other) => other.trimEnd() !== line)
    .join('');
  if (rest === '') rmSync(file);
  else replaceFile(file, rest);
  removeIfEmpty(join(repo.commonDir, 'info'));
};
