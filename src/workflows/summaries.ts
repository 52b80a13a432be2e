import { logId, sessionLog } from '../events/envelope.ts';
import { lastTests, type SessionStatus, statusOf, totalUsage, verdictOf } from '../session/conclusions.ts';
import { replayStep } from '../session/evolve.ts';
import { initialSession, type Session, type Verdict } from '../session/state.ts';
import type { LogTips } from '../store/log-store.ts';
import { type IndexEntry, readIndex, updateIndex } from '../store/session-index.ts';
import type { Context } from './context.ts';
import { holderOf } from './journal.ts';

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
  iterations: session.iterations.length,
  createdAt: session.createdAt,
  lastActivityAt: session.lastActivityAt,
  costUsd: totalUsage(session).costUsd,
  tests: verdictOf(lastTests(session)),
  agent: session.agent.name,
});

const sameTips = (entry: IndexEntry, log: LogTips): boolean =>
  entry.tips.length === log.tips.size && entry.tips.every(([writer, id]) => log.tips.get(writer) === id);

/** A process that died in mid-iteration leaves a log that says `running`; without a holder it is not. */
const settle = (ctx: Context, summary: SessionSummary): SessionSummary =>
  summary.state === 'running' && !holderOf(ctx, summary.id) ? { ...summary, state: 'idle' } : summary;

/** Logs that the index does not know as they are now; it learns of those that are wholly in git. */
const replayAll = async (ctx: Context, stale: LogTips[]): Promise<SessionSummary[]> => {
  if (stale.length === 0) return [];
  const folded = await ctx.store.foldMany(
    stale.map(({ log }) => log),
    undefined,
    replayStep,
  );
  const summaries: SessionSummary[] = [];
  const entries: IndexEntry[] = [];
  for (const [at, { log, state, damaged }] of folded.entries()) {
    if (damaged) {
      ctx.warn(damaged.message);
      continue;
    }
    const summary = summarize({ ...(state?.session ?? initialSession), id: logId(log) });
    const { tips, pending } = stale[at]!;
    summaries.push(summary);
    if (!pending) entries.push({ session: summary.id, tips: [...tips], summary });
  }
  updateIndex(ctx.repo, entries);
  return summaries;
};

/**
 * Every session of the repository, oldest first. Those whose refs have not moved come from the index; the rest are
 * replayed, and the index learns of them.
 */
export const summaries = async (ctx: Context): Promise<SessionSummary[]> => {
  const logs = (await ctx.store.logs()).filter(({ log }) => log.startsWith('sessions/'));
  const index = new Map(readIndex(ctx.repo).map((entry) => [entry.session, entry]));
  const known: SessionSummary[] = [];
  const stale: LogTips[] = [];
  for (const log of logs) {
    const entry = index.get(logId(log.log));
    if (entry && !log.pending && sameTips(entry, log)) known.push(entry.summary as SessionSummary);
    else stale.push(log);
  }
  const fresh = await replayAll(ctx, stale);
  const all = [...known, ...fresh].filter(({ createdAt }) => createdAt !== '');
  return all.map((summary) => settle(ctx, summary)).sort(byCreation);
};

const byCreation = (a: SessionSummary, b: SessionSummary): number =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;

/** One session as it is now, without its lock: for the verbs that only look. */
export const readSession = async (ctx: Context, id: string): Promise<Session> => {
  const { state, warnings } = await ctx.store.fold(sessionLog(id), undefined, replayStep);
  for (const warning of warnings) ctx.warn(warning);
  return { ...(state?.session ?? initialSession), id };
};
