import { type LogName, logId } from '../events/envelope.ts';
import { replayStep } from '../session/evolve.ts';
import { changedLogs, lookAtSessions, rememberedSessions, rememberLook } from '../store/index-state.ts';
import type { LogTips } from '../store/log-store.ts';
import { type IndexEntry, readIndex, readNewest } from '../store/session-index.ts';
import type { Context } from './context.ts';
import { holderOf } from './journal.ts';
import { learn, type SessionSummary, summarize } from './summary.ts';
import { sessionOf } from './view.ts';

export type { SessionSummary } from './summary.ts';
export { readSession } from './view.ts';

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

/** Whole states are in memory for so many sessions at a time: of ten million events they would take gigabytes. */
const AT_ONCE = 500;

const replayAll = async (ctx: Context, stale: LogTips[]): Promise<Fresh> => {
  const fresh: Fresh = { summaries: [], entries: [], open: [] };
  for (let from = 0; from < stale.length; from += AT_ONCE)
    await replaySome(ctx, stale.slice(from, from + AT_ONCE), fresh);
  // Whoever wants the newest reads the index from its end.
  fresh.entries.sort((a, b) => byActivity(b.summary as SessionSummary, a.summary as SessionSummary));
  return fresh;
};

const replaySome = async (ctx: Context, some: LogTips[], fresh: Fresh): Promise<void> => {
  const names = some.map(({ log }) => log);
  for (const [at, { log, state, damaged }] of (await ctx.store.foldMany(names, undefined, replayStep)).entries()) {
    const { tips, pending } = some[at]!;
    if (damaged || pending) fresh.open.push(log);
    if (damaged) {
      ctx.warn(damaged.message);
      continue;
    }
    const summary = summarize(await sessionOf(ctx, logId(log), state));
    fresh.summaries.push(summary);
    if (!pending) fresh.entries.push({ session: summary.id, tips: [...tips], summary });
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

/** So many changed logs may be read beside the end of the index; with more, everything is looked at. */
const FEW = 100;

/** The latest first. */
const byActivity = (a: SessionSummary, b: SessionSummary): number =>
  a.lastActivityAt > b.lastActivityAt ? -1 : a.lastActivityAt < b.lastActivityAt ? 1 : a.id < b.id ? -1 : 1;

export interface NewestWish {
  count: number;
  isWanted(summary: SessionSummary): boolean;
}

export interface NewestSummaries {
  /** Oldest first. */
  summaries: SessionSummary[];
  /** There are others that are wanted. */
  more: boolean;
}

const newestOf = (all: SessionSummary[], { count, isWanted }: NewestWish): NewestSummaries => {
  const wanted = all.filter(isWanted);
  const newest = wanted.length <= count ? wanted : wanted.sort(byActivity).slice(0, count);
  return { summaries: newest.sort(byCreation), more: wanted.length > count };
};

/** From the end of the index and the logs that changed since; undefined where that does not tell. */
const newestByIndex = async (ctx: Context, wish: NewestWish): Promise<NewestSummaries | undefined> => {
  const look = lookAtSessions(ctx.repo);
  const changed = changedLogs(ctx.repo, { look });
  if (!changed || changed.length > FEW) return undefined;
  const isChanged = new Set(changed.map(logId));
  const { entries, isSound } = readNewest(
    ctx.repo,
    wish.count + 1,
    ({ session, summary }) => !isChanged.has(session) && wish.isWanted(settle(ctx, summary as SessionSummary)),
  );
  if (!isSound) return undefined;
  const known = entries.map(({ summary }) => summary as SessionSummary);
  const found = changed.length === 0 ? [] : await ctx.store.logs(changed);
  const fresh = await replayAll(ctx, found);
  const there = new Set(found.map(({ log }) => logId(log)));
  const gone = [...isChanged].filter((id) => !there.has(id)).map((session) => ({ session, tips: [], summary: null }));
  if (gone.length + fresh.entries.length > 0 && learn(ctx, [...gone, ...fresh.entries]))
    rememberLook(ctx.repo, { look, sessions: rememberedSessions(ctx.repo) - gone.length, open: fresh.open });
  const all = [...known, ...fresh.summaries].filter(({ createdAt }) => createdAt !== '');
  return newestOf(
    all.map((summary) => settle(ctx, summary)),
    wish,
  );
};

/** The sessions that changed last, of those that are wanted; quick however many there are. */
export const newestSummaries = async (ctx: Context, wish: NewestWish): Promise<NewestSummaries> =>
  (Number.isFinite(wish.count) ? await newestByIndex(ctx, wish) : undefined) ?? newestOf(await summaries(ctx), wish);

const byCreation = (a: SessionSummary, b: SessionSummary): number =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;
