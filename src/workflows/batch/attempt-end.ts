import { CRASHED } from '../../batch/causes.ts';
import type { AttemptEnd } from '../../batch/state.ts';
import { diskError, isAppError } from '../../errors.ts';
import { allIterations, lastTests, openIteration, totalUsage, verdictOf } from '../../session/conclusions.ts';
import type { Iteration, Session } from '../../session/state.ts';
import type { IterateResult } from '../iterate.ts';
import { failureOf } from '../run-iteration.ts';

/** Why an attempt was told to end before its time, when we did that. */
export type StopReason = { code: 'budget.exceeded' | 'interrupted'; message: string };

type Result = Pick<AttemptEnd, 'state' | 'cause'>;

/** What is known of a session that an attempt left, whatever became of it. */
const figures = (session: Session | undefined): Omit<AttemptEnd, 'state' | 'cause' | 'durationMs'> => {
  if (!session?.exists)
    return {
      usage: { tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 0 },
      costUsd: null,
      commit: null,
      verdict: 'none',
    };
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite, costUsd } = totalUsage(session);
  return {
    usage: { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite },
    costUsd,
    commit: session.head === session.baseCommit ? null : session.head,
    verdict: verdictOf(lastTests(session)),
  };
};

const stopped = ({ code, message }: StopReason): Result => ({
  state: code === 'interrupted' ? 'cancelled' : 'budget',
  cause: { code, message },
});

const TIMEOUTS = new Set(['agent.timeout', 'agent.silent']);

const failed = (code: string, message: string): Result => {
  if (code === 'tests.failed' || code === 'hook.failed') return { state: 'failed', cause: { code, message } };
  return { state: TIMEOUTS.has(code) ? 'timeout' : 'error', cause: { code, message } };
};

const judged = (result: IterateResult): Result => {
  const failure = failureOf(result, {});
  if (!failure) return { state: 'passed', cause: null };
  const how = failed(failure.code, failure.message);
  return how.state === 'failed' && result.iteration.tests?.timedOut ? { ...how, state: 'timeout' } : how;
};

/** The end of an attempt whose iterations came back. */
export const endOfResult = (
  result: IterateResult,
  { stop, durationMs }: { stop: StopReason | null; durationMs: number },
): AttemptEnd => {
  const isStopped = result.interrupted && stop !== null;
  return { ...(isStopped ? stopped(stop) : judged(result)), ...figures(result.session), durationMs };
};

/** The end of an attempt that could not be carried through: our fault, the repository's or the agent's, never a verdict. */
export const endOfError = (
  error: unknown,
  { stop, durationMs, session }: { stop: StopReason | null; durationMs: number; session?: Session },
): AttemptEnd => {
  const rest = { ...figures(session), durationMs };
  if (stop !== null && isAppError(error, 'interrupted')) return { ...stopped(stop), ...rest };
  if (isAppError(error, 'interrupted')) return { ...stopped({ code: 'interrupted', message: error.message }), ...rest };
  const known = isAppError(error) ? error : diskError(error);
  const [code, message] = known
    ? [known.code, known.message]
    : ['program.bug', error instanceof Error ? error.message : String(error)];
  return { ...failed(code, message), ...rest };
};

const crashed = (message: string): Result => ({ state: 'error', cause: { code: CRASHED, message } });

/** What the last iteration of a session says, where it says enough. */
const readEnd = (session: Session, last: Iteration): Result | undefined => {
  if (last.outcome === 'interrupted' || last.outcome === null) return undefined;
  if (last.failure) return failed(last.failure.code, last.failure.message);
  if (last.outcome === 'timed-out') return failed('agent.timeout', 'The agent ran into its time limit.');
  // Its tests were about to run.
  if (session.test !== null && last.tests === null) return undefined;
  return judged({ session, iteration: last, ran: 1, failure: null, interrupted: false });
};

/**
 * The end of an attempt whose process died, by the session's own log: it may have come to its real end, and only the
 * batch was never told.
 */
export const endOfDead = (
  session: Session | undefined,
  { untilPass, maxIterations }: { untilPass: boolean; maxIterations: number },
): AttemptEnd => {
  const durationMs = session ? allIterations(session).reduce((sum, it) => sum + (it.durationMs ?? 0), 0) : 0;
  const rest = { ...figures(session), durationMs };
  if (!session?.exists) return { ...crashed('The process died before the session was made.'), ...rest };
  const last = session.iterations.at(-1);
  const end = last && !openIteration(session) ? readEnd(session, last) : undefined;
  const isThrough = !untilPass || end?.state !== 'failed' || session.iterations.length >= maxIterations;
  if (end && isThrough) return { ...end, ...rest };
  return { ...crashed(last ? 'The process that ran it died.' : 'The process died before the agent began.'), ...rest };
};
