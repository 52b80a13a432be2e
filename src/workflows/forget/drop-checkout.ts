import { isAppError } from '../../errors.ts';
import { dirtyPaths } from '../../git/commits.ts';
import { moveRef, readRef } from '../../git/refs.ts';
import { removeWorktree } from '../../git/worktrees.ts';
import type { Session } from '../../session/state.ts';
import type { ForgetPlan } from '../../store/forget/pending.ts';
import type { Context } from '../context.ts';
import { worktreePath } from '../find-session.ts';
import { lookAround, standingWorktree } from '../found.ts';
import { editsAmong } from '../manual-work.ts';
import { readSession } from '../summaries.ts';
import { planForget } from './what-goes.ts';

const STRICT = { unmerged: false, uncommitted: false, keepBranch: false };

/** The session as its log says; undefined where that cannot be read any more. */
const ifReadable = async (ctx: Context, id: string): Promise<Session | undefined> => {
  try {
    const session = await readSession(ctx, id);
    return session.exists ? session : undefined;
  } catch (error) {
    if (isAppError(error)) return undefined;
    throw error;
  }
};

/**
 * What becomes of worktree and branch of a session that another clone forgot: they go where nothing is lost with them,
 * and stay else.
 */
export const planForOthers = async (ctx: Context, id: string): Promise<ForgetPlan> => {
  const stays: ForgetPlan = { session: id, worktree: null, evenDirty: false, branch: null };
  const session = await ifReadable(ctx, id);
  if (!session) return stays;
  try {
    const world = await lookAround(ctx, session);
    if (!world.worktree && world.branchCommit === null) return stays;
    if (session.conflict || session.openOperation)
      throw new Error(`a ${session.openOperation?.verb ?? 'rebase'} of it waits`);
    return await planForget(ctx, session, world, STRICT);
  } catch (error) {
    const where = worktreePath(ctx, session.worktree);
    ctx.warn(
      `Session ${id} was forgotten in another clone. Its worktree ${where} and its branch ${session.branch} stay: ${(error as Error).message}`,
    );
    return stays;
  }
};

/** Somebody may have worked there since the plan was made. */
const isDirtyNow = async (ctx: Context, id: string, recorded: string): Promise<boolean> => {
  const wt = await standingWorktree(ctx, recorded);
  if (!wt) return false;
  const session = await ifReadable(ctx, id);
  return editsAmong(await dirtyPaths(ctx.repo, wt), session?.leftovers ?? []).length > 0;
};

/** Takes worktree and branch away as planned; one that holds something new, or is locked, stays and is told. */
export const dropCheckout = async (ctx: Context, plan: ForgetPlan): Promise<void> => {
  const { session, worktree, evenDirty, branch } = plan;
  try {
    if (worktree !== null) {
      if (!evenDirty && (await isDirtyNow(ctx, session, worktree))) {
        ctx.warn(`The worktree ${worktreePath(ctx, worktree)} has uncommitted work now; it stays, with its branch.`);
        return;
      }
      await removeWorktree(ctx.repo, worktreePath(ctx, worktree));
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.warn(`${error.message} It stays, with its branch.`);
    return;
  }
  if (!branch) return;
  const ref = `refs/heads/${branch.name}`;
  const isGone = await moveRef(ctx.repo, ref, { to: null, from: branch.commit });
  if (!isGone && (await readRef(ctx.repo, ref)) !== undefined)
    ctx.warn(`The branch ${branch.name} has moved since; it stays.`);
};
