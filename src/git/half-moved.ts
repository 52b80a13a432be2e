import { rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { joinNul, onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { type Surveyed, survey, type Verdict } from './survey.ts';
import { SUBMODULE, type TreeChange } from './tree-changes.ts';

const UNTOUCHED: Verdict[] = ['old', 'rewritten'];
const BEGUN: Verdict[] = ['written', 'torn'];

interface Move {
  from: string;
  to: string;
}

const isFolder = (worktree: Worktree, path: string): boolean =>
  lstatIfAny(onDisk(worktree.path, path))?.isDirectory() === true;

const removeEmptyFolders = (worktree: Worktree, path: string): void => {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    try {
      rmdirSync(onDisk(worktree.path, folder));
    } catch {
      // Something else is in it, or it was never made.
      return;
    }
  }
};

/** What git wrote before it gave up. Only what is there is looked at: the content of the rest may be what is wanting. */
const writtenOf = async (repo: Repository, worktree: Worktree, move: Move, changes: TreeChange[]) => {
  const present = changes.filter(({ path }) => lstatIfAny(onDisk(worktree.path, path)));
  const surveyed = await survey(repo, worktree, { ...move, changes: present });
  return surveyed.filter(({ verdict }) => BEGUN.includes(verdict)).map(({ change }) => change);
};

/**
 * Git gave up half-way between two trees, and its index is still that of the old one: the files that it had exchanged
 * become the old ones again. What is not so certain stays as it is.
 * @param before how far every path was when git began
 * @throws AppError git.failed when not even that is possible
 */
export const takeFilesBack = async (
  repo: Repository,
  worktree: Worktree,
  move: Move & { before: Surveyed[] },
): Promise<void> => {
  const changes = move.before.filter(({ verdict }) => UNTOUCHED.includes(verdict)).map(({ change }) => change);
  for (const { path, old } of await writtenOf(repo, worktree, move, changes)) {
    if (old?.mode === SUBMODULE || isFolder(worktree, path)) continue;
    rmSync(onDisk(worktree.path, path), { force: true });
    removeEmptyFolders(worktree, path);
  }
  const missing = changes.filter(
    ({ path, old }) => old && old.mode !== SUBMODULE && !lstatIfAny(onDisk(worktree.path, path)),
  );
  if (missing.length === 0) return;
  const stdin = joinNul(missing.map(({ path }) => path));
  await git(repo, ['checkout-index', '-f', '-u', '-q', '-z', '--stdin'], { worktree, stdin });
};
