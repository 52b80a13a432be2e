import { type CatFile, openCatFile } from '../../git/git.ts';
import { openQuarantine } from '../../git/quarantine.ts';
import { listRefs, type RefEntry, readRef } from '../../git/refs.ts';
import { completeObjects, fetchObjects } from '../../git/sync-fetch.ts';
import type { RefusedRef } from '../../git/sync-push.ts';
import type { SyncRemote } from '../../git/sync-remote.ts';
import { ARCHIVE, parseArchiveRef } from '../../store/archive/archive-refs.ts';
import { dropCovered } from '../../store/archive/drop-covered.ts';
import { NOTES_REF } from '../../store/layout.ts';
import { mergeNotes } from '../../store/notes/merge-notes.ts';
import { judgeIncoming, takeIncoming } from '../../store/sync/incoming.ts';
import { readTombstones } from '../../store/tombstones.ts';
import type { Context } from '../context.ts';
import type { Comparison } from './compare.ts';

export interface Pulled {
  taken: string[];
  refused: RefusedRef[];
  notes: boolean;
}

const wantedOf = (differences: Comparison['differences']): RefEntry[] =>
  differences
    .filter(({ relation }) => relation === 'behind' || relation === 'unknown')
    .map(({ ref, theirs }) => ({ ref, id: theirs! }));

interface Fetched {
  /** Sees what has come, beside what is here. */
  reader: CatFile;
  incomplete: Set<string>;
  /** Brings what has come into the repository, for as long as nothing leads to it. */
  adopt(): void;
}

/** Fetches objects to a place of their own, where they are looked at before they come into the repository. */
export const withFetched = async <T>(
  ctx: Context,
  remote: SyncRemote,
  ids: string[],
  work: (fetched: Fetched) => Promise<T>,
): Promise<T> => {
  const quarantine = openQuarantine(ctx.repo);
  const reader = openCatFile(ctx.repo, { alternates: [quarantine.dir] });
  let kept: { release(): void } | undefined;
  try {
    const incomplete = await fetchObjects(ctx.repo, remote, ids, quarantine.dir);
    return await work({
      reader,
      incomplete,
      adopt: () => {
        kept ??= quarantine.adopt();
      },
    });
  } finally {
    kept?.release();
    reader.close();
    quarantine.dispose();
  }
};

const takeNotes = async (ctx: Context, theirs: string, { reader, incomplete, adopt }: Fetched): Promise<boolean> => {
  if (incomplete.has(theirs) || (await reader.object(theirs))?.type !== 'commit') return false;
  adopt();
  const { isForgotten } = await readTombstones(ctx.repo);
  return mergeNotes(ctx.repo, theirs, { clock: ctx.clock, isForgotten });
};

/** Takes the other side's notes into ours. */
export const pullNotes = (ctx: Context, remote: SyncRemote, theirs: string): Promise<boolean> =>
  withFetched(ctx, remote, [theirs], (fetched) => takeNotes(ctx, theirs, fetched));

type Taken = Omit<Pulled, 'notes'>;

const takeSome = async (ctx: Context, wanted: RefEntry[], fetched: Fetched): Promise<Taken> => {
  if (wanted.length === 0) return { taken: [], refused: [] };
  const { moves, refused } = await judgeIncoming(ctx.repo, wanted, fetched);
  if (moves.length > 0) fetched.adopt();
  return { taken: await takeIncoming(ctx.repo, moves, ctx.store.writer), refused };
};

/** Archives come first: what they hold goes here, before anything that goes on from there is looked at. */
const takeRefs = async (ctx: Context, wanted: RefEntry[], fetched: Fetched): Promise<Taken> => {
  const isArchive = ({ ref }: RefEntry): boolean => parseArchiveRef(ref) !== undefined;
  const archives = await takeSome(ctx, wanted.filter(isArchive), fetched);
  if (archives.taken.length > 0) await dropCovered(ctx.repo, { writer: ctx.store.writer, clock: ctx.clock });
  const others = wanted.filter((one) => !isArchive(one));
  const rest = await takeSome(ctx, others, fetched);
  return { taken: [...archives.taken, ...rest.taken], refused: [...archives.refused, ...rest.refused] };
};

/** Fetches what the other side has and we have not, looks at it, and takes over what goes on from ours. */
export const pull = async (ctx: Context, remote: SyncRemote, { differences, notes }: Comparison): Promise<Pulled> => {
  const wanted = wantedOf(differences);
  const theirs = notes.theirs === notes.ours ? undefined : notes.theirs;
  const ids = [...new Set([...wanted.map(({ id }) => id), ...(theirs === undefined ? [] : [theirs])])];
  const bring = () =>
    withFetched(ctx, remote, ids, async (fetched) => {
      const { taken, refused } = await takeRefs(ctx, wanted, fetched);
      const gained = theirs !== undefined && (await takeNotes(ctx, theirs, fetched));
      return { taken, refused, notes: gained };
    });
  const pulled = ids.length > 0 ? await bring() : { taken: [], refused: [], notes: false };
  await completeLogs(ctx, remote);
  return pulled;
};

/** A partial clone may have got our refs from the user's own fetch, without the lines behind them. */
const completeLogs = async (ctx: Context, remote: SyncRemote): Promise<void> => {
  const lists = await Promise.all(
    ['refs/amp/sessions/', 'refs/amp/batches/', ARCHIVE].map((prefix) => listRefs(ctx.repo, prefix)),
  );
  const notes = await readRef(ctx.repo, NOTES_REF);
  const tips = lists.flat().map(({ id }) => id);
  await completeObjects(ctx.repo, remote, [...tips, ...(notes === undefined ? [] : [notes])]);
};

/** What a pull would bring, without fetching. */
export const plannedPull = (found: Comparison): Pulled => ({
  taken: wantedOf(found.differences).map(({ ref }) => ref),
  refused: [],
  notes: found.notes.theirs !== undefined && found.notes.theirs !== found.notes.ours,
});
