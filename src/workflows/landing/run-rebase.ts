import { isAppError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { InterruptSwitch, type Interrupts } from '../interrupts.ts';
import type { RunView } from '../run-iteration.ts';
import { readSession, type SessionSummary } from '../summaries.ts';
import { rebaseSession } from './rebase.ts';
import type { RebaseResult } from './rebase-answer.ts';
import { abortRebase, continueRebase, skipCommit } from './rebase-conflict.ts';
import { resolveByAgent } from './resolve-by-agent.ts';

/** What a command says; at most one of the four ways to go on. */
export interface RebaseFlags {
  onto?: string;
  fetch: boolean;
  continue: boolean;
  skip: boolean;
  abort: boolean;
  resolve?: 'agent';
  agent?: string;
  model?: string;
  timeout?: number;
  'max-iterations'?: number;
  interrupts: Interrupts | undefined;
  /** What takes its time now; of an agent's run the view is told. */
  onStep?(text: string): void;
  /** The agent's run is shown in its own way from here on. */
  onAgent?(): Promise<void>;
}

const byAgent = async (
  ctx: Context,
  which: SessionSummary,
  flags: RebaseFlags,
  view: RunView,
): Promise<RebaseResult> => {
  const interrupts = flags.interrupts ?? new InterruptSwitch();
  const off = interrupts.onStop((how) => view.onStopping?.(how));
  try {
    return await resolveByAgent(ctx, which, {
      ...view,
      agent: flags,
      timeoutSec: flags.timeout === undefined ? null : flags.timeout / 1000,
      maxIterations: flags['max-iterations'] ?? ctx.config.config.maxIterations,
      interrupts,
    });
  } finally {
    off();
    await view.finish();
  }
};

/** Where nothing waits yet, the rebase begins, and the agent is asked only about a conflict. */
const resolved = async (
  ctx: Context,
  which: SessionSummary,
  flags: RebaseFlags,
  view: RunView,
): Promise<RebaseResult> => {
  const isWaiting = (await readSession(ctx, which.id)).conflict !== null;
  if (!isWaiting || flags.onto !== undefined) {
    flags.onStep?.('worktree');
    const begun = await rebaseSession(ctx, which, flags);
    if (!isAppError(begun.failure, 'landing.conflict')) return begun;
  }
  await flags.onAgent?.();
  return byAgent(ctx, which, flags, view);
};

/** `rebase` for a command, in whichever of its ways. */
export const runRebase = async (
  ctx: Context,
  which: SessionSummary,
  flags: RebaseFlags,
  view: RunView,
): Promise<RebaseResult> => {
  if (flags.resolve === 'agent') return resolved(ctx, which, flags, view);
  flags.onStep?.('worktree');
  if (flags.continue) return continueRebase(ctx, which);
  if (flags.skip) return skipCommit(ctx, which);
  if (flags.abort) return abortRebase(ctx, which);
  return rebaseSession(ctx, which, flags);
};
