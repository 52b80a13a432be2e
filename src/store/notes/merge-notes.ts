import type { Clock } from '../../clock.ts';
import { isAncestor } from '../../git/commits.ts';
import { openCatFile } from '../../git/git.ts';
import { moveRef, readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { bringIn, untilWon } from '../bring-in.ts';
import { holdsForgotten, type IsForgotten } from '../forget/forgotten-notes.ts';
import { NOTES_REF } from '../layout.ts';
import { decodeCommit } from '../objects/encode.ts';
import { newObjects } from '../objects/new-objects.ts';
import { listNotes } from './list-notes.ts';
import { uniteNotes, withoutSessions } from './note-lines.ts';
import { NotesTree } from './notes-tree.ts';
import type { ObjectReader } from './plan-notes.ts';

interface Ends {
  /** Null: there are none here. */
  ours: string | null;
  theirs: string;
  /** What leads to theirs would bring back what was forgotten: only their other lines are taken over. */
  isTainted: boolean;
}

type How = { reader: ObjectReader; at: string; isForgotten: IsForgotten };

/**
 * Writes the commit that has the lines of both.
 * @returns `moved`, `lost` when another moved ours meanwhile, `same` when ours have it all
 */
const mergeOnce = async (
  repo: Repository,
  { ours, theirs, isTainted }: Ends,
  { reader, at, isForgotten }: How,
): Promise<'moved' | 'lost' | 'same'> => {
  const bytesOf = async (id: string): Promise<Buffer> => (await reader.object(id))?.bytes ?? Buffer.alloc(0);
  const here = ours === null ? new Map<string, string>() : await listNotes(repo, ours);
  const there = await listNotes(repo, theirs);
  const root = ours === null ? null : decodeCommit(await bytesOf(ours)).tree;
  const tree = new NotesTree({ root, read: bytesOf, format: repo.objectFormat });
  for (const [commit, id] of there) {
    const own = here.get(commit);
    if (own === id) continue;
    const note = withoutSessions(await bytesOf(id), isForgotten);
    if (note.length === 0) continue;
    await tree.set(commit, own === undefined ? note : uniteNotes(await bytesOf(own), note));
  }
  const objects = await newObjects(repo);
  try {
    const message = 'notes of two clones';
    const written = await tree.write(objects);
    if (isTainted && written === root) return 'same';
    const parents = [...(ours === null ? [] : [ours]), ...(isTainted ? [] : [theirs])];
    const to = await objects.commit({ tree: written, parents, at, message });
    const moves = [{ ref: NOTES_REF, to, from: ours }];
    return (await bringIn(repo, { objects, moves, reason: 'amp notes' }))[0] ? 'moved' : 'lost';
  } finally {
    objects.dispose();
  }
};

/**
 * Takes another clone's notes into ours: forward where ours are contained in theirs, else a merge of which each note
 * has the lines of both. The order of lines is the same on every clone. Nothing of a forgotten session comes along,
 * nor a history of notes that has any of it.
 * @returns true when ours have changed
 */
export const mergeNotes = async (
  repo: Repository,
  theirs: string,
  { clock, isForgotten = () => false }: { clock: Clock; isForgotten?: IsForgotten },
): Promise<boolean> => {
  const reader = openCatFile(repo);
  try {
    return await untilWon(NOTES_REF, async () => {
      const ours = (await readRef(repo, NOTES_REF)) ?? null;
      if (ours !== null && (await isAncestor(repo, theirs, ours))) return { won: false };
      const isTainted = await holdsForgotten(repo, { tip: theirs, without: ours, isForgotten });
      const isBehind = !isTainted && (ours === null || (await isAncestor(repo, ours, theirs)));
      if (isBehind) return (await moveRef(repo, NOTES_REF, { to: theirs, from: ours })) ? { won: true } : undefined;
      const how = { reader, at: clock.now(), isForgotten };
      const done = await mergeOnce(repo, { ours, theirs, isTainted }, how);
      return done === 'lost' ? undefined : { won: done === 'moved' };
    });
  } finally {
    reader.close();
  }
};
