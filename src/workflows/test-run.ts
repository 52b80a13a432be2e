import type { Worktree } from '../git/repository.ts';
import type { TestRun } from '../session/state.ts';
import type { Context } from './context.ts';
import { type Interrupts, isStopped } from './interrupts.ts';
import type { Journal } from './journal.ts';
import { runProgram } from './run-program.ts';

export interface TestTarget {
  target: 'base' | 'iteration';
  iteration?: number;
  commit: string;
}

/** Runs the session's test command in a worktree and records what it showed; undefined when it was interrupted. */
export const runTests = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  what: TestTarget,
  options: { interrupts?: Interrupts; onOutput?(text: string): void } = {},
): Promise<TestRun | undefined> => {
  const line = journal.session.test;
  if (line === null || isStopped(options.interrupts)) return undefined;
  const ran = await runProgram(ctx, wt, {
    line,
    timeoutSec: ctx.config.config.testTimeoutSec,
    session: journal.id,
    ...options,
  });
  if (isStopped(options.interrupts)) {
    // No verdict; but what it left behind is nobody's work, and the next iterate must know.
    const { durationMs, leftovers } = ran;
    const data = { ...what, command: line, durationMs, leftovers };
    await journal.record([{ type: 'test-run.interrupted', by: 'program', data }]);
    return undefined;
  }
  const [event] = await journal.record([
    { type: 'test-run.finished', by: 'program', data: { ...what, command: line, ...ran } },
  ]);
  if (what.target === 'iteration') journal.note(what.commit, [event!]);
  return { commit: what.commit, command: line, ...ran };
};
