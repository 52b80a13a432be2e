import { isAppError } from '../../errors.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { type Journal, withJournal } from '../journal.ts';
import type { SessionSummary } from '../summary.ts';
import type { Gate } from './gate.ts';
import { gatesOf } from './gates.ts';
import { conflictError, type MergeRequest, passed, refuseNothing } from './merge.ts';
import { peek } from './peek.ts';
import { type LandingPlan, planLanding } from './plan.ts';
import { prepare, refuseEdits } from './prepare.ts';
import { openPullRequest, type PullRequest, type PullRequestWish } from './pull-request.ts';
import { carryOutSquash } from './squash.ts';
import { planSquash } from './squash-plan.ts';
import { forkOf } from './target.ts';

export interface ProposeRequest
  extends Omit<MergeRequest, 'noFf'>,
    Pick<PullRequestWish, 'remote' | 'title' | 'body' | 'draft'> {}

/** The answer of `merge --pr`. */
export const describeProposal = (
  session: Session,
  plan: LandingPlan,
  done: { opened: PullRequest; gates: Gate[]; squashed: number; dryRun: boolean },
) => ({
  session: session.id,
  name: session.name,
  commit: done.opened.commit,
  branch: session.branch,
  target: plan.target.name,
  previous: plan.target.commit,
  squashed: done.squashed,
  gates: done.gates.map(({ output: _, ...gate }) => gate),
  pullRequest: done.opened,
  dryRun: done.dryRun,
});

export type Proposed = ReturnType<typeof describeProposal>;

/** Where the target is checked out here is nobody's business there. */
const gatesThere = async (ctx: Context, session: Session, plan: LandingPlan, wish: ProposeRequest): Promise<Gate[]> =>
  (await gatesOf(ctx, session, plan, wish)).filter(({ name }) => name !== 'target');

const planned = async (ctx: Context, session: Session, tip: string, wish: ProposeRequest): Promise<LandingPlan> => {
  const manual = wish.manual ?? ctx.config.config.squash.manual;
  const plan = await planLanding(ctx, session, { ...wish, noFf: false, manual, tip });
  if (plan.conflict) throw conflictError(session, plan);
  refuseNothing(session, plan);
  return plan;
};

/** @returns how many commits became one */
const squashFirst = async (ctx: Context, journal: Journal, wish: ProposeRequest & { tip: string }): Promise<number> => {
  const { session } = journal;
  const manual = wish.manual ?? ctx.config.config.squash.manual;
  try {
    const fork = await forkOf(ctx, session, wish.tip);
    const plan = await planSquash(ctx, session, { tip: wish.tip, fork, manual, message: wish.message });
    await carryOutSquash(ctx, journal, { ...plan, from: wish.tip });
    return plan.replaced.length;
  } catch (error) {
    // One commit of the agent, or none, goes as it is.
    if (isAppError(error, 'session.refused')) return 0;
    throw error;
  }
};

/**
 * Pushes a session's branch, squashed, and opens a pull request for it: nothing is merged here. The same gates as for a
 * merge come first.
 * @throws AppError landing.conflict, gate.failed, session.dirty, and what `openPullRequest` throws
 */
export const proposeSession = async (ctx: Context, which: SessionSummary, wish: ProposeRequest): Promise<Proposed> => {
  if (wish.dryRun) {
    const { session, tip } = await peek(ctx, which.id);
    const plan = await planned(ctx, session, tip, wish);
    const gates = await gatesThere(ctx, session, plan, { ...wish, skipTests: true });
    const record = async () => [];
    const opened = await openPullRequest(ctx, { id: session.id, session, record }, { ...wish, base: plan.target.name });
    const squashed = plan.squash?.replaced.length ?? 0;
    return describeProposal(session, plan, { opened, gates, squashed, dryRun: true });
  }
  return withJournal(ctx, { id: which.id, name: which.name, command: 'merge' }, async (journal) => {
    const ready = await prepare(ctx, journal, 'merge');
    refuseEdits(journal.session, ready, 'the push');
    const plan = await planned(ctx, journal.session, ready.tip, wish);
    const gates = passed(journal.session, plan, await gatesThere(ctx, journal.session, plan, wish), {
      ...wish,
      noFf: false,
    });
    const squashed = wish.squash ? await squashFirst(ctx, journal, { ...wish, tip: ready.tip }) : 0;
    wish.onStep?.(`push to ${wish.remote ?? 'the remote'}`);
    const opened = await openPullRequest(ctx, journal, { ...wish, base: plan.target.name });
    return describeProposal(journal.session, plan, { opened, gates, squashed, dryRun: false });
  });
};
