import { openCatFile } from '../../git/git.ts';
import { listRefs, type RefEntry } from '../../git/refs.ts';
import type { RefusedRef } from '../../git/sync-push.ts';
import type { SyncRemote } from '../../git/sync-remote.ts';
import { isForgetPending, writePending } from '../../store/forget/pending.ts';
import { findTraces } from '../../store/forget/traces.ts';
import { parseTombstoneRef, TOMBSTONES } from '../../store/layout.ts';
import { judgeTombstones, takeTombstones } from '../../store/sync/incoming-tombstones.ts';
import { relateChains } from '../../store/sync/relate-chains.ts';
import { readTombstones, type Tombstones } from '../../store/tombstones.ts';
import type { Context } from '../context.ts';
import { carryOut, withForgetLock } from '../forget/carry-out.ts';
import type { There } from './compare.ts';
import { withFetched } from './pull.ts';

/** What a sync did, or would do, about sessions that somebody forgot. */
export interface Obeyed {
  /** Sessions of which something was here. */
  forgotten: string[];
  /** Tombstones that we have got. */
  taken: string[];
  refused: RefusedRef[];
}

/** Tombstones that are not the same on both sides. */
const differing = async (ctx: Context, there: There): Promise<RefEntry[]> => {
  const here = new Map((await listRefs(ctx.repo, TOMBSTONES)).map(({ ref, id }) => [ref, id]));
  return [...there].flatMap(([ref, id]) => (parseTombstoneRef(ref) && here.get(ref) !== id ? [{ ref, id }] : []));
};

interface Found {
  tombstones: Tombstones;
  taken: string[];
  refused: RefusedRef[];
}

/** Takes over what the other side has; in a dry run it only counts. */
const bring = async (ctx: Context, remote: SyncRemote, incoming: RefEntry[], isDry: boolean): Promise<Found> => {
  if (incoming.length === 0) return { tombstones: await readTombstones(ctx.repo), taken: [], refused: [] };
  const ids = incoming.map(({ id }) => id);
  return withFetched(ctx, remote, ids, async ({ reader, incomplete, adopt }) => {
    const whole = incoming.filter(({ id }) => !incomplete.has(id));
    const { moves, refused } = await judgeTombstones(ctx.repo, { reader, incoming: whole });
    if (isDry) {
      const more = moves.map(({ ref, to }) => ({ ref, tip: to }));
      return {
        tombstones: await readTombstones(ctx.repo, { more, reader }),
        taken: more.map(({ ref }) => ref),
        refused,
      };
    }
    // What is to be done is on record before anybody can have read the tombstone.
    if (moves.length > 0 && !isForgetPending(ctx.repo)) writePending(ctx.repo, [], ctx);
    if (moves.length > 0) adopt();
    const taken = await takeTombstones(ctx.repo, { moves, writer: ctx.store.writer });
    return { tombstones: await readTombstones(ctx.repo), taken, refused };
  });
};

/**
 * Before anything else is exchanged: takes the other side's tombstones, and carries them out here. They count whichever
 * way a sync goes, or it would carry back what was forgotten.
 * @throws AppError session.busy
 */
export const obeyTombstones = async (
  ctx: Context,
  remote: SyncRemote,
  there: There,
  { dryRun }: { dryRun: boolean },
): Promise<Obeyed> => {
  const { tombstones, taken, refused } = await bring(ctx, remote, await differing(ctx, there), dryRun);
  for (const problem of tombstones.problems) ctx.warn(`${problem}; what can still be read of it counts.`);
  const traces =
    tombstones.forgotten.size === 0 ? [] : [...(await findTraces(ctx.repo, tombstones.isForgotten)).keys()];
  if (dryRun) return { forgotten: traces, taken, refused };
  const isOpen = traces.length > 0 || isForgetPending(ctx.repo);
  return { forgotten: isOpen ? await withForgetLock(ctx, () => carryOut(ctx)) : [], taken, refused };
};

/** Our tombstones, and those that came from others, that the other side does not have yet. */
export const tombstonesToSend = async (ctx: Context, there: There): Promise<{ ref: string; id: string }[]> => {
  const reader = openCatFile(ctx.repo);
  try {
    const refs: { ref: string; id: string }[] = [];
    for (const { ref, id } of await listRefs(ctx.repo, TOMBSTONES)) {
      const theirs = there.get(ref);
      const isAhead = theirs === undefined || (await relateChains(reader, id, theirs)) === 'ahead';
      if (parseTombstoneRef(ref) !== undefined && isAhead) refs.push({ ref, id });
    }
    return refs;
  } finally {
    reader.close();
  }
};
