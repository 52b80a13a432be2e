import { isAppError } from '../errors.ts';
import { type LogName, logId, sessionLog } from '../events/envelope.ts';
import { lastTests, type SessionStatus, statusOf, totalUsage, verdictOf } from '../session/conclusions.ts';
import { replayStep } from '../session/evolve.ts';
import { initialSession, type Session, type Verdict } from '../session/state.ts';
import { changedLogs, lookAtSessions, rememberLook } from '../store/index-state.ts';
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

/** What the index did not know as it is now. */
interface Fresh {
  summaries: SessionSummary[];
  /** For the index. */
  entries: IndexEntry[];
  /** Not wholly in git, or not readable: the index may not know them. */
  open: LogName[];
}

const replayAll = async (ctx: Context, stale: LogTips[]): Promise<Fresh> => {
  const fresh: Fresh = { summaries: [], entries: [], open: [] };
  if (stale.length === 0) return fresh;
  const names = stale.map(({ log }) => log);
  for (const [at, { log, state, damaged }] of (await ctx.store.foldMany(names, undefined, replayStep)).entries()) {
    const { tips, pending } = stale[at]!;
    if (damaged || pending) fresh.open.push(log);
    if (damaged) {
      ctx.warn(damaged.message);
      continue;
    }
    const summary = summarize({ ...(state?.session ?? initialSession), id: logId(log) });
    fresh.summaries.push(summary);
    if (!pending) fresh.entries.push({ session: summary.id, tips: [...tips], summary });
  }
  return fresh;
};

/** The index is a cache: where it cannot be written, all is read again the next time. */
const learn = (ctx: Context, entries: IndexEntry[]): boolean => {
  try {
    updateIndex(ctx.repo, entries);
    return true;
  } catch (error) {
    if (isAppError(error, 'store.readonly') || isAppError(error, 'store.full') || isAppError(error, 'store.io'))
      return false;
    throw error;
  }
};

/**
 * Every session of the repository, oldest first. Those whose refs have not moved come from the index; the rest are
 * replayed, and the index learns of them.
 */
export const summaries = async (ctx: Context): Promise<SessionSummary[]> => {
  const look = lookAtSessions(ctx.repo);
  const index = new Map(readIndex(ctx.repo).map((entry) => [entry.session, entry]));
  const changed = changedLogs(ctx.repo, { look, sessions: index.size });
  const isAsked = changed && new Set(changed.map(logId));
  const logs = changed?.length === 0 ? [] : await ctx.store.logs(changed);
  const found = new Map(logs.filter(({ log }) => log.startsWith('sessions/')).map((log) => [logId(log.log), log]));

  const known: SessionSummary[] = [];
  const gone: IndexEntry[] = [];
  for (const entry of index.values()) {
    const log = found.get(entry.session);
    const isKnown = isAsked?.has(entry.session) === false || (log && !log.pending && sameTips(entry, log));
    if (isKnown) {
      known.push(entry.summary as SessionSummary);
      found.delete(entry.session);
    } else if (!log) gone.push({ session: entry.session, tips: [], summary: null });
  }
  const fresh = await replayAll(ctx, [...found.values()]);
  if (changed?.length !== 0 && learn(ctx, [...gone, ...fresh.entries])) {
    const sessions = index.size - gone.length + fresh.entries.filter(({ session }) => !index.has(session)).length;
    rememberLook(ctx.repo, { look, sessions, open: fresh.open });
  }
  const all = [...known, ...fresh.summaries].filter(({ createdAt }) => createdAt !== '');
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
