import { logId, sessionLog } from '../events/envelope.ts';
import { lastTests, type SessionStatus, statusOf, totalUsage, verdictOf } from '../session/conclusions.ts';
import { replay } from '../session/evolve.ts';
import type { Session, Verdict } from '../session/state.ts';
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
  const views = stale.length === 0 ? [] : await ctx.store.readMany(stale.map(({ log }) => log));
  const fresh = views.map((view) => summarize({ ...replay(view.events), id: logId(view.log) }));
  const entries = fresh.flatMap((summary, i): IndexEntry[] =>
    stale[i]!.pending ? [] : [{ session: summary.id, tips: [...stale[i]!.tips], summary }],
  );
  if (entries.length > 0) updateIndex(ctx.repo, entries);
  const all = [...known, ...fresh].filter(({ createdAt }) => createdAt !== '');
  return all.map((summary) => settle(ctx, summary)).sort(byCreation);
};

const byCreation = (a: SessionSummary, b: SessionSummary): number =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;

/** One session as it is now, without its lock: for the verbs that only look. */
export const readSession = async (ctx: Context, id: string): Promise<Session> => {
  const view = await ctx.store.read(sessionLog(id));
  for (const warning of view.warnings) ctx.warn(warning);
  return { ...replay(view.events), id };
};
