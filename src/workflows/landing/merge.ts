import { AppError, inShell } from '../../errors.ts';
import { isClean, obstacles } from '../../git/bring-worktree.ts';
import { checkoutsOf, stateInProgress } from '../../git/checkouts.ts';
import type { Worktree } from '../../git/repository.ts';
import type { Move, Operation, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import type { Interrupts } from '../interrupts.ts';
import { type Journal, withJournal } from '../journal.ts';
import type { SessionSummary } from '../summary.ts';
import { recordedPath } from './checkouts.ts';
import { type Gate, isStopping, someOf } from './gate.ts';
import { gatesOf } from './gates.ts';
import { shortName } from './moves.ts';
import { ownMove } from './own-move.ts';
import { peek } from './peek.ts';
import { type LandingPlan, type LandingWish, planLanding } from './plan.ts';
import { prepare, refuseEdits } from './prepare.ts';
import { nextOperation, operate } from './transaction.ts';
import { unendedOn } from './unended.ts';

export interface MergeRequest extends Omit<LandingWish, 'manual'> {
  manual?: LandingWish['manual'];
  skipTests: boolean;
  /** Findings of these gates do not stop the merge; that they were let through goes on record. */
  allow?: Gate['name'][];
  dryRun: boolean;
  interrupts?: Interrupts;
  onStep?(text: string): void;
  onTestOutput?(text: string): void;
}

/** The answer of `merge`. */
export const describeMerge = (
  session: Session,
  plan: LandingPlan,
  wish: { gates: Gate[]; checkout?: string; dryRun: boolean },
) => ({
  session: session.id,
  name: session.name,
  commit: plan.mergeCommit,
  branch: session.branch,
  target: plan.target.name,
  previous: plan.target.commit,
  mode: plan.mode,
  squashed: plan.squash?.replaced.length ?? 0,
  rebased: plan.target.commit !== plan.mergeBase,
  checkout: wish.checkout ?? null,
  gates: wish.gates.map(({ output: _, ...gate }) => gate),
  dryRun: wish.dryRun,
});

export type Merged = ReturnType<typeof describeMerge>;

/** The answer where a merge that had died was only to be finished: its gates were passed then. */
const describeFinished = (session: Session, { target, squash, moves }: Operation, { noFf }: MergeRequest): Merged => ({
  session: session.id,
  name: session.name,
  commit: session.merged!.commit,
  branch: session.branch,
  target: shortName(target!.name),
  previous: target!.commit,
  mode: noFf ? 'merge-commit' : 'fast-forward',
  squashed: squash?.replaced.length ?? 0,
  rebased: session.baseCommit !== squash?.mergeBase,
  checkout: moves.find(({ ref }) => ref === target!.name)?.worktree ?? null,
  gates: [],
  dryRun: false,
});

/** The error for work that does not fit its target. */
export const conflictError = (session: Session, plan: LandingPlan): AppError => {
  const { conflicts } = plan.conflict!;
  const paths = [...new Set(conflicts.map(({ path }) => path))];
  return new AppError(
    'landing.conflict',
    `Session ${session.name} is in conflict with ${plan.target.name} in ${paths.length === 1 ? paths[0] : `${paths.length} files: ${paths.slice(0, 5).join(', ')}`}.`,
    {
      hint: `Nothing was changed. Resolve it with \`amp-sessions rebase ${session.id} --onto ${inShell(plan.target.name)}\`, then merge again.`,
      details: { conflicts: conflicts.map(({ path, kind }) => ({ path, kind })) },
      answer: { session: session.id, name: session.name, target: plan.target.name, commit: null },
    },
  );
};

export const refuseNothing = (session: Session, plan: LandingPlan): void => {
  if (plan.mergeCommit !== plan.target.commit || plan.conflict) return;
  if (plan.tip === session.baseCommit)
    throw new AppError('session.refused', `Session ${session.name} has nothing to merge: it has no commit yet.`, {
      hint: `\`amp-sessions iterate ${session.id}\` lets the agent work.`,
    });
  throw new AppError('session.refused', `${plan.target.name} contains all of session ${session.name} already.`, {
    hint: `\`amp-sessions rm ${session.id}\` removes its worktree and branch; the log stays.`,
  });
};

const dirtyTarget = (plan: LandingPlan, checkout: Worktree, why: { what: string; todo: string }): AppError =>
  new AppError('target.dirty', `${plan.target.name} is checked out in ${checkout.path}, and ${why.what}.`, {
    hint: `${why.todo}, then merge again. Nothing was changed.`,
  });

/** The checkout that shows the target, fit to be updated; undefined when none does. @throws AppError target.dirty */
const targetCheckout = async (ctx: Context, plan: LandingPlan): Promise<Worktree | undefined> => {
  const [checkout, other] = await checkoutsOf(ctx.repo, plan.target.ref);
  if (!checkout) return undefined;
  const refuse = (what: string, todo: string): AppError => dirtyTarget(plan, checkout, { what, todo });
  if (other) throw refuse(`in ${other.path} too`, 'Switch to another branch in one of them');
  const state = stateInProgress(checkout);
  if (state) throw refuse(`a ${state} is going on there`, `Finish the ${state} there, or give it up`);
  const { dirty } = await isClean(ctx.repo, checkout);
  if (dirty.length > 0) {
    const unended = await unendedOn(ctx, plan.target.ref);
    if (unended) throw refuse(unended.what, unended.todo);
    throw refuse(`that has uncommitted changes: ${someOf(dirty)}`, 'Commit or stash them there');
  }
  const inTheWay = await obstacles(ctx.repo, checkout, { from: plan.target.commit, to: plan.mergeCommit });
  if (inTheWay.length > 0)
    throw refuse(`files that it does not track are in the way: ${someOf(inTheWay)}`, 'Move them away, or commit them');
  return checkout;
};

const gateError = (session: Session, plan: LandingPlan, gates: Gate[]): AppError => {
  const stopping = gates.filter(isStopping);
  const [first] = stopping;
  const hint = first?.hint ?? `\`amp-sessions preflight ${session.id}\` shows all of it.`;
  return new AppError(
    'gate.failed',
    `Session ${session.name} is not fit to merge: ${stopping.map(({ detail }) => detail).join('; ')}.`,
    {
      hint,
      answer: { ...describeMerge(session, plan, { gates, dryRun: false }), commit: null },
    },
  );
};

/** The gates, those that were let through marked so. @throws AppError gate.failed */
export const passed = (session: Session, plan: LandingPlan, gates: Gate[], { allow = [] }: MergeRequest): Gate[] => {
  const judged = gates.map((gate) =>
    allow.includes(gate.name) && isStopping(gate) ? { ...gate, severity: 'review' as const } : gate,
  );
  if (judged.some(isStopping)) throw gateError(session, plan, judged);
  return judged;
};

const passGates = async (ctx: Context, session: Session, plan: LandingPlan, wish: MergeRequest): Promise<Gate[]> => {
  const gates = await gatesOf(ctx, session, plan, { ...wish, isHurried: true });
  return passed(session, plan, gates, wish);
};

const planned = async (ctx: Context, session: Session, tip: string, wish: MergeRequest): Promise<LandingPlan> => {
  const manual = wish.manual ?? ctx.config.config.squash.manual;
  const plan = await planLanding(ctx, session, { ...wish, manual, tip });
  if (plan.conflict) throw conflictError(session, plan);
  refuseNothing(session, plan);
  return plan;
};

/** First the target: had it moved, nothing is changed. */
const movesOf = (
  ctx: Context,
  session: Session,
  plan: LandingPlan,
  at: { checkout?: Worktree; wt?: Worktree },
): Move[] => {
  const { ref, commit } = plan.target;
  const target: Move = {
    ref,
    from: commit,
    to: plan.mergeCommit,
    worktree: at.checkout ? recordedPath(ctx, at.checkout.path) : null,
    shows: at.checkout ? commit : null,
  };
  return [target, ownMove(session, { from: plan.tip, to: plan.commit, wt: at.wt })].filter(
    ({ from, to }) => from !== to,
  );
};

const carryOut = async (
  ctx: Context,
  journal: Journal,
  plan: LandingPlan,
  found: { gates: Gate[]; checkout?: Worktree; wt?: Worktree; skipTests: boolean; allow?: Gate['name'][] },
): Promise<void> => {
  const { session } = journal;
  const moves = movesOf(ctx, session, plan, found);
  const squash = plan.squash && {
    mergeBase: plan.squash.mergeBase,
    commit: plan.squash.commit,
    replaced: plan.squash.replaced,
    manual: plan.squash.manual,
  };
  const data = {
    operation: nextOperation(session),
    moves,
    target: plan.target.ref,
    targetCommit: plan.target.commit,
    mode: plan.mode,
    commit: plan.mergeCommit,
    squash,
    rewritten: plan.rewritten,
    dropped: plan.dropped,
    gates: found.gates.map(({ name, ok, detail }) => ({ name, ok, detail })),
    skipped: [
      ...(found.skipTests && session.test !== null ? ['tests'] : []),
      ...found.gates.filter(({ name, ok }) => !ok && found.allow?.includes(name)).map(({ name }) => name),
    ],
  };
  const keep = [plan.tip, plan.commit, plan.mergeCommit, ...(plan.squash ? [plan.squash.tip] : [])];
  await operate(ctx, journal, { type: 'merge.started', by: 'user', data }, keep);
};

/**
 * Brings a session's work into its target: looked at first (preflight), squashed, put upon the target as that is now,
 * and the target moved by compare-and-swap, with the checkout that shows it. All of it or nothing.
 * @throws AppError landing.conflict, gate.failed, target.dirty, target.moved, session.dirty, squash.inseparable
 */
export const mergeSession = async (ctx: Context, which: SessionSummary, wish: MergeRequest): Promise<Merged> => {
  if (wish.dryRun) {
    const { session, tip } = await peek(ctx, which.id);
    const plan = await planned(ctx, session, tip, wish);
    const checkout = await targetCheckout(ctx, plan);
    const gates = await gatesOf(ctx, session, plan, { ...wish, skipTests: true });
    return describeMerge(session, plan, { gates, checkout: checkout?.path, dryRun: true });
  }
  return withJournal(ctx, { id: which.id, name: which.name, command: 'merge' }, async (journal) => {
    const begun = journal.session.openOperation;
    const ready = await prepare(ctx, journal, 'merge');
    if (begun?.verb === 'merge' && journal.session.merged?.head === ready.tip)
      return describeFinished(journal.session, begun, wish);
    refuseEdits(journal.session, ready, 'the merge');
    const plan = await planned(ctx, journal.session, ready.tip, wish);
    const before = await targetCheckout(ctx, plan);
    const gates = await passGates(ctx, journal.session, plan, wish);
    // Tests take their time: it is looked at again.
    const hasTested = journal.session.test !== null && !wish.skipTests;
    const checkout = hasTested ? await targetCheckout(ctx, plan) : before;
    wish.onStep?.(`merge into ${plan.target.name}`);
    await carryOut(ctx, journal, plan, { ...wish, gates, checkout, wt: ready.wt });
    return describeMerge(journal.session, plan, { gates, checkout: checkout?.path, dryRun: false });
  });
};
