import { isAppError } from '../errors.ts';
import { dirtyPaths, unmergedCommits } from '../git/commits.ts';
import { sessionWorktree } from '../git/locate.ts';
import { readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import type { Found } from '../session/decide.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import type { Journal } from './journal.ts';
import { editsAmong } from './manual-work.ts';

/** The session's worktree if it stands; undefined when it is gone. @throws AppError `worktree.blocked` */
export const standingWorktree = async (ctx: Context, recorded: string): Promise<Worktree | undefined> => {
  try {
    return await sessionWorktree(ctx.repo, worktreePath(ctx, recorded));
  } catch (error) {
    if (isAppError(error, 'worktree.missing')) return undefined;
    throw error;
  }
};

/** What the world holds that `archive`, `rm` and `prune` could lose. */
export const lookAround = async (
  ctx: Context,
  journal: Journal,
): Promise<Found & { worktree: Worktree | undefined }> => {
  const { session } = journal;
  const worktree = await standingWorktree(ctx, session.worktree);
  const dirty = worktree ? editsAmong(await dirtyPaths(ctx.repo, worktree), session.leftovers) : [];
  const branchCommit = (await readRef(ctx.repo, `refs/heads/${session.branch}`)) ?? null;
  const unmerged = branchCommit === null ? 0 : await unmergedCommits(ctx.repo, session.branch, session.baseCommit);
  return { uncommitted: dirty.map(({ path }) => path), unmergedCommits: unmerged, branchCommit, worktree };
};
