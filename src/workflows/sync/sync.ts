import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import { clearOutgoing, type RefusedRef } from '../../git/sync-push.ts';
import { findSyncRemote } from '../../git/sync-remote.ts';
import type { LockHeld } from '../../process/lock.ts';
import { inTurn } from '../../process/lock-turn.ts';
import { parseArchiveRef } from '../../store/archive/archive-refs.ts';
import { parseSyncRef, sessionOf } from '../../store/sync/sync-refs.ts';
import { changeSyncState } from '../../store/sync/sync-state.ts';
import type { Context } from '../context.ts';
import { settlePacking } from '../settle-packing.ts';
import { summaries } from '../summaries.ts';
import { compare, compareWith, lookThere } from './compare.ts';
import { type Obeyed, obeyTombstones } from './obey-tombstones.ts';
import { type Pulled, plannedPull, pull } from './pull.ts';
import { push, type Sent } from './push.ts';
import type { HeldRef } from './scan-logs.ts';
import { settleLogs } from './settle-logs.ts';

export interface SyncWish {
  /** Name or address; undefined where the user's own push goes. */
  remote?: string | undefined;
  push: boolean;
  pull: boolean;
  /** The remote is the one that an automatic sync goes to. */
  isUsual?: boolean;
  /** No code leaves, and none is asked for. */
  historyOnly: boolean;
  /** Uncommitted work that was kept goes and comes along. */
  snapshots?: boolean;
  dryRun: boolean;
  /** Where the person stands. */
  directory: string;
  onStep?(text: string): void;
  /** It is our turn: no other sync is under way. */
  onTurn?(): void;
}

export interface SyncAnswer {
  remote: string;
  dryRun: boolean;
  /** Refs that the other side has got. */
  pushed: string[];
  /** Refs that we have got. */
  fetched: string[];
  notes: { pushed: boolean; fetched: boolean };
  /** Sessions that somebody forgot, and that are gone here now. */
  forgotten: string[];
  /** Refs of such sessions that the other side has no more. */
  deleted: string[];
  /** Sessions and batches among them. */
  logs: { pushed: number; fetched: number };
  refused: RefusedRef[];
  /** Not pushed, because of what stands in them. */
  held: HeldRef[];
}

const PATIENCE_MS = 60_000;

/** One sync at a time in a repository: it has a place of its own for what it fetches. @throws AppError sync.busy */
const withSyncLock = <T>(ctx: Context, work: () => Promise<T>): Promise<T> => {
  const busy = ({ holder }: LockHeld): AppError =>
    new AppError('sync.busy', `Another sync of this repository is under way (process ${holder.pid}).`, {
      hint: 'Wait for it to end, then run the command again.',
    });
  const path = join(ctx.repo.commonDir, 'amp', 'locks', 'sync.lock');
  return inTurn(path, { command: 'sync', waitMs: PATIENCE_MS, busy }, work);
};

const logsAmong = (refs: string[]): number => {
  const logs = refs.flatMap((ref) => {
    const parsed = parseSyncRef(ref);
    return parsed?.kind === 'log' ? [parsed.id] : [];
  });
  return new Set(logs).size;
};

const NOTHING_PULLED: Pulled = { taken: [], refused: [], notes: false };
const NOTHING_SENT: Sent = { pushed: [], deleted: [], refused: [], held: [], notes: false };

/** Why a ref is left where it is on both sides. */
export const APART = 'neither side goes on from the other; nothing was overwritten';

interface Exchanged {
  label: string;
  obeyed: Obeyed;
  /** Refs of which each side has something that the other's does not lead to. */
  apart: RefusedRef[];
  pulled: Pulled;
  sent: Sent;
}

const exchange = async (ctx: Context, wish: SyncWish): Promise<Exchanged> => {
  const { dryRun } = wish;
  const remote = await findSyncRemote(ctx.repo, wish.remote, wish.directory);
  wish.onStep?.(`comparing with ${remote.label}`);
  if (!dryRun) {
    await clearOutgoing(ctx.repo);
    await settlePacking(ctx);
  }
  const there = await lookThere(ctx, remote);
  const obeyed = await obeyTombstones(ctx, remote, there, wish);
  if (!dryRun) await settleLogs(ctx);
  const choice = { code: !wish.historyOnly, snapshots: wish.snapshots ?? false };
  const found = await compareWith(ctx, there, choice);
  if (wish.pull) wish.onStep?.(`fetching from ${remote.label}`);
  const bring = dryRun ? plannedPull(found) : undefined;
  const pulled = wish.pull ? (bring ?? (await pull(ctx, remote, found))) : NOTHING_PULLED;
  if (wish.push) wish.onStep?.(`looking for secrets, pushing to ${remote.label}`);
  // What was unknown when it was compared, and turned out to be behind ours, goes the other way now; and what an
  // archive has that has just come must not go back.
  const isArchive = pulled.taken.some((ref) => parseArchiveRef(ref));
  const isChanged = isArchive || found.differences.some(({ relation, packed }) => relation === 'unknown' || packed);
  const isOpen = isChanged && !dryRun;
  const sent = wish.push
    ? await push(ctx, remote, isOpen ? await compare(ctx, remote, choice) : found, { dryRun, there })
    : NOTHING_SENT;
  const apart = found.differences.filter(({ relation }) => relation === 'diverged');
  return { label: remote.label, obeyed, apart: apart.map(({ ref }) => ({ ref, reason: APART })), pulled, sent };
};

/** Few loose refs and packs keep the user's own git quick. */
const tidyUp = async (ctx: Context): Promise<void> => {
  const { maintenance } = await import('../../git/maintenance.ts');
  await maintenance(ctx.repo);
  await summaries(ctx);
};

/** For `--status` and for the commands after an automatic sync. */
const remember = (
  ctx: Context,
  { wish, answer, began }: { wish: SyncWish; answer: SyncAnswer; began: string },
): void => {
  const only = ({ ref, reason }: RefusedRef): RefusedRef => ({ ref, reason });
  const last = { at: began, refused: answer.refused.map(only), held: answer.held.map(only) };
  changeSyncState(ctx.repo, ({ wanted, remotes }) => {
    const left = wanted !== null && wanted > began ? wanted : null;
    const isDone = wish.push && wish.pull && wish.isUsual;
    const settled = isDone ? { since: left, wanted: left, attempts: 0, next: null, reason: null } : {};
    return { ...settled, remotes: { ...remotes, [answer.remote]: last } };
  });
};

/**
 * Fetches what the other side has of our history and pushes what it has not: only single-writer refs and the notes,
 * only forwards, apart from anything the user's own fetch and push do.
 * @throws AppError remote.missing, remote.ambiguous, remote.unreachable, sync.busy
 */
export const sync = (ctx: Context, wish: SyncWish): Promise<SyncAnswer> =>
  withSyncLock(ctx, async () => {
    wish.onTurn?.();
    const began = ctx.clock.now();
    const { label, obeyed, apart, pulled, sent } = await exchange(ctx, wish);
    if (!wish.dryRun && pulled.taken.length > 0) await tidyUp(ctx);
    const all = [...obeyed.refused, ...apart, ...pulled.refused, ...sent.refused];
    const refused = new Map(all.map((one) => [one.ref, one]));
    const answer: SyncAnswer = {
      remote: label,
      dryRun: wish.dryRun,
      pushed: sent.pushed,
      fetched: [...obeyed.taken, ...pulled.taken],
      forgotten: obeyed.forgotten,
      deleted: sent.deleted,
      notes: { pushed: sent.notes, fetched: pulled.notes },
      logs: { pushed: logsAmong(sent.pushed), fetched: logsAmong(pulled.taken) },
      refused: [...refused.values()],
      held: sent.held,
    };
    if (!wish.dryRun) remember(ctx, { wish, answer, began });
    return answer;
  });

/** The error of a sync that left something where it is; undefined when all went. The answer stands beside it. */
export const syncError = (answer: SyncAnswer): AppError | undefined => {
  const [held] = answer.held;
  const [refused] = answer.refused;
  if (held) {
    const [place] = held.secrets;
    const at = place ? ` (${place.kind}, ${place.where}${place.seq === null ? '' : `, event ${place.seq}`})` : '';
    const more = answer.held.length > 1 ? ` and ${answer.held.length - 1} more` : '';
    return new AppError('sync.secrets', `${held.ref}${more} stays here: ${held.reason}${at}.`, {
      hint: `Nothing of it has left this machine, and the rest went through. Look at that place, and take the secret out of use. What is written is never rewritten; the whole session can go: \`amp-sessions forget ${sessionOf(held.ref) ?? '<session>'}\`.`,
      answer: { ...answer },
    });
  }
  if (!refused) return undefined;
  const more = answer.refused.length > 1 ? ` and ${answer.refused.length - 1} more` : '';
  return new AppError('push.rejected', `${refused.ref}${more} was refused: ${refused.reason}.`, {
    hint: `See what ${answer.remote} allows under refs/amp, then run the command again. The rest went through.`,
    answer: { ...answer },
  });
};
