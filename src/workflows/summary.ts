import { isAppError } from '../errors.ts';
import { sessionLog } from '../events/envelope.ts';
import {
  allIterations,
  lastTests,
  type SessionStatus,
  statusOf,
  totalUsage,
  verdictOf,
} from '../session/conclusions.ts';
import type { Session, Verdict } from '../session/state.ts';
import type { LogTips } from '../store/log-store.ts';
import { type IndexEntry, updateIndex } from '../store/session-index.ts';
import type { Context } from './context.ts';

/** What `list` shows of a session, and what finding one by name needs. Kept in the index cache. */
export interface SessionSummary {
  id: string;
  name: string;
  state: SessionStatus;
  branch: string;
  worktree: string;
  hasWorktree: boolean;
  removed: boolean;
  iterations: number;
  createdAt: string;
  lastActivityAt: string;
  costUsd: number | null;
  tests: Verdict;
  agent: string;
}

export const summarize = (session: Session): SessionSummary => ({
  id: session.id,
  name: session.name,
  state: statusOf(session),
  branch: session.branch,
  worktree: session.worktree,
  hasWorktree: session.hasWorktree,
  removed: session.removed,
  iterations: allIterations(session).length,
  createdAt: session.createdAt,
  lastActivityAt: session.lastActivityAt,
  costUsd: totalUsage(session).costUsd,
  tests: verdictOf(lastTests(session)),
  agent: session.agent.name,
});

/** The index is a cache: where it cannot be written, all is read again the next time. */
export const learn = (ctx: Context, entries: IndexEntry[]): boolean => {
  try {
    updateIndex(ctx.repo, entries);
    return true;
  } catch (error) {
    if (isAppError(error, 'store.readonly') || isAppError(error, 'store.full') || isAppError(error, 'store.io'))
      return false;
    throw error;
  }
};

const othersOf = (ctx: Context, log: LogTips | undefined): string =>
  JSON.stringify([...(log?.tips ?? [])].filter(([writer]) => writer !== ctx.store.writer));

/** Other writers' ends of a session's log, as text to compare. */
export const othersEnds = async (ctx: Context, id: string): Promise<string> =>
  othersOf(ctx, (await ctx.store.logs([sessionLog(id)]))[0]);

/**
 * Tells the index of a session that a verb just left, so that nobody has to replay it.
 * @param others what `othersEnds` said before the log was read: if that changed, we do not know all of it
 */
export const learnSession = async (ctx: Context, session: Session, others: string): Promise<void> => {
  const [log] = await ctx.store.logs([sessionLog(session.id)]);
  if (!log || log.pending || othersOf(ctx, log) !== others) return;
  learn(ctx, [{ session: session.id, tips: [...log.tips], summary: summarize(session) }]);
};
