import { AppError, isAppError } from '../errors.ts';
import { dirtyPaths, listCommits } from '../git/commits.ts';
import { sessionWorktree } from '../git/locate.ts';
import { headOf, listRefs, readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import { findCheckoutOf } from '../git/worktrees.ts';
import type { Found } from '../session/decide.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { type Landed, whereabouts } from './landed.ts';
import { editsAmong } from './manual-work.ts';
import { submoduleWork } from './submodule-work.ts';

/** The session's worktree if it stands; undefined when it is gone. @throws AppError `worktree.blocked` */
export const standingWorktree = async (ctx: Context, recorded: string): Promise<Worktree | undefined> => {
  try {
    return await sessionWorktree(ctx.repo, worktreePath(ctx, recorded));
  } catch (error) {
    if (isAppError(error, 'worktree.missing')) return undefined;
    throw error;
  }
};

/**
 * Commits that only the worktree's own HEAD leads to: somebody detached it and went on, or is in the midst of a
 * rebase. They go when the worktree goes.
 */
export const detachedCommits = async (ctx: Context, wt: Worktree): Promise<string[]> => {
  const { commit, branch } = await headOf(ctx.repo, wt);
  if (commit === null || branch !== null) return [];
  const kinds = await Promise.all(['heads', 'remotes', 'tags'].map((kind) => listRefs(ctx.repo, `refs/${kind}/`)));
  const found = await listCommits(ctx.repo, { from: null, to: commit, not: kinds.flat().map(({ id }) => id) });
  return found.map(({ id }) => id);
};

/** Another checkout that stands on the session's branch: without the branch its HEAD would say nothing. */
export const otherCheckout = (ctx: Context, session: Session): string | undefined => {
  const path = findCheckoutOf(ctx.repo, `refs/heads/${session.branch}`);
  return path === undefined || path === worktreePath(ctx, session.worktree) ? undefined : path;
};

/** @throws AppError `session.unmerged`, `branch.blocked` */
export const refuseLosses = async (
  ctx: Context,
  session: Session,
  going: { worktree: Worktree | undefined; branch: boolean },
): Promise<void> => {
  const commits = going.worktree ? await detachedCommits(ctx, going.worktree) : [];
  if (commits.length > 0)
    throw new AppError(
      'session.unmerged',
      `The worktree of ${session.name} has a detached HEAD with ${commits.length} commit${commits.length === 1 ? '' : 's'} that no branch contains.`,
      { hint: `Keep them: git -C '${going.worktree!.path}' branch <name> ${commits.at(-1)!.slice(0, 12)}` },
    );
  const elsewhere = going.branch ? otherCheckout(ctx, session) : undefined;
  if (elsewhere !== undefined)
    throw new AppError('branch.blocked', `The branch ${session.branch} is checked out in ${elsewhere}.`, {
      hint: 'Switch to another branch there, then try again.',
    });
};

export interface World extends Found {
  worktree: Worktree | undefined;
  /** How the work is in another branch already; null: it is not, or there is no branch. */
  landed: Landed | null;
  /** The part of `uncommitted` that lies in the repositories of submodules. */
  inside: string[];
}

/** What the world holds that `archive`, `rm` and `prune` could lose. */
export const lookAround = async (ctx: Context, session: Session): Promise<World> => {
  const worktree = await standingWorktree(ctx, session.worktree);
  const dirty = worktree ? editsAmong(await dirtyPaths(ctx.repo, worktree), session.leftovers) : [];
  const branchCommit = (await readRef(ctx.repo, `refs/heads/${session.branch}`)) ?? null;
  const work = branchCommit === null ? null : await whereabouts(ctx, session, branchCommit);
  const inside = worktree ? await submoduleWork(ctx.repo, worktree) : [];
  const uncommitted = [...dirty.map(({ path }) => path), ...inside];
  const landed = work?.landed ?? null;
  return { uncommitted, unmergedCommits: work?.unmerged ?? 0, branchCommit, worktree, landed, inside };
};
