import type { Agent } from '../../agents/agent.ts';
import { AppError, type ErrorCode } from '../../errors.ts';
import type { Worktree } from '../../git/repository.ts';
import { stopStrength } from '../../process/strength.ts';
import { verdictOf } from '../../session/conclusions.ts';
import type { Session, TestRun } from '../../session/state.ts';
import { chooseAgent } from '../choices.ts';
import type { Context } from '../context.ts';
import { requireOwnCommands } from '../foreign-commands.ts';
import { isStopped } from '../interrupts.ts';
import type { IterateWish } from '../iterate.ts';
import { type Journal, withJournal } from '../journal.ts';
import type { AgentEndFact } from '../record-facts.ts';
import { reportChanges, watchRepository } from '../repository-watch.ts';
import { listen, outcomeOf, requestFor, timeLimitOf } from '../run-agent.ts';
import { activeSandbox, sandboxFact, sandboxFor } from '../sandbox.ts';
import { sessionAgent } from '../session-agent.ts';
import type { SessionSummary } from '../summary.ts';
import { runTests } from '../test-run.ts';
import { type Attempt, endConflictIteration } from './conflict-iteration.ts';
import { conflictPrompt } from './conflict-prompt.ts';
import { undecidedError } from './conflict-report.ts';
import { decideConflict, standingOn } from './conflict-resolution.ts';
import { describeRebase, type RebaseResult, watchRebase } from './rebase-answer.ts';
import { conflictWorktree } from './rebase-conflict.ts';
import { settleConflict } from './settle-conflict.ts';
import { settleOperation } from './transaction.ts';

export type ResolveWish = Pick<
  IterateWish,
  'agent' | 'timeoutSec' | 'maxIterations' | 'interrupts' | 'onEvent' | 'onLine' | 'onStep' | 'onTestOutput'
>;

interface Run {
  attempt: Attempt;
  iteration: number;
  failure: AgentEndFact['failure'];
  interrupted: boolean;
  tests: TestRun | undefined;
}

const openFor = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  agent: Agent,
  wish: ResolveWish & { mode: string | null },
) => {
  const threadId = journal.session.threads[agent.name] ?? null;
  const timeoutMs = timeLimitOf(ctx, wish.timeoutSec);
  const [version, stops] = await Promise.all([agent.version(), stopStrength()]);
  const sandbox = await sandboxFor(ctx, wt, agent.name);
  const prompt = await conflictPrompt(ctx, journal.session, wt);
  await journal.decide({
    do: 'startIteration',
    data: {
      prompt,
      reason: 'conflict',
      head: journal.session.conflict!.parent,
      agent: { name: agent.name, mode: wish.mode, version, threadId },
      timeoutMs,
      stopStrength: stops,
      ...sandboxFact(sandbox),
    },
  });
  return requestFor(ctx, journal, wt, { prompt, mode: wish.mode, timeoutMs, sandbox });
};

/** One run of the agent over one conflict, with the tests of what it made of it. */
const runOnce = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  agent: Agent,
  wish: ResolveWish & { mode: string | null },
): Promise<Run> => {
  const began = ctx.clock.elapsed();
  const watch = await watchRepository(ctx, journal.id, wt);
  const request = await openFor(ctx, journal, wt, agent, wish);
  const { iteration } = request;
  wish.onStep?.({ step: 'agent', iteration, agent: agent.name });
  const { end, transcript } = await listen(ctx, journal, agent, request, wish);
  await reportChanges(ctx, journal, wt, { iteration, watch });
  wish.onStep?.({ step: 'commit' });
  const interrupted = end.stopped === 'user' || isStopped(wish.interrupts);
  const attempt = await endConflictIteration(ctx, journal, wt, {
    outcome: outcomeOf(end, interrupted),
    durationMs: ctx.clock.elapsed() - began,
    recovered: false,
    transcript,
    known: Object.values(watch.before.refs),
  });
  const tests = attempt.resolved ? await testAttempt(ctx, journal, wt, { iteration, attempt }, wish) : undefined;
  return { attempt, iteration, failure: end.failure, interrupted: interrupted || isStopped(wish.interrupts), tests };
};

const testAttempt = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  of: { iteration: number; attempt: { commit: string | null } },
  wish: ResolveWish,
): Promise<TestRun | undefined> => {
  const { test, conflict } = journal.session;
  if (test === null) return undefined;
  wish.onStep?.({ step: 'tests', command: test });
  const commit = of.attempt.commit ?? conflict!.parent;
  const what = { target: 'iteration', iteration: of.iteration, commit } as const;
  const ran = await runTests(ctx, journal, wt, what, { interrupts: wish.interrupts, onOutput: wish.onTestOutput });
  await journal.flush();
  return ran;
};

const goes = (id: string): string => `amp-sessions rebase ${id}`;

const interruptedError = ({ id }: Session, { iteration }: Run, answer: Record<string, unknown>): AppError =>
  new AppError('interrupted', `Iteration ${iteration} was interrupted; the conflict waits, with what the agent left.`, {
    answer,
    hint: `Go on with \`${goes(id)} --continue\` or \`--resolve agent\`, or give it up with --abort.`,
  });

const testsError = (session: Session, tests: TestRun, wt: Worktree, answer: Record<string, unknown>): AppError => {
  const how = tests.timedOut ? 'ran into their time limit' : `failed with exit code ${tests.exitCode ?? tests.signal}`;
  return new AppError('tests.failed', `The agent resolved the conflict, but the tests ${how} (\`${session.test}\`).`, {
    answer,
    hint: `Look in ${wt.path}; take it all the same with \`${goes(session.id)} --continue\`, or give it up with --abort.`,
  });
};

/** Why it does not go on after a run, if it does not. */
const obstacleOf = (
  session: Session,
  run: Run,
  wt: Worktree,
  answer: Record<string, unknown>,
): AppError | undefined => {
  if (run.interrupted) return interruptedError(session, run, answer);
  if (run.failure) {
    const { code, message, hint } = run.failure;
    return new AppError(code as ErrorCode, `${message} The conflict waits.`, { answer, hint });
  }
  if (!run.attempt.resolved) {
    const open = run.attempt.left.map((one) => ({
      ...one,
      reason: one.line ? ('marker' as const) : ('undecided' as const),
    }));
    return undecidedError(session, wt, open, answer);
  }
  if (run.tests && verdictOf(run.tests) !== 'passed') return testsError(session, run.tests, wt, answer);
  return undefined;
};

const refuseCommits = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  if ((await standingOn(ctx, journal, wt)) === journal.session.conflict!.parent) return;
  throw new AppError('session.refused', `Somebody has committed in the worktree of ${journal.session.name} already.`, {
    hint: `Go on with \`${goes(journal.id)} --continue\`.`,
  });
};

const loop = async (
  ctx: Context,
  journal: Journal,
  agent: Agent,
  wish: ResolveWish & { mode: string | null },
): Promise<RebaseResult> => {
  const started = watchRebase(journal);
  const iterations: number[] = [];
  while (journal.session.conflict && iterations.length < wish.maxIterations) {
    const wt = await conflictWorktree(ctx, journal);
    await refuseCommits(ctx, journal, wt);
    const run = await runOnce(ctx, journal, wt, agent, wish);
    iterations.push(run.iteration);
    const { answer } = await describeRebase(ctx, journal, started(), { iterations });
    const failure = obstacleOf(journal.session, run, wt, answer);
    if (failure || !run.attempt.resolved) return { answer, failure };
    await decideConflict(ctx, journal, wt, { as: run.attempt.commit, by: 'agent', iteration: run.iteration });
  }
  return describeRebase(ctx, journal, started(), { iterations });
};

/**
 * Gives the conflict that waits to the session's agent, as an iteration of its own, and goes on with what it made of
 * it where no marker is left and the tests pass; then the next conflict, at most so many. Where it did not, the
 * conflict waits, with the files as the agent left them.
 * @throws AppError session.refused when no rebase waits, worktree.blocked, agent.missing, agent.login, …
 */
export const resolveByAgent = (ctx: Context, which: SessionSummary, wish: ResolveWish): Promise<RebaseResult> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rebase --resolve agent' }, async (journal) => {
    if (wish.onEvent) journal.onEvent(wish.onEvent);
    void stopStrength();
    const started = watchRebase(journal);
    await requireOwnCommands(ctx, which.id);
    await settleOperation(ctx, journal);
    await settleConflict(ctx, journal);
    if (!journal.session.conflict) return describeRebase(ctx, journal, started());
    const choice = chooseAgent(ctx, wish.agent ?? {}, journal.session.agent);
    const agent = await sessionAgent(ctx, choice);
    await Promise.all([agent.check(), activeSandbox(ctx)]);
    wish.onStep?.({ step: 'prepare' });
    return loop(ctx, journal, agent, { ...wish, mode: choice.mode });
  });
