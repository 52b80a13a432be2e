import type { Agent, AgentFailureCode, AgentRequest } from '../agents/agent.ts';
import { isAppError } from '../errors.ts';
import type { Worktree } from '../git/repository.ts';
import type { Sandbox } from '../process/sandbox.ts';
import type { Outcome } from '../session/state.ts';
import type { TranscriptLine } from '../store/log-store.ts';
import type { Context } from './context.ts';
import type { Interrupts } from './interrupts.ts';
import type { Journal } from './journal.ts';
import { type AgentEndFact, recordFacts } from './record-facts.ts';

/** Milliseconds; null: none. */
export const timeLimitOf = (ctx: Context, timeoutSec: number | null): number | null => {
  const seconds = timeoutSec ?? ctx.config.config.timeoutSec;
  return seconds > 0 ? seconds * 1000 : null;
};

/** What the agent is asked, for the iteration that was just opened. */
export const requestFor = (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  {
    prompt,
    mode,
    timeoutMs,
    sandbox,
  }: { prompt: string; mode: string | null; timeoutMs: number | null; sandbox?: Sandbox },
): AgentRequest => {
  const { agent, iteration } = journal.session.iterations.at(-1)!;
  const { threadId } = agent;
  const { firstOutputSec, idleSec } = ctx.config.config;
  return {
    prompt,
    ...(threadId !== null && { threadId, threadCostUsd: journal.session.threadCosts[threadId] }),
    ...(mode !== null && { mode }),
    worktree: wt.path,
    session: journal.id,
    sessionName: journal.session.name,
    iteration,
    ...(timeoutMs !== null && { timeoutMs }),
    ...(firstOutputSec !== undefined && { firstOutputMs: firstOutputSec * 1000 }),
    ...(idleSec !== undefined && { idleMs: idleSec * 1000 }),
    ...(sandbox && { sandbox }),
  };
};

export interface Listening {
  interrupts: Interrupts;
  /** A line that the agent wrote, as it was kept. */
  onLine?(line: TranscriptLine): void;
}

/** A start that fails is an end like any other, so that the iteration is closed and nothing hangs. */
export const listen = async (ctx: Context, journal: Journal, agent: Agent, request: AgentRequest, wish: Listening) => {
  const run = await agent.start(request).catch(async (error) => {
    if (!isAppError(error)) throw error;
    const { failedStart } = await import('../agents/play-agent.ts');
    return failedStart({ code: error.code as AgentFailureCode, message: error.message, hint: error.hint ?? '' });
  });
  const off = wish.interrupts.onStop((how) => run.stop(how));
  try {
    return await recordFacts(ctx, journal, request.iteration, run, wish.onLine);
  } finally {
    off();
  }
};

export const outcomeOf = (end: AgentEndFact, interrupted: boolean): Outcome => {
  if (interrupted) return 'interrupted';
  if (end.stopped === 'timeout' || end.stopped === 'silent') return 'timed-out';
  return end.failure === null ? 'completed' : 'failed';
};
