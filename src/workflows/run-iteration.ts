import { AppError, type ErrorCode, isAppError } from '../errors.ts';
import { verdictOf } from '../session/conclusions.ts';
import type { Context } from './context.ts';
import { describeRun } from './describe.ts';
import type { Interrupts } from './interrupts.ts';
import { type IterateResult, type IterateWish, iterate } from './iterate.ts';

/** The error that a plain `iterate` ends with, if its result is one; the answer stands beside it. */
export const failureOf = (result: IterateResult, answer: Record<string, unknown>): AppError | undefined => {
  const { failure, interrupted, iteration, session } = result;
  if (interrupted)
    return new AppError(
      'interrupted',
      `Iteration ${iteration.iteration} was interrupted; what it did is committed and on record.`,
      {
        answer,
        hint: `Go on with \`amp-sessions iterate ${session.id}\`.`,
      },
    );
  if (failure) return new AppError(failure.code as ErrorCode, failure.message, { answer, hint: failure.hint });
  const [hook] = iteration.failedHooks;
  if (hook)
    return new AppError(
      'hook.failed',
      `Your hook ${hook.hook} refused iteration ${iteration.iteration}: ${hook.outputTail.trim().split('\n').at(-1) ?? ''}`,
      {
        answer,
        hint: `The work is committed all the same; look with \`amp-sessions timeline ${session.id}\`.`,
      },
    );
  const tests = iteration.tests;
  if (tests === null || verdictOf(tests) === 'passed') return undefined;
  const how = tests.timedOut ? 'ran into their time limit' : `failed with exit code ${tests.exitCode ?? tests.signal}`;
  const after = result.ran > 1 ? `, after ${result.ran} iterations` : '';
  return new AppError('tests.failed', `The tests ${how}${after} (\`${session.test}\`).`, {
    answer,
    hint: `Look with \`amp-sessions status ${session.id}\`, or go on with \`amp-sessions iterate ${session.id}\`: the agent is given the output.`,
  });
};

/** What a command says about a run; the rest comes from the configuration. */
export interface RunFlags {
  prompt: string | null;
  agent?: { agent?: string; model?: string };
  timeoutMs?: number;
  untilPass?: boolean;
  maxIterations?: number;
  interrupts: Interrupts;
  /** What the command has to say besides, such as the session it just made. */
  beside?: Record<string, unknown>;
}

/** What shows a run while it lasts. */
export type RunView = Pick<IterateWish, 'onEvent' | 'onLine' | 'onStep' | 'onTestOutput'> & {
  onStopping?(how: 'gently' | 'now'): void;
  finish(): Promise<void>;
};

/** What is known already is told beside an error that knows of no answer. */
const withAnswer = (error: unknown, answer: Record<string, unknown> | undefined): unknown => {
  if (!isAppError(error) || error.answer || !answer) return error;
  const { code, message, hint, details } = error;
  return new AppError(code, message, { answer, cause: error, ...(hint && { hint }), ...(details && { details }) });
};

/** `iterate` for a command: its answer, and the error to end with after the answer was shown. */
export const runIteration = async (
  ctx: Context,
  which: { id: string; name: string },
  flags: RunFlags,
  view: RunView,
) => {
  const timeoutSec = flags.timeoutMs === undefined ? null : flags.timeoutMs / 1000;
  const maxIterations = flags.maxIterations ?? ctx.config.config.maxIterations;
  const { id, name } = which;
  const untilPass = flags.untilPass ?? false;
  const off = flags.interrupts.onStop((how) => view.onStopping?.(how));
  const wish = { ...flags, id, name, untilPass, timeoutSec, maxIterations, ...view };
  const run = iterate(ctx, wish).finally(async () => {
    off();
    await view.finish();
  });
  const result = await run.catch((error) => {
    throw withAnswer(error, flags.beside);
  });
  const answer = { ...flags.beside, ...describeRun(result.session, result.iteration, result.ran) };
  return { answer, failure: failureOf(result, answer) };
};
