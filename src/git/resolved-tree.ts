import { AppError } from '../errors.ts';
import type { Leftover } from './dirty.ts';
import { git, gitText } from './git.ts';
import { withPrivateIndex } from './private-index.ts';
import { headOf } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';
import { stageAll } from './stage.ts';
import { stagedChanges, takeBack } from './take-back.ts';

const DURABLE_BATCH: [string, string][] = [
  ['core.fsync', 'all'],
  ['core.fsyncMethod', 'batch'],
];

/**
 * The tree of a worktree as it is, everything staged, except what is to be left out: that stays as HEAD has it. On disk
 * when this returns. The worktree's own index does not change.
 * @throws AppError git.failed
 */
export const resolvedTree = (
  repo: Repository,
  worktree: Worktree,
  { leaveOut }: { leaveOut: Leftover[] },
): Promise<string> =>
  withPrivateIndex(worktree, async ({ index }) => {
    const place = { index, settings: DURABLE_BATCH };
    const { commit } = await headOf(repo, worktree);
    if (!(await stageAll(repo, worktree, place))) {
      await git(repo, ['read-tree', commit ?? '--empty'], { worktree, ...place });
      if (!(await stageAll(repo, worktree, place))) {
        throw new AppError('git.failed', `The index of ${worktree.path} cannot be read.`);
      }
    }
    if (commit !== null && leaveOut.length > 0) {
      const changes = await stagedChanges(repo, worktree, commit, place);
      await takeBack(repo, worktree, { changes, leaveOut }, place);
    }
    return gitText(repo, ['write-tree'], { worktree, ...place });
  });
