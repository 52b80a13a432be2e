import { isAppError } from '../../errors.ts';
import { isAncestor } from '../../git/commits.ts';
import { openCatFile } from '../../git/git.ts';
import { remoteNames } from '../../git/remotes.ts';
import type { RefusedRef } from '../../git/sync-push.ts';
import { findSyncRemote } from '../../git/sync-remote.ts';
import { NOTES_REF } from '../../store/layout.ts';
import { type LastSync, readSyncState } from '../../store/sync/sync-state.ts';
import { missingObjects } from '../../store/verify/lane-history.ts';
import type { Context } from '../context.ts';
import { type Comparison, compare, type Difference } from './compare.ts';
import { APART, type SyncWish } from './sync.ts';

/** How this clone stands to a remote. */
export interface Standing {
  remote: string;
  /** Why it cannot be looked at; then the rest is missing. */
  error?: string;
  /** What a push would bring there; `events` is null where their number cannot be told from here. */
  ahead?: { refs: number; logs: number; events: number | null };
  /** What a fetch would bring here, or has to bring to be compared. */
  behind?: { refs: number; logs: number };
  notes?: 'none' | 'same' | 'ahead' | 'behind' | 'different';
  refused?: RefusedRef[];
  /** What the last exchange left where it was, and is there still. */
  last?: LastSync;
}

/** What waits for an automatic sync. */
export interface Queued {
  since: string;
  /** Tries in vain, in a row. */
  attempts: number;
  /** The next command after this time tries again; null: any does. */
  next: string | null;
  reason: string | null;
}

const logsOf = (differences: Difference[]): number =>
  new Set(differences.filter(({ kind }) => kind === 'log').map(({ id }) => id)).size;

type Reader = ReturnType<typeof openCatFile>;

/** Every flush says in its commit which event is its last. */
const lastSeq = async (reader: Reader, id: string | undefined): Promise<number | null> => {
  if (id === undefined) return 0;
  const commit = (await reader.object(id))?.bytes.toString('utf8');
  const seq = /^Amp-Last-Seq: (\d+)$/m.exec(commit ?? '')?.[1];
  return seq === undefined ? null : Number(seq);
};

const countEvents = async (ctx: Context, ahead: Difference[]): Promise<number | null> => {
  const reader = openCatFile(ctx.repo);
  try {
    let sum = 0;
    for (const { ours, theirs } of ahead.filter(({ kind }) => kind === 'log')) {
      const [to, from] = [await lastSeq(reader, ours), await lastSeq(reader, theirs)];
      if (to === null || from === null) return null;
      sum += to - from;
    }
    return sum;
  } finally {
    reader.close();
  }
};

const notesOf = async (ctx: Context, { ours, theirs }: Comparison['notes']): Promise<Standing['notes']> => {
  if (ours === theirs) return ours === undefined ? 'none' : 'same';
  if (theirs === undefined) return 'ahead';
  if (ours === undefined || (await missingObjects(ctx.repo, [theirs])).size > 0) return 'behind';
  if (await isAncestor(ctx.repo, theirs, ours)) return 'ahead';
  return (await isAncestor(ctx.repo, ours, theirs)) ? 'behind' : 'different';
};

export type StatusWish = Pick<SyncWish, 'remote' | 'isUsual' | 'directory' | 'historyOnly' | 'snapshots'>;

/** Of the last exchange with a remote, what is still to be exchanged. */
const lastOf = (ctx: Context, remote: string, differences: Difference[]): { last?: LastSync } => {
  const last = readSyncState(ctx.repo).remotes[remote];
  if (!last) return {};
  const open = new Set<string>([NOTES_REF, ...differences.map(({ ref }) => ref)]);
  const [refused, held] = [last.refused, last.held].map((list) => list.filter(({ ref }) => open.has(ref)));
  return { last: { at: last.at, refused: refused!, held: held! } };
};

const queuedNow = (ctx: Context): Queued | null => {
  const { since, attempts, next, reason } = readSyncState(ctx.repo);
  return since === null ? null : { since, attempts, next: attempts > 0 ? next : null, reason };
};

const standingOf = async (ctx: Context, given: string | undefined, wish: StatusWish): Promise<Standing> => {
  const remote = await findSyncRemote(ctx.repo, given, wish.directory);
  const found = await compare(ctx, remote, { code: !wish.historyOnly, snapshots: wish.snapshots ?? false });
  const { differences } = found;
  const ahead = differences.filter(({ relation }) => relation === 'ahead');
  const behind = differences.filter(({ relation }) => relation === 'behind' || relation === 'unknown');
  const diverged = differences.filter(({ relation }) => relation === 'diverged');
  return {
    remote: remote.label,
    ahead: { refs: ahead.length, logs: logsOf(ahead), events: await countEvents(ctx, ahead) },
    behind: { refs: behind.length, logs: logsOf(behind) },
    notes: await notesOf(ctx, found.notes),
    ...lastOf(ctx, remote.label, differences),
    refused: diverged.map(({ ref }) => ({ ref, reason: APART })),
  };
};

/**
 * How this clone stands to one remote, or to each that it has. One that cannot be reached is an answer too. What is
 * not in git yet does not count. Nothing is changed.
 */
export const syncStatus = async (
  ctx: Context,
  wish: StatusWish,
): Promise<{ remotes: Standing[]; queued: Queued | null }> => {
  const all = wish.remote === undefined || wish.isUsual ? await remoteNames(ctx.repo) : [];
  const names = new Set([...(wish.remote === undefined ? [] : [wish.remote]), ...all]);
  const remotes: Standing[] = [];
  for (const name of names)
    try {
      remotes.push(await standingOf(ctx, name, wish));
    } catch (error) {
      if (!isAppError(error, 'remote.unreachable')) throw error;
      remotes.push({ remote: name, error: error.message });
    }
  return { remotes, queued: queuedNow(ctx) };
};
