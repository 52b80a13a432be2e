import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { type Journal, withJournal } from '../journal.ts';
import type { SessionSummary } from '../summary.ts';
import { ownMove } from './own-move.ts';
import { peek } from './peek.ts';
import { prepare } from './prepare.ts';
import { type ManualMode, planSquash, type SquashPlan } from './squash-plan.ts';
import { forkOf } from './target.ts';
import { nextOperation, operate } from './transaction.ts';

export interface SquashRequest {
  /** Default: the setting `squash.manual`. */
  manual?: ManualMode;
  message?: string;
  /** Lets a person write the message, beginning with what it would be. */
  edit?(start: string): Promise<string>;
  dryRun: boolean;
}

/** The answer of `squash`. */
export const describeSquash = (session: Session, plan: SquashPlan, wish: { tip: string; dryRun: boolean }) => ({
  session: session.id,
  name: session.name,
  branch: session.branch,
  commit: plan.tip,
  previous: wish.tip,
  squashed: plan.commit,
  mergeBase: plan.mergeBase,
  subject: plan.subject,
  manual: plan.manual,
  replaced: plan.replaced,
  kept: plan.rewritten.map(({ to }) => to),
  dryRun: wish.dryRun,
});

export type Squashed = ReturnType<typeof describeSquash>;

const planned = async (ctx: Context, session: Session, tip: string, wish: SquashRequest): Promise<SquashPlan> => {
  const fork = await forkOf(ctx, session, tip);
  const manual = wish.manual ?? ctx.config.config.squash.manual;
  const first = await planSquash(ctx, session, { tip, fork, manual, message: wish.message, again: Boolean(wish.edit) });
  if (!wish.edit) return first;
  const message = await wish.edit(first.message);
  return planSquash(ctx, session, { tip, fork, manual, message });
};

/** Makes what a plan of a squash says. */
export const carryOutSquash = async (
  ctx: Context,
  journal: Journal,
  plan: SquashPlan & { from: string },
): Promise<void> => {
  const { session } = journal;
  const { mergeBase, commit, replaced, manual, rewritten, subject } = plan;
  // The files are the same before and after, so that the worktree has nothing to do.
  const moves = [ownMove(session, { from: plan.from, to: plan.tip, wt: undefined })];
  const data = { operation: nextOperation(session), moves, mergeBase, commit, replaced, manual, rewritten, subject };
  await operate(ctx, journal, { type: 'squash.started', by: 'user', data }, [plan.from, plan.tip]);
};

/**
 * Makes one commit of all iterations, from where the session left its base. The user's own commits stay apart, with
 * author, message and date, or are taken in. Worktree and index are not touched: the files are the same.
 * @throws AppError session.refused when there is nothing to squash, squash.inseparable, session.busy
 */
export const squashSession = async (ctx: Context, which: SessionSummary, wish: SquashRequest): Promise<Squashed> => {
  if (wish.dryRun) {
    const { session, tip } = await peek(ctx, which.id);
    return describeSquash(session, await planned(ctx, session, tip, wish), { ...wish, tip });
  }
  return withJournal(ctx, { id: which.id, name: which.name, command: 'squash' }, async (journal) => {
    const { tip } = await prepare(ctx, journal, 'squash');
    const plan = await planned(ctx, journal.session, tip, wish);
    await carryOutSquash(ctx, journal, { ...plan, from: tip });
    return describeSquash(journal.session, plan, { ...wish, tip });
  });
};
