import type { Agent, AgentRequest } from '../agents/agent.ts';
import { AppError } from '../errors.ts';
import type { LogEvent } from '../events/catalogue.ts';
import type { Worktree } from '../git/repository.ts';
import { stopStrength } from '../process/strength.ts';
import { openIteration, verdictOf } from '../session/conclusions.ts';
import { nextPrompt } from '../session/decide.ts';
import type { Iteration, Session } from '../session/state.ts';
import type { TranscriptLine } from '../store/log-store.ts';
import { testBase } from './base-tests.ts';
import { chooseAgent } from './choices.ts';
import type { Context } from './context.ts';
import { finishIteration } from './finish-iteration.ts';
import { requireOwnCommands } from './foreign-commands.ts';
import { fullText } from './full-text.ts';
import { goOn } from './go-on.ts';
import { startBeat } from './heartbeat.ts';
import { type Interrupts, isStopped } from './interrupts.ts';
import { type Journal, withJournal } from './journal.ts';
import { conflictWaits } from './landing/conflict-report.ts';
import { settleConflict } from './landing/settle-conflict.ts';
import { settleOperation } from './landing/transaction.ts';
import { recordManualWork } from './manual-work.ts';
import { reconcile } from './reconcile.ts';
import type { AgentEndFact } from './record-facts.ts';
import { reportChanges, watchRepository } from './repository-watch.ts';
import { listen, outcomeOf, requestFor, timeLimitOf } from './run-agent.ts';
import { activeSandbox, sandboxFact, sandboxFor } from './sandbox.ts';
import { sessionAgent } from './session-agent.ts';
import { keepAtEnd } from './snapshots/keep.ts';
import { runTests } from './test-run.ts';
import { requireTrustedHooks } from './user-hooks.ts';
import { ensureWorktree } from './worktree.ts';

export interface IterateWish {
  id: string;
  name: string;
  prompt: string | null;
  /** Another agent, mode or model for this run only. */
  agent?: { agent?: string; model?: string };
  /** Stands in for the session's agent, which is not even looked for. */
  adapter?: Agent;
  timeoutSec: number | null;
  untilPass: boolean;
  maxIterations: number;
  interrupts: Interrupts;
  onEvent?(event: LogEvent): void;
  /** A line that the agent wrote, as it was kept. */
  onLine?(line: TranscriptLine): void;
  onStep?(step: IterateStep): void;
  onTestOutput?(text: string): void;
}

export type IterateStep =
  | { step: 'prepare' }
  | { step: 'base-tests'; command: string }
  | { step: 'agent'; iteration: number; agent: string }
  | { step: 'commit' }
  | { step: 'tests'; command: string };

export interface IterateResult {
  session: Session;
  iteration: Iteration;
  /** How many iterations this call ran. */
  ran: number;
  failure: AgentEndFact['failure'];
  interrupted: boolean;
}

/**
 * Runs the agent once (or, with `untilPass`, until the tests pass), each time with one commit, the tests, and
 * everything on record. What the agent did is kept whatever happens; errors about it are the caller's to raise from
 * the result.
 * @throws AppError `session.busy`, `landing.conflict`, `worktree.blocked`, `agent.missing`, `agent.login`, `limit.iterations`, …
 */
export const iterate = (ctx: Context, wish: IterateWish): Promise<IterateResult> =>
  withJournal(ctx, { id: wish.id, name: wish.name, command: 'iterate' }, async (journal) => {
    if (wish.onEvent) journal.onEvent(wish.onEvent);
    // What a stop is worth is found by trying, which takes a few processes: meanwhile the worktree is looked through.
    void stopStrength();
    if (wish.untilPass && journal.session.test === null)
      throw new AppError('session.refused', `Session ${wish.name} has no test command, so there is nothing to pass.`, {
        hint: `Give it one: amp-sessions rename ${wish.id} --test 'npm test'`,
      });
    await requireOwnCommands(ctx, wish.id);
    await settleOperation(ctx, journal);
    await settleConflict(ctx, journal);
    if (journal.session.conflict) throw conflictWaits(journal.session);
    const choice = chooseAgent(ctx, wish.agent ?? {}, journal.session.agent);
    const agent = wish.adapter ?? (await sessionAgent(ctx, choice));
    await Promise.all([agent.check(), activeSandbox(ctx)]);
    await requireTrustedHooks(ctx);
    wish.onStep?.({ step: 'prepare' });
    if (openIteration(journal.session)) await reconcile(ctx, journal, await ensureWorktree(ctx, journal));
    await goOn(ctx, journal);
    const wt = await ensureWorktree(ctx, journal, { reason: 'repair', interrupts: wish.interrupts });
    await recordManualWork(ctx, journal, wt);
    await testBase(ctx, journal, wt, wish);
    if (isStopped(wish.interrupts))
      throw new AppError('interrupted', 'Interrupted before the agent began.', {
        hint: `Start it with \`amp-sessions iterate ${wish.id}\`.`,
      });
    return loop(ctx, journal, wt, agent, { ...wish, mode: choice.mode });
  });

const loop = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  agent: Agent,
  wish: LoopWish,
): Promise<IterateResult> => {
  let prompt = wish.prompt;
  for (let ran = 1; ; ran++) {
    const stopBeat = startBeat(ctx, journal.id);
    const once = await runOnce(ctx, journal, wt, agent, { ...wish, prompt, again: ran > 1 }).finally(stopBeat);
    const result = { ...once, session: journal.session, iteration: journal.session.iterations.at(-1)!, ran };
    const passed = verdictOf(result.iteration.tests) === 'passed';
    if (!wish.untilPass || passed || once.failure || once.interrupted || ran >= wish.maxIterations) return result;
    await recordManualWork(ctx, journal, wt);
    prompt = null;
  }
};

type LoopWish = IterateWish & { mode: string | null };
type OnceWish = LoopWish & { again: boolean };

const runOnce = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  agent: Agent,
  wish: OnceWish,
): Promise<{ failure: AgentEndFact['failure']; interrupted: boolean }> => {
  const began = ctx.clock.elapsed();
  const watch = await watchRepository(ctx, journal.id, wt);
  const request = await openIterationFor(ctx, journal, wt, agent, wish);
  wish.onStep?.({ step: 'agent', iteration: request.iteration, agent: agent.name });
  const { end, transcript } = await listen(ctx, journal, agent, request, wish);
  await reportChanges(ctx, journal, wt, { iteration: request.iteration, watch });
  wish.onStep?.({ step: 'commit' });
  const interrupted = end.stopped === 'user' || wish.interrupts.stopped !== 'no';
  const said = end.result?.text ?? journal.session.iterations.at(-1)!.message;
  const durationMs = ctx.clock.elapsed() - began;
  const done = await finishIteration(ctx, journal, wt, {
    outcome: outcomeOf(end, interrupted),
    said,
    durationMs,
    recovered: false,
    transcript,
    known: Object.values(watch.before.refs),
  });
  if (!interrupted && end.failure === null && journal.session.test !== null) {
    wish.onStep?.({ step: 'tests', command: journal.session.test });
    const what = {
      target: 'iteration',
      iteration: done.iteration,
      commit: done.commit ?? journal.session.head,
    } as const;
    await runTests(ctx, journal, wt, what, { interrupts: wish.interrupts, onOutput: wish.onTestOutput });
  }
  await keepAtEnd(ctx, journal, wt);
  await journal.flush();
  return { failure: end.failure, interrupted: interrupted || wish.interrupts.stopped !== 'no' };
};

const openIterationFor = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  agent: Agent,
  wish: OnceWish,
): Promise<AgentRequest> => {
  const threadId = journal.session.threads[agent.name];
  const timeoutMs = timeLimitOf(ctx, wish.timeoutSec);
  const [version, stops] = await Promise.all([agent.version(), stopStrength()]);
  const sandbox = await sandboxFor(ctx, wt, agent.name);
  const next = nextPrompt(journal.session, wish.prompt);
  const prompt = next && (await fullText(ctx, journal.id, next.prompt));
  await journal.decide({
    do: 'startIteration',
    data: {
      prompt,
      reason: wish.again ? 'until-pass' : (next?.reason ?? 'prompt'),
      head: journal.session.head,
      agent: { name: agent.name, mode: wish.mode, version, threadId: threadId ?? null },
      timeoutMs,
      stopStrength: stops,
      ...sandboxFact(sandbox),
    },
  });
  // As it was given: what is on record has its secrets taken out, and may be cut.
  return requestFor(ctx, journal, wt, { prompt: prompt!, mode: wish.mode, timeoutMs, sandbox });
};
