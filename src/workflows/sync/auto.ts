import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../../errors.ts';
import { startDetached } from '../../process/detached.ts';
import { acquireLock, LockHeld } from '../../process/lock.ts';
import { changeSyncState, readSyncState, type SyncState } from '../../store/sync/sync-state.ts';
import type { Context } from '../context.ts';
import { type SyncWish, sync } from './sync.ts';

const FIRST_WAIT_S = 30;
const LONGEST_WAIT_S = 3600;
/** Time in which a sync that was started is not started again because of it. */
const LEASE_S = 60;

const after = (at: string, seconds: number): string => new Date(Date.parse(at) + seconds * 1000).toISOString();

/** What our own start-up file is; undefined where something else than the program uses this code. */
const ownProgram = (): string | undefined => {
  try {
    const path = realpathSync(process.argv[1] ?? '');
    return /[\\/]bin[\\/](run|dev)\.js$/.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
};

const quantity = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** One line about syncs that nobody watched; undefined when all went well. */
const toTell = ({ attempts, reason, next, remotes }: SyncState): string | undefined => {
  if (attempts > 0) {
    const when = next === null ? '' : ` It is tried again with the next command after ${next.slice(11, 16)} UTC.`;
    return `History is not synced yet (${attempts === 1 ? 'one try' : `${attempts} tries`}): ${reason ?? ''}${when}`;
  }
  for (const [remote, { refused, held }] of Object.entries(remotes)) {
    const parts = [
      ...(refused.length > 0 ? [`${quantity(refused.length, 'ref')} refused`] : []),
      ...(held.length > 0 ? [`${quantity(held.length, 'ref')} kept here because of what stands in them`] : []),
    ];
    if (parts.length > 0)
      return `The last sync with ${remote}: ${parts.join(', ')}; see \`amp-sessions sync --status\`.`;
  }
  return undefined;
};

const isDue = ({ wanted, next }: SyncState, now: string): boolean => wanted !== null && (next === null || next <= now);

/**
 * After a command, with `sync.auto`: what was recorded is synced by a process of its own, so that the answer does not
 * wait and nothing of it can change how the command ended. What could not be synced is tried again by a later command.
 * A repository's own file decides neither that nor where to, unless it is trusted.
 */
export const syncLater = (ctx: Context): void => {
  const program = ownProgram();
  if (program === undefined) return;
  ctx.config.requireTrust(['sync.auto', 'sync.remote', 'sync.historyOnly']);
  const now = ctx.clock.now();
  const before = readSyncState(ctx.repo);
  const text = toTell(before);
  if (text !== undefined && text !== before.told) ctx.warn(text);
  const isNew = ctx.store.hasAppended;
  const starts = (isNew && before.attempts === 0) || isDue({ ...before, wanted: isNew ? now : before.wanted }, now);
  changeSyncState(ctx.repo, ({ since, wanted, next }) => ({
    told: text ?? null,
    since: isNew ? (since ?? now) : since,
    wanted: isNew ? now : wanted,
    next: starts ? after(now, LEASE_S) : next,
  }));
  if (!starts) return;
  const args = [program, 'sync', '--background', '-q', '-C', ctx.repo.root];
  startDetached({ command: process.execPath, args, cwd: ctx.repo.commonDir, env: ctx.env });
};

/** At most one waits for the sync that is under way: whoever comes after it has nothing to add. */
const holdingPlace = async (ctx: Context, work: (begin: () => void) => Promise<void>): Promise<void> => {
  const path = join(ctx.repo.commonDir, 'amp', 'locks', 'sync-next.lock');
  const place = await acquireLock(path, { command: 'sync' }).catch((error) => {
    if (error instanceof LockHeld) return undefined;
    throw error;
  });
  if (!place) return;
  try {
    await work(() => place.release());
  } finally {
    place.release();
  }
};

/** The sync that nobody watches: how it ended stands in the sync state, for the next command to tell. */
export const syncInBackground = async (ctx: Context, wish: SyncWish): Promise<Record<string, unknown>> => {
  await holdingPlace(ctx, async (begin) => {
    try {
      await sync(ctx, { ...wish, onTurn: begin });
    } catch (error) {
      if (isAppError(error, 'sync.busy')) return;
      const reason = isAppError(error) ? error.message : String(error);
      const now = ctx.clock.now();
      changeSyncState(ctx.repo, ({ attempts, since, wanted }) => {
        const wait = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** Math.min(attempts, 12));
        const queued = { since: since ?? now, wanted: wanted ?? now };
        return { ...queued, attempts: attempts + 1, reason, next: after(now, wait) };
      });
    }
  });
  return {};
};
