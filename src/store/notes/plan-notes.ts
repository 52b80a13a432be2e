import { AppError } from '../../errors.ts';
import type { LogEvent } from '../../events/catalogue.ts';
import type { Repository } from '../../git/repository.ts';
import { NOTES_REF } from '../layout.ts';
import { decodeCommit } from '../objects/encode.ts';
import type { NewObjects } from '../objects/new-objects.ts';
import { joinNote } from './note-lines.ts';
import { NotesTree, type ReadObject } from './notes-tree.ts';

/** As much of `openCatFile` as reading notes takes. */
export interface ObjectReader {
  object(id: string): Promise<{ type: string; bytes: Buffer } | undefined>;
}

/** Commit id to the events that speak of it. */
export type NoteEntries = Map<string, LogEvent[]>;

export interface NotesPlan {
  /** The commit `refs/notes/amp` names now; null when there is none. */
  tip: string | null;
  entries: NoteEntries;
  at: string;
}

const reading =
  (reader: ObjectReader): ReadObject =>
  async (id) => {
    const object = await reader.object(id);
    if (object) return object.bytes;
    throw new AppError('log.damaged', `Object ${id} of ${NOTES_REF} is missing.`, {
      hint: `Fetch ${NOTES_REF} again, or take the ref away: notes can be made again from the logs.`,
    });
  };

/**
 * Writes the commit that adds these events to the notes; the caller brings the pack in and moves the ref.
 * Undefined when the notes hold all of it already.
 */
export const planNotes = async (
  repo: Repository,
  { tip, entries, at }: NotesPlan,
  { reader, objects }: { reader: ObjectReader; objects: NewObjects },
): Promise<string | undefined> => {
  const read = reading(reader);
  const root = tip === null ? null : decodeCommit(await read(tip)).tree;
  const tree = new NotesTree({ root, read, format: repo.objectFormat });
  const changed: string[] = [];
  for (const [commit, events] of entries) {
    const note = joinNote(await tree.get(commit), events);
    if (note === undefined) continue;
    await tree.set(commit, note);
    changed.push(commit);
  }
  if (changed.length === 0) return undefined;
  const message = changed.length === 1 ? `note ${changed[0]}` : `notes on ${changed.length} commits`;
  return objects.commit({ tree: await tree.write(objects), parents: tip === null ? [] : [tip], at, message });
};
