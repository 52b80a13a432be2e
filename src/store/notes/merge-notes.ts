import type { Clock } from '../../clock.ts';
import { isAncestor } from '../../git/commits.ts';
import { gitText, openCatFile } from '../../git/git.ts';
import { moveRef, readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { bringIn, untilWon } from '../bring-in.ts';
import { NOTES_REF } from '../layout.ts';
import { decodeCommit } from '../objects/encode.ts';
import { newObjects } from '../objects/new-objects.ts';
import { uniteNotes } from './note-lines.ts';
import { NotesTree } from './notes-tree.ts';
import type { ObjectReader } from './plan-notes.ts';

/** Id of each note's blob by the id of its commit, whatever the fan-out; files that are no notes are left out. */
const listNotes = async (repo: Repository, tip: string): Promise<Map<string, string>> => {
  const text = await gitText(repo, ['ls-tree', '-r', '-z', '--full-tree', tip], { maxBytes: 1 << 30 });
  const notes = new Map<string, string>();
  for (const entry of text.split('\0')) {
    const [, type, id, path] = /^\d+ (\w+) ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    const commit = path?.replaceAll('/', '') ?? '';
    if (type === 'blob' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) notes.set(commit, id!);
  }
  return notes;
};

interface Ends {
  ours: string;
  theirs: string;
}

/** Writes the commit that has the lines of both; undefined when another moved ours meanwhile. */
const mergeOnce = async (
  repo: Repository,
  { ours, theirs }: Ends,
  { reader, at }: { reader: ObjectReader; at: string },
): Promise<boolean> => {
  const bytesOf = async (id: string): Promise<Buffer> => (await reader.object(id))?.bytes ?? Buffer.alloc(0);
  const [here, there] = [await listNotes(repo, ours), await listNotes(repo, theirs)];
  const root = decodeCommit(await bytesOf(ours)).tree;
  const tree = new NotesTree({ root, read: bytesOf, format: repo.objectFormat });
  for (const [commit, id] of there) {
    const own = here.get(commit);
    if (own === id) continue;
    const note = await bytesOf(id);
    await tree.set(commit, own === undefined ? note : uniteNotes(await bytesOf(own), note));
  }
  const objects = await newObjects(repo);
  try {
    const message = 'notes of two clones';
    const to = await objects.commit({ tree: await tree.write(objects), parents: [ours, theirs], at, message });
    const moves = [{ ref: NOTES_REF, to, from: ours }];
    return (await bringIn(repo, { objects, moves, reason: 'amp notes' }))[0] ?? false;
  } finally {
    objects.dispose();
  }
};

/**
 * Takes another clone's notes into ours: forward where ours are contained in theirs, else a merge of which each note
 * has the lines of both. The order of lines is the same on every clone.
 * @returns true when ours have changed
 */
export const mergeNotes = async (repo: Repository, theirs: string, { clock }: { clock: Clock }): Promise<boolean> => {
  const reader = openCatFile(repo);
  try {
    return await untilWon(NOTES_REF, async () => {
      const ours = (await readRef(repo, NOTES_REF)) ?? null;
      if (ours !== null && (await isAncestor(repo, theirs, ours))) return { won: false };
      const isBehind = ours === null || (await isAncestor(repo, ours, theirs));
      const won = isBehind
        ? await moveRef(repo, NOTES_REF, { to: theirs, from: ours })
        : await mergeOnce(repo, { ours, theirs }, { reader, at: clock.now() });
      return won ? { won: true } : undefined;
    });
  } finally {
    reader.close();
  }
};
