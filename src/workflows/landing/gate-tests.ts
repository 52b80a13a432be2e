import { AppError } from '../../errors.ts';
import type { Worktree } from '../../git/repository.ts';
import { verdictOf } from '../../session/conclusions.ts';
import type { Session, TestRun } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { type Interrupts, isStopped } from '../interrupts.ts';
import { type ProgramRun, runProgram } from '../run-program.ts';
import { failed, type Gate, passed, skippedGate } from './gate.ts';
import { isNothing, treesOf } from './landed-lines.ts';
import type { LandingPlan } from './plan.ts';
import { withThrowaway } from './throwaway.ts';

export interface TestsOptions {
  interrupts?: Interrupts;
  /** A part begins that may take long. */
  onStep?(text: string): void;
  onTestOutput?(text: string): void;
}

/** How many runs of the past are looked at for one on the very same files. */
const RUNS_BACK = 20;

const stopped = (): AppError =>
  new AppError('interrupted', 'The tests of the merged result were interrupted.', {
    hint: 'Nothing was changed. Run the command again.',
  });

/** Commits may be gone by now, cleaned away after a rewrite: those count for nothing. */
const treesOrNone = async (ctx: Context, commits: string[]): Promise<Map<string, string>> => {
  try {
    return await treesOf(ctx, commits);
  } catch {
    return new Map();
  }
};

/** The newest run of this very command on these very files. */
const knownRun = async (ctx: Context, session: Session, commit: string): Promise<TestRun | undefined> => {
  const runs = session.iterations
    .flatMap(({ tests }) => (tests?.command === session.test ? [tests] : []))
    .slice(-RUNS_BACK);
  if (runs.length === 0) return undefined;
  const trees = await treesOrNone(ctx, [commit, ...runs.map((run) => run.commit)]);
  return runs.findLast((run) => trees.get(run.commit) !== undefined && trees.get(run.commit) === trees.get(commit));
};

const TAKEN = (run: ProgramRun): string => `${(run.durationMs / 1000).toFixed(1)} s`;

const howItEnded = (run: ProgramRun, limitSec: number): string =>
  run.timedOut ? `took longer than ${limitSec} s` : `ended with ${run.signal ?? `exit code ${run.exitCode}`}`;

const runIn = async (
  ctx: Context,
  session: Session,
  wt: Worktree,
  what: { line: string; timeoutSec: number; options: TestsOptions },
): Promise<ProgramRun> => {
  const { line, timeoutSec, options } = what;
  const { interrupts, onTestOutput } = options;
  if (isStopped(interrupts)) throw stopped();
  const ran = await runProgram(ctx, wt, { line, timeoutSec, session: session.id, interrupts, onOutput: onTestOutput });
  if (isStopped(interrupts)) throw stopped();
  return ran;
};

const didPass = ({ exitCode, timedOut }: ProgramRun): boolean => exitCode === 0 && !timedOut;

const testIn = async (ctx: Context, session: Session, wt: Worktree, options: TestsOptions): Promise<Gate> => {
  const { testTimeoutSec, setupTimeoutSec } = ctx.config.config;
  const { setup } = session;
  if (setup !== null) {
    options.onStep?.(`setting up the merged result: ${setup}`);
    const ran = await runIn(ctx, session, wt, { line: setup, timeoutSec: setupTimeoutSec, options });
    if (!didPass(ran))
      return failed('tests', `the set-up command \`${setup}\` ${howItEnded(ran, setupTimeoutSec)}`, {
        output: ran.outputTail,
        hint: 'It has to work on the merged result as it does in a new worktree.',
      });
  }
  const test = session.test!;
  options.onStep?.(`tests on the merged result: ${test}`);
  const ran = await runIn(ctx, session, wt, { line: test, timeoutSec: testTimeoutSec, options });
  if (didPass(ran)) return passed('tests', `\`${test}\` passed on the merged result (${TAKEN(ran)})`);
  return failed('tests', `\`${test}\` ${howItEnded(ran, testTimeoutSec)} on the merged result`, {
    output: ran.outputTail,
    hint: `Rebase the session onto the target, then let the agent mend it: \`amp-sessions rebase ${session.id}\`, \`amp-sessions iterate ${session.id} --until-pass\`.`,
  });
};

/** The session's tests on what the target would become, in a worktree of their own. @throws AppError interrupted */
export const testsGate = async (
  ctx: Context,
  session: Session,
  plan: LandingPlan,
  options: TestsOptions & { skip: boolean },
): Promise<Gate> => {
  if (session.test === null) return passed('tests', 'no test command');
  if (options.skip) return skippedGate('tests', 'not run, as asked');
  if (isNothing(plan)) return skippedGate('tests', 'not run: there is nothing to merge');
  if (plan.conflict) return skippedGate('tests', 'not run: there is no merged result yet');
  const known = await knownRun(ctx, session, plan.mergeCommit);
  if (known && verdictOf(known) === 'passed')
    return passed('tests', `\`${known.command}\` passed on the very same files before; not run again`);
  options.onStep?.('a worktree of the merged result');
  return withThrowaway(ctx, { session, commit: plan.mergeCommit }, (wt) => testIn(ctx, session, wt, options));
};
