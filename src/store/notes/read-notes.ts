import type { LogEvent } from '../../events/catalogue.ts';
import { decodeEvent } from '../../events/codec.ts';
import { readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { NOTES_REF } from '../layout.ts';
import { decodeCommit } from '../objects/encode.ts';
import { NotesTree } from './notes-tree.ts';
import type { ObjectReader } from './plan-notes.ts';

/** Anybody may have pushed a note: one that is longer was not written by us. */
const MAX_READ = 1 << 20;

const eventsOf = (note: Buffer): LogEvent[] =>
  note.length > MAX_READ
    ? []
    : note
        .toString('utf8')
        .split('\n')
        .flatMap((line) => decodeEvent(line) ?? []);

/**
 * The events that the notes of commits tell of, shortened as notes are. Notes are a convenience: where they are
 * damaged, or others wrote something else, nothing is told.
 */
export const readNotes = async (
  repo: Repository,
  commits: Iterable<string>,
  reader: ObjectReader,
): Promise<Map<string, LogEvent[]>> => {
  const told = new Map<string, LogEvent[]>();
  const tip = await readRef(repo, NOTES_REF);
  if (tip === undefined) return told;
  const read = async (id: string): Promise<Buffer> => (await reader.object(id))?.bytes ?? Buffer.alloc(0);
  const root = decodeCommit(await read(tip)).tree;
  if (root === '') return told;
  const tree = new NotesTree({ root, read, format: repo.objectFormat });
  for (const commit of commits) {
    const note = await tree.get(commit);
    const events = note ? eventsOf(note) : [];
    if (events.length > 0) told.set(commit, events);
  }
  return told;
};
