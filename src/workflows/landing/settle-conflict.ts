import { isAppError } from '../../errors.ts';
import type { Worktree } from '../../git/repository.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Conflict } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { standingWorktree } from '../found.ts';
import type { Journal } from '../journal.ts';
import { reconcile } from '../reconcile.ts';
import { goOn, leaveRebase } from './conflict-resolution.ts';
import { showConflict } from './rebase-steps.ts';

/** Somebody has resolved a conflict before this one: that is not thrown away. */
const isLater = ({ shows, from }: Conflict): boolean => shows !== from;

const finishLeaving = async (ctx: Context, journal: Journal, wt: Worktree | undefined, what: string): Promise<void> => {
  const kept = await leaveRebase(ctx, journal, wt, 'user');
  const where = kept === null ? '' : ` What the worktree showed is kept in commit ${kept.slice(0, 12)}.`;
  ctx.warn(`${what} was being given up; that is finished now.${where}`);
};

const finishGoing = async (ctx: Context, journal: Journal, wt: Worktree, what: string): Promise<void> => {
  await goOn(ctx, journal, wt);
  ctx.warn(
    journal.session.conflict === null
      ? `${what} was finished now.`
      : `${what} went on to the next conflict, which waits now.`,
  );
};

const finishShowing = async (ctx: Context, journal: Journal, wt: Worktree, what: string): Promise<void> => {
  try {
    await showConflict(ctx, journal, wt);
  } catch (error) {
    if (!isAppError(error, 'worktree.blocked')) throw error;
  }
  if (isLater(journal.session.conflict!) && journal.session.conflict!.shown) {
    ctx.warn(`${what} waits for you now: its next conflict is in ${wt.path}.`);
    return;
  }
  const kept = await leaveRebase(ctx, journal, wt, 'crash');
  const where = kept === null ? '' : ` What the worktree showed is kept in commit ${kept.slice(0, 12)}.`;
  ctx.warn(`${what} was rolled back: it had met a conflict that nobody has seen yet.${where}`);
};

/**
 * Puts a rebase in conflict in order whose process died: a decision that is on record is carried out, a rebase that was
 * being given up is given up, a conflict that nobody has seen is rolled back. Says which. One that waits goes on
 * waiting.
 * @throws AppError target.moved, worktree.blocked when files are in the way
 */
export const settleConflict = async (ctx: Context, journal: Journal): Promise<void> => {
  if (!journal.session.conflict) return;
  const wt = await standingWorktree(ctx, journal.session.worktree);
  if (wt && openIteration(journal.session)) await reconcile(ctx, journal, wt);
  const { conflict, name } = journal.session;
  const what = `The rebase of ${name} that a dead process had begun`;
  if (conflict!.leaving) return finishLeaving(ctx, journal, wt, what);
  if (!wt) return;
  if (conflict!.resolved) return finishGoing(ctx, journal, wt, what);
  if (!conflict!.shown) await finishShowing(ctx, journal, wt, what);
};
