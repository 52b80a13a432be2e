import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { type Gate, isStopping, skippedGate } from './gate.ts';
import { codeGate } from './gate-code.ts';
import { repositoryGate } from './gate-repository.ts';
import { secretsGate } from './gate-secrets.ts';
import { sessionsGate } from './gate-sessions.ts';
import { conflictsGate, targetGate } from './gate-target.ts';
import { type TestsOptions, testsGate } from './gate-tests.ts';
import { worktreeGate } from './gate-worktree.ts';
import { readLandedLines } from './landed-lines.ts';
import type { LandingPlan } from './plan.ts';

export type { Gate, GateFinding } from './gate.ts';
export { isStopping } from './gate.ts';

export interface GatesOptions extends TestsOptions {
  skipTests: boolean;
  /** The tests are not begun where another gate stops the merge anyway. */
  isHurried?: boolean;
}

/**
 * Everything that is looked at before a session's work becomes part of its target, in the order in which a person
 * wants to hear of it. Looks only: no ref, index, branch or checkout of anybody's is touched. The tests come last in
 * time, as they take longest.
 * @throws AppError interrupted
 */
export const gatesOf = async (
  ctx: Context,
  session: Session,
  plan: LandingPlan,
  options: GatesOptions,
): Promise<Gate[]> => {
  options.onStep?.('what would land');
  const lines = await readLandedLines(ctx, plan);
  const conflicts = conflictsGate(plan, session);
  const [worktree, repository, target, code, secrets, sessions] = await Promise.all([
    worktreeGate(ctx, session),
    repositoryGate(ctx, session, plan),
    targetGate(ctx, plan),
    codeGate(ctx, lines.files),
    secretsGate(ctx, lines),
    sessionsGate(ctx, session, plan, lines),
  ]);
  const isStopped = options.isHurried && [worktree, repository, target, conflicts, secrets].some(isStopping);
  const tests =
    isStopped && session.test !== null
      ? skippedGate('tests', 'not run: another gate stops the merge')
      : await testsGate(ctx, session, plan, { ...options, skip: options.skipTests });
  return [worktree, repository, target, conflicts, tests, code, secrets, sessions];
};
