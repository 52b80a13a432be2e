import { renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError, inShell } from '../errors.ts';
import { draftName, draftsOf, removeFolder, sweepDrafts } from './drafts.ts';
import { errorCode, lstatIfAny } from './files.ts';
import type { Repository } from './repository.ts';
import { dropAdmin, findAdmin } from './worktree-admin.ts';
import { readGitFile } from './worktree-link.ts';

/** Moves a folder out of sight in one step, so that nobody ever meets half a worktree. */
const moveAside = (repo: Repository, path: string): string => {
  const name = draftName(basename(path), 'gone');
  for (const aside of [join(draftsOf(repo), name), join(dirname(path), `.${name}`)]) {
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
    throw blocked('is locked', `Run \`git worktree unlock ${inShell(path)}\` first.`);
  }
  if (stat?.isSymbolicLink()) throw blocked('is a symbolic link now', 'Remove the link yourself.');
  if (stat && !isOurs(repo, path, admin)) throw blocked('is not a worktree of this repository', 'Remove it yourself.');
  const aside = stat ? moveAside(repo, path) : undefined;
  if (admin !== undefined) dropAdmin(repo, admin);
  if (aside !== undefined) removeFolder(aside);
  for (const folder of [draftsOf(repo), dirname(path)]) sweepDrafts(folder, basename(path));
};
