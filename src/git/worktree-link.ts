import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../errors.ts';
import { lstatIfAny, readTextIfAny } from './files.ts';
import type { Repository, Worktree } from './repository.ts';

const blocked = (path: string, what: string, hint: string): AppError =>
  new AppError('worktree.blocked', `The worktree ${path} ${what}.`, { hint });

const missing = (path: string): AppError =>
  new AppError('worktree.missing', `The worktree ${path} does not exist.`, {
    hint: 'Its commits are safe on its branch; `git worktree list` shows the worktrees there are.',
  });

const real = (path: string): string | undefined => {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
};

/** What the `.git` file in a linked worktree should say. */
export const linkText = (gitDir: string): string => `gitdir: ${gitDir}\n`;

/** What the `.git` file of a linked worktree or submodule names; undefined when it names nothing. */
export const readGitFile = (path: string): string | undefined => {
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(readTextIfAny(path) ?? '')?.[1];
  return target === undefined ? undefined : resolve(dirname(path), target);
};

const assertIsFolder = (path: string): void => {
  const stat = lstatIfAny(path);
  if (!stat) throw missing(path);
  if (stat.isSymbolicLink())
    throw blocked(path, 'is a symbolic link now', 'Remove the link; nothing was read through it.');
  if (!stat.isDirectory()) throw blocked(path, 'is not a folder', 'Move the file away.');
};

/** A worktree that was moved along with its repository does not find it any more. */
const REPAIR = '`amp-sessions doctor --fix` links it again; its files stay as they are.';

const assertAdmin = (repo: Repository, worktree: Worktree): void => {
  const { path, gitDir } = worktree;
  if (dirname(gitDir) !== join(repo.commonDir, 'worktrees')) {
    throw blocked(path, 'is not a worktree of this repository', REPAIR);
  }
  const common = readTextIfAny(join(gitDir, 'commondir'))?.trim();
  if (common === undefined || real(resolve(gitDir, common)) !== repo.commonDir) {
    throw blocked(path, `names another repository in ${join(gitDir, 'commondir')}`, REPAIR);
  }
  const back = readTextIfAny(join(gitDir, 'gitdir'))?.trim();
  if (back === undefined || real(dirname(resolve(gitDir, back))) !== real(path) || basename(back) !== '.git') {
    throw blocked(path, 'is not the one that its administrative folder names', REPAIR);
  }
};

/**
 * Looks again, before every use, that a checkout is still what it was: an agent may have changed its links. A few
 * system calls, no process.
 * @throws AppError worktree.missing, worktree.blocked
 */
export const verifyWorktree = (repo: Repository, worktree: Worktree): void => {
  assertIsFolder(worktree.path);
  if (worktree.gitDir === repo.commonDir) return;
  assertAdmin(repo, worktree);
};

/**
 * The linked worktree at a path, its links checked from both ends.
 * @throws AppError worktree.missing, worktree.blocked
 */
export const sessionWorktree = async (repo: Repository, path: string): Promise<Worktree> => {
  assertIsFolder(path);
  const link = lstatIfAny(join(path, '.git'));
  const gitDir = link?.isFile() ? real(readGitFile(join(path, '.git')) ?? '') : undefined;
  if (gitDir === undefined)
    throw blocked(path, `has ${link ? 'a .git file that leads nowhere' : 'lost its .git file'}`, REPAIR);
  const worktree = { path: realpathSync.native(path), gitDir };
  assertAdmin(repo, worktree);
  return worktree;
};

/** @throws AppError repository.unsafe when the shared git directory claims to be shared itself */
export const verifyCommonDir = (repo: Repository): void => {
  if (!lstatIfAny(join(repo.commonDir, 'commondir'))) return;
  throw new AppError('repository.unsafe', `${join(repo.commonDir, 'commondir')} leads git to another repository.`, {
    hint: 'Remove that file: a main git directory has none.',
  });
};
