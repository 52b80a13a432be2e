import type { Leftover } from './dirty.ts';
import { type GitOptions, git } from './git.ts';
import { parseRaw, putBackInstructions, type StagedChange, selectLeftOut } from './leave-out.ts';
import type { Repository, Worktree } from './repository.ts';

type Place = Pick<GitOptions, 'index' | 'settings'>;

/** How the index of a worktree, or another one, differs from a commit. */
export const stagedChanges = async (
  repo: Repository,
  worktree: Worktree,
  commit: string,
  place: Place = {},
): Promise<StagedChange[]> => {
  const args = ['diff-index', '--cached', '--raw', '-z', '--no-renames', '--no-abbrev', commit];
  return parseRaw((await git(repo, args, { worktree, ...place })).stdout);
};

/** Takes the left-out changes back in the index. @returns the changes that remain: what a commit would hold */
export const takeBack = async (
  repo: Repository,
  worktree: Worktree,
  options: { changes: StagedChange[]; leaveOut: Leftover[] },
  place: Place = {},
): Promise<StagedChange[]> => {
  const leftOut = new Set(selectLeftOut(options.changes, options.leaveOut));
  if (leftOut.size > 0) {
    const stdin = putBackInstructions([...leftOut]);
    const settings: [string, string][] = [['core.fsync', 'all']];
    await git(repo, ['update-index', '-z', '--index-info'], { worktree, settings, ...place, stdin });
  }
  return options.changes.filter((change) => !leftOut.has(change));
};
