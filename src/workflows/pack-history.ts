import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { type LogName, logId, sessionLog } from '../events/envelope.ts';
import { listRefs, readRef } from '../git/refs.ts';
import { acquireLock, type Lock, LockHeld } from '../process/lock.ts';
import { inTurn } from '../process/lock-turn.ts';
import { archiveRef } from '../store/archive/archive-refs.ts';
import { type LaneToPack, packLanes } from '../store/archive/pack-lanes.ts';
import { laneRef, parseLaneRef } from '../store/layout.ts';
import { listWal } from '../store/wal/wal-files.ts';
import type { Context } from './context.ts';
import { lockPath } from './journal.ts';
import { settlePacking } from './settle-packing.ts';
import { type SessionSummary, summaries } from './summaries.ts';
import { settleLogs } from './sync/settle-logs.ts';

export interface PackingWish {
  /** Since the last event. */
  olderThanMs: number;
  /** Also sessions that are neither merged nor archived nor removed. */
  all: boolean;
}

export interface PackingItem {
  session: string;
  name: string;
  state: string;
  lastActivityAt: string;
  /** The ref that it goes into. */
  archive: string;
}

export interface Packing {
  items: PackingItem[];
  /** Refs of ours before, and what they would be at least afterwards. */
  refs: { before: number; after: number };
}

export interface PackedHistory {
  packed: PackingItem[];
  skipped: { session: string; name: string; why: string }[];
  refs: { before: number; after: number };
}

const PREFIX = 'refs/amp/';

const isClosed = ({ state, removed }: SessionSummary): boolean => removed || state === 'merged' || state === 'archived';

/** Nothing of these is under way, and nothing waits for a person. */
const isQuiet = ({ state }: SessionSummary): boolean => state === 'idle' || state === 'new';

const monthOf = (at: string): string => at.slice(0, 7);

/** Logs of which this clone's writer has a ref. */
const ownLogs = async (ctx: Context): Promise<Set<LogName>> => {
  const refs = await listRefs(ctx.repo, PREFIX);
  const lanes = refs.flatMap(({ ref }) => parseLaneRef(ref) ?? []);
  return new Set(lanes.filter(({ writer }) => writer === ctx.store.writer).map(({ log }) => log));
};

/** The sessions of this clone's writer that would be packed away, oldest first. Nothing is changed. */
export const planPacking = async (ctx: Context, wish: PackingWish): Promise<Packing> => {
  const before = new Date(Date.parse(ctx.clock.now()) - wish.olderThanMs).toISOString();
  const own = await ownLogs(ctx);
  const chosen = (await summaries(ctx)).filter(
    (summary) =>
      own.has(sessionLog(summary.id)) &&
      summary.lastActivityAt < before &&
      (isClosed(summary) || (wish.all && isQuiet(summary))),
  );
  const items = chosen.map(({ id, name, state, lastActivityAt }) => ({
    session: id,
    name,
    state,
    lastActivityAt,
    archive: archiveRef({ kind: 'log', writer: ctx.store.writer, month: monthOf(lastActivityAt) }),
  }));
  return { items, refs: await refsAfter(ctx, items) };
};

const refsAfter = async (ctx: Context, items: PackingItem[]): Promise<Packing['refs']> => {
  const refs = new Set((await listRefs(ctx.repo, PREFIX)).map(({ ref }) => ref));
  const before = refs.size;
  for (const { session, archive } of items) {
    const isCode = refs.delete(`${PREFIX}code/${session}/${ctx.store.writer}`);
    refs.delete(laneRef({ log: sessionLog(session), writer: ctx.store.writer }));
    refs.add(archive);
    if (isCode) refs.add(archive.replace('/archive/', '/code-archive/'));
  }
  return { before, after: refs.size };
};

/** So many sessions are held at a time, and are one link of an archive. */
const TOGETHER = 100;

const byMonth = (items: PackingItem[]): PackingItem[][] => {
  const months = new Map<string, PackingItem[]>();
  for (const item of items) months.set(item.archive, [...(months.get(item.archive) ?? []), item]);
  return [...months.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, at) => all.slice(at * TOGETHER, (at + 1) * TOGETHER)),
  );
};

/** What a person who has only git should find with a sealed log. */
const stateOf = ({ worktree: _, hasWorktree: __, ...state }: SessionSummary) => state;

const hold = async (ctx: Context, item: PackingItem): Promise<Lock | undefined> =>
  acquireLock(lockPath(ctx, item.session), { command: 'history pack' }).catch((error) => {
    if (error instanceof LockHeld) return undefined;
    throw error;
  });

/** Packs sessions of one month while nobody else can work on them. */
const packGroup = async (
  ctx: Context,
  { items, known }: { items: PackingItem[]; known: Map<string, SessionSummary> },
  done: PackedHistory,
): Promise<void> => {
  const locks: Lock[] = [];
  const { writer } = ctx.store;
  const skip = ({ session, name }: PackingItem, why: string) => done.skipped.push({ session, name, why });
  try {
    const lanes: LaneToPack[] = [];
    for (const item of items) {
      const lock = await hold(ctx, item);
      if (lock) locks.push(lock);
      const log = sessionLog(item.session);
      const tip = await readRef(ctx.repo, laneRef({ log, writer }));
      if (!lock) skip(item, 'a process works on it');
      else if (listWal(ctx.repo).some((file) => file.log === log)) skip(item, 'not all of it is in git yet');
      else if (tip !== undefined) lanes.push({ log, writer, tip, state: stateOf(known.get(item.session)!) });
    }
    const month = monthOf(items[0]!.lastActivityAt);
    const { packed, skipped } = await packLanes(ctx.repo, { writer, month, lanes, clock: ctx.clock });
    const gone = new Set(packed.map(logId));
    done.packed.push(...items.filter(({ session }) => gone.has(session)));
    for (const { log, why } of skipped) skip(items.find(({ session }) => session === logId(log))!, why);
  } finally {
    for (const lock of locks) lock.release();
  }
};

const PATIENCE_MS = 60_000;

/** One at a time in a repository. @throws AppError history.busy */
const withPackLock = <T>(ctx: Context, work: () => Promise<T>): Promise<T> => {
  const busy = ({ holder }: LockHeld): AppError =>
    new AppError('history.busy', `The history is being packed already (process ${holder.pid}).`, {
      hint: 'Wait for it to end, then run the command again.',
    });
  const path = join(ctx.repo.commonDir, 'amp', 'locks', 'pack.lock');
  return inTurn(path, { command: 'history pack', waitMs: PATIENCE_MS, busy }, work);
};

/**
 * Rolls sessions into one ref of this writer for each month. Every answer about them stays what it was.
 * @throws AppError `history.busy`
 */
export const packHistory = (
  ctx: Context,
  { items }: Pick<Packing, 'items'>,
  onStep: (done: number) => void = () => {},
): Promise<PackedHistory> =>
  withPackLock(ctx, async () => {
    const before = (await listRefs(ctx.repo, PREFIX)).length;
    await settlePacking(ctx);
    await settleLogs(ctx);
    const known = new Map((await summaries(ctx)).map((summary) => [summary.id, summary]));
    const done: PackedHistory = { packed: [], skipped: [], refs: { before, after: before } };
    for (const group of byMonth(items.filter(({ session }) => known.has(session)))) {
      await packGroup(ctx, { items: group, known }, done);
      onStep(done.packed.length);
    }
    const { maintenance } = await import('../git/maintenance.ts');
    await maintenance(ctx.repo);
    done.refs.after = (await listRefs(ctx.repo, PREFIX)).length;
    return done;
  });
