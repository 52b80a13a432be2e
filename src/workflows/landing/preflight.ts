import { AppError, isAppError } from '../../errors.ts';
import { readRef } from '../../git/refs.ts';
import type { Session } from '../../session/state.ts';
import { branchGone } from '../branch-gone.ts';
import type { Context } from '../context.ts';
import { diverged } from '../lines.ts';
import { warnUnrestored } from '../snapshots/unrestored.ts';
import { readSession, type SessionSummary } from '../summaries.ts';
import { failed, type Gate, isStopping } from './gate.ts';
import { distanceOf } from './gate-target.ts';
import type { TestsOptions } from './gate-tests.ts';
import { gatesOf } from './gates.ts';
import { type LandingPlan, planLanding } from './plan.ts';

export interface PreflightWish extends TestsOptions {
  into?: string;
  skipTests: boolean;
}

/** What a merge of a session would meet. */
export interface Preflight {
  session: string;
  name: string;
  /** Short name of the branch that the work would land on. */
  target: string;
  targetCommit: string;
  /** Tip of the session's branch. */
  commit: string;
  ahead: number;
  behind: number;
  /** What the tip of the target would be; null when there is a conflict. */
  result: string | null;
  ok: boolean;
  gates: Gate[];
}

const tipOf = async (ctx: Context, session: Session): Promise<string> => {
  if (session.removed)
    throw new AppError('session.archived', `Session ${session.name} was removed, its branch with it.`, {
      hint: `\`amp-sessions resume ${session.id}\` brings it back.`,
    });
  if (session.lines.length > 0) throw diverged(session);
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (tip !== undefined) return tip;
  throw branchGone(session);
};

/** The plan of an ordinary merge; where people's commits cannot be kept apart, that is told, and the rest looked at. */
const planOf = async (
  ctx: Context,
  session: Session,
  wish: { into?: string; tip: string },
): Promise<{ plan: LandingPlan; inseparable?: AppError }> => {
  const usual = { ...wish, squash: true, noFf: false };
  const { manual } = ctx.config.config.squash;
  try {
    return { plan: await planLanding(ctx, session, { ...usual, manual }) };
  } catch (error) {
    if (!isAppError(error, 'squash.inseparable')) throw error;
    return { plan: await planLanding(ctx, session, { ...usual, manual: 'include' }), inseparable: error };
  }
};

const withInseparable = (gates: Gate[], error: AppError | undefined): Gate[] =>
  gates.map((gate) =>
    error && gate.name === 'conflicts' && gate.ok ? failed('conflicts', error.message, { hint: error.hint }) : gate,
  );

/**
 * Says what a merge of a session would meet. Takes no lock and records nothing; only objects are made.
 * @throws AppError ref.missing, session.archived, session.diverged, interrupted
 */
export const preflight = async (ctx: Context, which: SessionSummary, wish: PreflightWish): Promise<Preflight> => {
  const session = await readSession(ctx, which.id);
  const tip = await tipOf(ctx, session);
  await warnUnrestored(ctx, session);
  wish.onStep?.('what a merge would do');
  const { plan, inseparable } = await planOf(ctx, session, { into: wish.into, tip });
  const gates = withInseparable(await gatesOf(ctx, session, plan, wish), inseparable);
  const { name, commit } = plan.target;
  return {
    session: session.id,
    name: session.name,
    target: name,
    targetCommit: commit,
    commit: tip,
    ...(await distanceOf(ctx, plan)),
    result: plan.conflict ? null : plan.mergeCommit,
    ok: !gates.some(isStopping),
    gates,
  };
};

/** The error that `preflight` ends with when a gate stops the merge; undefined when none does. */
export const gatesFailed = (answer: Preflight): AppError | undefined => {
  const stopping = answer.gates.filter(isStopping);
  if (stopping.length === 0) return undefined;
  const names = stopping.map(({ name }) => name).join(', ');
  return new AppError('gate.failed', `${answer.name} cannot be merged into ${answer.target} as it is: ${names}.`, {
    hint: stopping[0]!.hint,
    answer: { ...answer },
  });
};
