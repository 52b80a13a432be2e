import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { draftsOf, sweepDrafts } from './drafts.ts';
import { lstatIfAny, readTextIfAny, replaceFile } from './files.ts';
import { git } from './git.ts';
import { assertId, branchRef } from './ids.ts';
import { indexOf } from './index-file.ts';
import { moveRef, readRef } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';
import { clearStaleLock, withLock } from './stale-locks.ts';
import { claimFolder, createAdmin, dropAdmin, findAdmin, findCheckoutOf } from './worktree-admin.ts';
import { readGitFile, sessionWorktree, verifyWorktree } from './worktree-link.ts';

export { hideWorktrees } from './hide-worktrees.ts';
export { copyIncluded } from './include.ts';
export { removeWorktree } from './remove-worktree.ts';
export { createRootCommit } from './root-commit.ts';
export { refuseBlockedPlace } from './worktree-place.ts';
export { findAdmin, findCheckoutOf };

export interface AddOptions {
  /** Absolute. */
  path: string;
  /** Short name; made at `commit` when there is no such branch, else taken as it is. */
  branch: string;
  /** Id. */
  commit: string;
}

/** The branch, made now when it is missing. @returns the commit to check out */
const ensureBranch = async (
  repo: Repository,
  ref: string,
  commit: string,
): Promise<{ commit: string; isNew: boolean }> => {
  const known = await readRef(repo, ref);
  if (known !== undefined) return { commit: known, isNew: false };
  const isNew = await moveRef(repo, ref, { to: commit, from: null, reason: 'amp-sessions: new session' });
  return { commit: (await readRef(repo, ref)) ?? commit, isNew };
};

const assertFree = (repo: Repository, ref: string, path: string): void => {
  const other = findCheckoutOf(repo, ref);
  if (other === undefined || other === path) return;
  throw new AppError('branch.blocked', `The branch ${ref.slice('refs/heads/'.length)} is checked out in ${other}.`, {
    hint: 'Remove that worktree, or switch it to another branch.',
  });
};

/** What is at the path already and belongs there: finished, or left half-made by a process that was killed. */
const findStanding = async (repo: Repository, path: string): Promise<Worktree | undefined> => {
  const stat = lstatIfAny(path);
  if (!stat || stat.isSymbolicLink()) return undefined;
  const gitDir = findAdmin(repo, path);
  if (gitDir === undefined || readTextIfAny(join(gitDir, 'HEAD')) === undefined) return undefined;
  const entry = join(path, '.git');
  if (lstatIfAny(entry)?.isFile() && readGitFile(entry) === gitDir) return sessionWorktree(repo, path);
  return undefined;
};

/** In a reftable HEAD is no file, so git itself has to make the worktree; beside another `worktree add` that fails. */
const addByGit = (repo: Repository, options: { path: string; branch: string }): Promise<Worktree> =>
  withLock(repo, 'worktrees', async () => {
    const { path, branch } = options;
    const left = findAdmin(repo, path);
    if (left !== undefined) dropAdmin(repo, left);
    await git(repo, ['worktree', 'add', '--no-checkout', '-f', '-f', '--', path, branch], { trust: ['identity'] });
    return sessionWorktree(repo, path);
  });

/** The files; the index is written last, so where there is one they are all there. */
const checkOut = async (repo: Repository, worktree: Worktree, commit: string): Promise<void> => {
  const folders = [worktree.path, worktree.gitDir];
  await clearStaleLock(repo, { path: join(worktree.gitDir, 'index.lock'), folders });
  if (lstatIfAny(indexOf(worktree))) return;
  await git(repo, ['read-tree', '--reset', '-u', commit], { worktree });
};

const make = async (repo: Repository, options: AddOptions & { ref: string }): Promise<Worktree> => {
  const path = claimFolder(repo, options.path);
  if (repo.refFormat === 'reftable') return addByGit(repo, { path, branch: options.branch });
  const left = findAdmin(repo, path);
  if (left !== undefined) dropAdmin(repo, left);
  return createAdmin(repo, path, options.ref);
};

/**
 * A worktree on a branch of its own, ready when this returns. Any number of processes may make theirs at once; a
 * second call finishes what a killed one left. Two processes: one moves the branch, one writes the files.
 * @throws AppError branch.blocked, worktree.blocked, git.failed
 */
export const addWorktree = async (repo: Repository, options: AddOptions): Promise<Worktree> => {
  assertId(options.commit);
  const ref = branchRef(options.branch);
  const { commit, isNew } = await ensureBranch(repo, ref, options.commit);
  if (!isNew) assertFree(repo, ref, options.path);
  const worktree = (await findStanding(repo, options.path)) ?? (await make(repo, { ...options, ref }));
  await checkOut(repo, worktree, commit);
  sweepDrafts(draftsOf(repo), basename(options.path));
  return worktree;
};

/**
 * Writes the `.git` file of a session's worktree anew from what the repository knows of it, for when an agent changed
 * or removed it.
 * @throws AppError worktree.missing, worktree.blocked
 */
export const repairWorktree = async (repo: Repository, path: string): Promise<Worktree> => {
  const gitDir = findAdmin(repo, path);
  if (gitDir === undefined) return sessionWorktree(repo, path);
  const worktree = { path, gitDir };
  verifyWorktree(repo, worktree);
  const entry = join(path, '.git');
  const stat = lstatIfAny(entry);
  if (stat?.isDirectory()) {
    throw new AppError('worktree.blocked', `${entry} is a repository of its own now.`, {
      hint: `Look at it, then move it out of ${dirname(entry)}.`,
    });
  }
  replaceFile(entry, `gitdir: ${gitDir}\n`);
  return sessionWorktree(repo, path);
};
