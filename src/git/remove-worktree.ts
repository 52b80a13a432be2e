import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { errorCode, lstatIfAny } from './files.ts';
import type { Repository } from './repository.ts';
import { dropAdmin, findAdmin } from './worktree-admin.ts';
import { readGitFile } from './worktree-link.ts';

/** Folders that cannot be entered hold their files back: they are opened first. */
const openFolders = (folder: string): void => {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
  }
};

const removeFolder = (folder: string): void => {
  const options = { recursive: true, force: true, maxRetries: 5 };
  try {
    rmSync(folder, options);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(errorCode(error))) throw error;
    openFolders(folder);
    rmSync(folder, options);
  }
};

/** Moves a folder out of sight in one step, so that nobody ever meets half a worktree. */
const moveAside = (repo: Repository, path: string): string => {
  const tmp = join(repo.commonDir, 'amp', 'tmp');
  mkdirSync(tmp, { recursive: true });
  const name = `${basename(path)}.removed.${process.pid}`;
  for (const aside of [join(tmp, name), join(dirname(path), `.${name}`)]) {
    try {
      removeFolder(aside);
      renameSync(path, aside);
      return aside;
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw cannotMove(path, error);
    }
  }
  throw cannotMove(path, new Error('no place for it'));
};

const cannotMove = (path: string, cause: unknown): AppError =>
  new AppError('worktree.blocked', `The worktree ${path} cannot be removed: ${errorCode(cause) || String(cause)}.`, {
    hint: 'Close the programs that work in it, then try again.',
    cause,
  });

/** What removals that were killed half-way left behind. */
const sweep = (repo: Repository, path: string): void => {
  const ours = new RegExp(`^\\.?${escapePattern(basename(path))}\\.removed\\.\\d+$`);
  for (const folder of [join(repo.commonDir, 'amp', 'tmp'), dirname(path)]) {
    if (!lstatIfAny(folder)?.isDirectory()) continue;
    for (const name of readdirSync(folder)) if (ours.test(name)) removeFolder(join(folder, name));
  }
};

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const isOurs = (repo: Repository, path: string, admin: string | undefined): boolean => {
  if (admin !== undefined) return true;
  const linked = lstatIfAny(join(path, '.git'))?.isFile() ? readGitFile(join(path, '.git')) : undefined;
  return linked !== undefined && dirname(linked) === join(repo.commonDir, 'worktrees');
};

/**
 * Removes a worktree with its files, also one with submodules; the caller has made sure that nothing in it is needed.
 * Gone already is as well. Branch and commits stay. Starts no git.
 * @throws AppError worktree.blocked when it is locked by the user, not a worktree of this repository, or in use
 */
export const removeWorktree = async (repo: Repository, path: string): Promise<void> => {
  const blocked = (what: string, hint: string): AppError =>
    new AppError('worktree.blocked', `${path} ${what}.`, { hint });
  const stat = lstatIfAny(path);
  const admin = findAdmin(repo, path);
  if (admin !== undefined && lstatIfAny(join(admin, 'locked'))) {
    throw blocked('is locked', `Run \`git worktree unlock ${path}\` first.`);
  }
  if (stat?.isSymbolicLink()) throw blocked('is a symbolic link now', 'Remove the link yourself.');
  if (stat && !isOurs(repo, path, admin)) throw blocked('is not a worktree of this repository', 'Remove it yourself.');
  const aside = stat ? moveAside(repo, path) : undefined;
  if (admin !== undefined) dropAdmin(repo, admin);
  if (aside !== undefined) removeFolder(aside);
  sweep(repo, path);
};
