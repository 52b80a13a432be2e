import { openCatFile } from '../../git/git.ts';
import { listRefs, readRef } from '../../git/refs.ts';
import { completeObjects, fetchRefs } from '../../git/sync-fetch.ts';
import type { RefusedRef } from '../../git/sync-push.ts';
import type { SyncRemote } from '../../git/sync-remote.ts';
import { NOTES_REF } from '../../store/layout.ts';
import { mergeNotes } from '../../store/notes/merge-notes.ts';
import { clearIncoming, INCOMING_NOTES, incomingRef, takeIncoming } from '../../store/sync/incoming.ts';
import type { Context } from '../context.ts';
import type { Comparison } from './compare.ts';

export interface Pulled {
  taken: string[];
  refused: RefusedRef[];
  notes: boolean;
}

const wantedOf = (differences: Comparison['differences'], which: { code: boolean }): string[] =>
  differences
    .filter(({ kind }) => which.code || kind !== 'code')
    .filter(({ relation }) => relation === 'behind' || relation === 'unknown')
    .map(({ ref }) => ref);

/** Git compares every name asked for with every name there is: more than so many are asked for by folder. */
const MANY = 500;

const namesFor = (refs: string[]): string[] =>
  refs.length <= MANY ? refs : [...new Set(refs.map((ref) => `${ref.split('/').slice(0, 3).join('/')}/*`))];

/** Takes the other side's notes into ours. */
export const pullNotes = async (ctx: Context, remote: SyncRemote): Promise<boolean> => {
  await fetchRefs(ctx.repo, remote, [{ from: NOTES_REF, to: INCOMING_NOTES }]);
  const theirs = await readRef(ctx.repo, INCOMING_NOTES);
  return theirs !== undefined && mergeNotes(ctx.repo, theirs, { clock: ctx.clock });
};

/** Fetches what the other side has and we have not, looks at it, and takes over what goes on from ours. */
export const pull = async (
  ctx: Context,
  remote: SyncRemote,
  { differences, notes }: Comparison,
  which: { code: boolean },
): Promise<Pulled> => {
  const wanted = namesFor(wantedOf(differences, which)).map((ref) => ({ from: ref, to: incomingRef(ref) }));
  const reader = openCatFile(ctx.repo);
  try {
    await fetchRefs(ctx.repo, remote, wanted);
    const { taken, refused } = await takeIncoming(ctx.repo, { reader, writer: ctx.store.writer });
    const isNew = notes.theirs !== undefined && notes.theirs !== notes.ours;
    const gained = isNew && (await pullNotes(ctx, remote));
    await completeLogs(ctx, remote);
    return { taken, refused, notes: gained };
  } finally {
    reader.close();
    await clearIncoming(ctx.repo);
  }
};

/** A partial clone may have got our refs from the user's own fetch, without the lines behind them. */
const completeLogs = async (ctx: Context, remote: SyncRemote): Promise<void> => {
  const lists = await Promise.all(
    ['refs/amp/sessions/', 'refs/amp/batches/'].map((prefix) => listRefs(ctx.repo, prefix)),
  );
  const notes = await readRef(ctx.repo, NOTES_REF);
  const tips = lists.flat().map(({ id }) => id);
  await completeObjects(ctx.repo, remote, [...tips, ...(notes === undefined ? [] : [notes])]);
};

/** What a pull would bring, without fetching. */
export const plannedPull = (found: Comparison, which: { code: boolean }): Pulled => ({
  taken: wantedOf(found.differences, which),
  refused: [],
  notes: found.notes.theirs !== undefined && found.notes.theirs !== found.notes.ours,
});
