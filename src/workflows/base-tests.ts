import { isAppError } from '../errors.ts';
import type { Worktree } from '../git/repository.ts';
import type { Context } from './context.ts';
import { type Interrupts, isStopped } from './interrupts.ts';
import type { Journal } from './journal.ts';
import { withThrowaway } from './landing/throwaway.ts';
import { type ProgramRun, runProgram } from './run-program.ts';
import { runTests } from './test-run.ts';

export interface BaseTestsWish {
  interrupts?: Interrupts;
  onStep?(step: { step: 'base-tests'; command: string }): void;
  onTestOutput?(text: string): void;
}

/**
 * The base is tested once with the command that counts, so that a later failure is known to be new. Before the agent
 * has touched anything, the session's worktree shows the base; afterwards (another test command, another base after a
 * rebase) it is tested in a worktree of its own.
 */
export const testBase = async (ctx: Context, journal: Journal, wt: Worktree, wish: BaseTestsWish): Promise<void> => {
  const { session } = journal;
  const { test, baseTests } = session;
  if (test === null || baseTests?.command === test) return;
  wish.onStep?.({ step: 'base-tests', command: test });
  const { interrupts, onTestOutput: onOutput } = wish;
  if (session.iterations.length === 0) {
    await runTests(ctx, journal, wt, { target: 'base', commit: session.head }, { interrupts, onOutput });
    return;
  }
  const commit = session.baseCommit;
  try {
    const ran = await withThrowaway(ctx, { session, commit }, (clean) => runThere(ctx, journal, clean, wish));
    if (ran === undefined) return;
    // What the run left went with its worktree; in the session's own lies what lay there before.
    const data = { target: 'base' as const, commit, command: test, ...ran, leftovers: session.leftovers };
    await journal.record([{ type: 'test-run.finished', by: 'program', data }]);
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.warn(`The base was not tested with \`${test}\`: ${error.message}`);
  }
};

/** Set-up command and tests in a clean worktree; undefined when they came to no end. */
const runThere = async (
  ctx: Context,
  { session }: Journal,
  wt: Worktree,
  { interrupts, onTestOutput }: BaseTestsWish,
): Promise<ProgramRun | undefined> => {
  const { setupTimeoutSec, testTimeoutSec } = ctx.config.config;
  if (session.setup !== null && !isStopped(interrupts)) {
    const program = { line: session.setup, timeoutSec: setupTimeoutSec, session: session.id, interrupts };
    const { exitCode, timedOut } = await runProgram(ctx, wt, program);
    if (!isStopped(interrupts) && (exitCode !== 0 || timedOut)) {
      ctx.warn(`The base was not tested with \`${session.test}\`: the set-up command fails there.`);
      return undefined;
    }
  }
  if (isStopped(interrupts)) return undefined;
  const program = { line: session.test!, timeoutSec: testTimeoutSec, session: session.id, interrupts };
  const ran = await runProgram(ctx, wt, { ...program, onOutput: onTestOutput });
  return isStopped(interrupts) ? undefined : ran;
};
