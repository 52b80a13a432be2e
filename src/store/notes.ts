import { type Clock, systemClock } from '../clock.ts';
import { openCatFile } from '../git/git.ts';
import { readRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { bringIn, untilWon } from './bring-in.ts';
import { NOTES_REF } from './layout.ts';
import { NotesLine } from './notes/notes-line.ts';
import { type NoteEntries, planNotes } from './notes/plan-notes.ts';
import { newObjects } from './objects/new-objects.ts';

export type { NoteEntries } from './notes/plan-notes.ts';

const attach = async (repo: Repository, entries: NoteEntries, clock: Clock): Promise<void> => {
  const reader = openCatFile(repo);
  try {
    await untilWon(NOTES_REF, async () => {
      const tip = (await readRef(repo, NOTES_REF)) ?? null;
      const objects = await newObjects(repo);
      try {
        const to = await planNotes(repo, { tip, entries, at: clock.now() }, { reader, objects });
        if (to === undefined) return { won: true };
        const moves = [{ ref: NOTES_REF, to, from: tip }];
        const [moved] = await bringIn(repo, { objects, moves, reason: 'amp notes' });
        return moved ? { won: true } : undefined;
      } finally {
        objects.dispose();
      }
    });
  } finally {
    reader.close();
  }
};

/**
 * Adds events to the notes of commits in `refs/notes/amp`: the union of lines with what is there, at most 4 KiB a
 * note, many commits in one step, also those of others of this process who wait. Never through `git notes`, which loses
 * what others write at the same time.
 */
export const attachNotes = async (
  repo: Repository,
  entries: NoteEntries,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<void> => {
  if (entries.size > 0) await NotesLine.of(repo).add(entries, (all) => attach(repo, all, clock));
};
