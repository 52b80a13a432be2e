import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path/posix';
import { AppError, isAppError } from '../errors.ts';
import { placeOf, readConfig } from './config.ts';
import { errorCode, lstatIfAny, readTextIfAny } from './files.ts';
import { onDisk } from './paths.ts';
import { withRendered } from './rendered.ts';
import type { Repository, Worktree } from './repository.ts';
import { SUBMODULE, type TreeChange } from './tree-changes.ts';

const foldersOf = (changes: TreeChange[]): Set<string> => {
  const folders = new Set<string>();
  for (const { path } of changes)
    for (let folder = dirname(path); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  return folders;
};

const isSealed = (folder: string | Buffer): boolean => {
  if (lstatIfAny(folder)?.isDirectory() !== true) return false;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return false;
  } catch (error) {
    return ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error));
  }
};

/**
 * Git passes over files that it cannot remove, and notices others that it cannot write when it is half done.
 * @throws AppError worktree.blocked when files would have to change in a folder that cannot be written to
 */
export const assertWritable = (worktree: Worktree, changes: TreeChange[]): void => {
  const folders = new Set(changes.map(({ path }) => dirname(path)));
  const sealed = [...folders].find((folder) => isSealed(onDisk(worktree.path, folder)));
  if (sealed === undefined) return;
  const name = sealed === '.' ? worktree.path : `${worktree.path}/${sealed}`;
  throw new AppError('worktree.blocked', `The folder ${name} cannot be written to, and files in it would change.`, {
    hint: 'Make it writable, then try again.',
    details: { worktree: worktree.path, paths: [sealed] },
  });
};

const hasFilters = (worktree: Worktree, changes: TreeChange[]): boolean => {
  if (changes.some(({ path }) => path.endsWith('.gitattributes'))) return true;
  const files = [...foldersOf(changes)].map((folder) => onDisk(worktree.path, `${folder}/.gitattributes`));
  return files.some((file) => lstatIfAny(file)?.isFile() && /filter|\[attr\]/.test(readTextIfAny(file) ?? ''));
};

const isRequired = async (repo: Repository, worktree: Worktree): Promise<boolean> => {
  const entries = await readConfig(placeOf(repo, worktree));
  return entries.some(
    ({ section, name, value }) => section === 'filter' && name === 'required' && !/^(false|no|off|0)$/i.test(value),
  );
};

/**
 * A filter that must not fail (Git LFS, where its server does not answer) would leave a checkout half done: its files
 * are made somewhere else first. Nothing is started where no attribute names a filter.
 * @throws AppError worktree.blocked with git's own words, which name the file
 */
export const assertFiltersWork = async (
  repo: Repository,
  worktree: Worktree,
  move: { to: string; changes: TreeChange[] },
): Promise<void> => {
  const coming = move.changes.filter((change) => change.new !== undefined && change.new.mode !== SUBMODULE);
  if (coming.length === 0 || !hasFilters(worktree, move.changes) || !(await isRequired(repo, worktree))) return;
  try {
    await withRendered(repo, worktree, { tree: move.to, paths: coming.map(({ path }) => path) }, () => {});
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    throw new AppError('worktree.blocked', `A filter fails that git is told to require: ${error.message}`, {
      hint: 'Mend the filter, or its settings (`git config --show-origin --get-regexp ^filter`), then try again.',
      cause: error,
    });
  }
};
