import type { Clock } from '../../clock.ts';
import type { LogEvent } from '../../events/catalogue.ts';
import { openCatFile } from '../../git/git.ts';
import { moveRef, readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { bringIn, untilWon } from '../bring-in.ts';
import { NOTES_REF } from '../layout.ts';
import { decodeCommit } from '../objects/encode.ts';
import { newObjects } from '../objects/new-objects.ts';
import { eachNote, type NoteFacts, wrongLines } from '../verify/check-notes.ts';
import { orDamage } from '../verify/lane-history.ts';
import { joinNote } from './note-lines.ts';
import { NotesTree } from './notes-tree.ts';

/** A note without the lines that its log contradicts; what is another event there is told as it is. */
const corrected = (bytes: Buffer, facts: NoteFacts): { bytes: Buffer; again: LogEvent[] } => {
  const wrong = wrongLines(bytes, facts);
  if (wrong.length === 0) return { bytes, again: [] };
  const bad = new Set(wrong.map(({ line }) => line));
  const kept = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => !bad.has(line));
  const again = wrong.flatMap(({ event }) => facts.eventOf(event.log, event.writer, event.seq) ?? []);
  return { bytes: Buffer.from(kept.join('\n')), again };
};

interface Mended {
  /** Commit to its whole note. */
  notes: Map<string, Buffer>;
  /** The notes cannot be read: they are made anew. */
  isLost: boolean;
}

const readAll = async (repo: Repository, tip: string | null): Promise<Map<string, Buffer> | undefined> => {
  const notes = new Map<string, Buffer>();
  const read =
    tip === null ? { value: undefined } : await orDamage(eachNote(repo, tip, (id, note) => notes.set(id, note)));
  return 'value' in read ? notes : undefined;
};

/** The notes that have to change, as the logs have it. */
export const planMending = async (repo: Repository, facts: NoteFacts): Promise<Mended> => {
  const known = await readAll(repo, (await readRef(repo, NOTES_REF)) ?? null);
  const mended: Mended = { notes: new Map(), isLost: known === undefined };
  for (const commit of new Set([...(known?.keys() ?? []), ...facts.expected.keys()])) {
    const before = known?.get(commit);
    const { bytes, again } = before ? corrected(before, facts) : { bytes: undefined, again: [] };
    const after = joinNote(bytes, [...again, ...(facts.expected.get(commit) ?? [])]) ?? bytes;
    if (after && !(before && after.equals(before))) mended.notes.set(commit, after);
  }
  return mended;
};

/** Writes notes whole, over those that are there. */
export const mendNotes = async (
  repo: Repository,
  { notes, isLost }: Mended,
  { clock, damagedRef }: { clock: Clock; damagedRef: string },
): Promise<string[]> => {
  const reader = openCatFile(repo);
  const kept: string[] = [];
  const read = async (id: string): Promise<Buffer> => (await reader.object(id))?.bytes ?? Buffer.alloc(0);
  try {
    await untilWon(NOTES_REF, async () => {
      const tip = (await readRef(repo, NOTES_REF)) ?? null;
      const before = isLost ? null : tip;
      const root = before === null ? null : decodeCommit(await read(before)).tree;
      const tree = new NotesTree({ root, read, format: repo.objectFormat });
      for (const [commit, note] of notes) await tree.set(commit, note);
      const objects = await newObjects(repo);
      try {
        const message = `${notes.size} notes put right`;
        const parents = before === null ? [] : [before];
        const to = await objects.commit({ tree: await tree.write(objects), parents, at: clock.now(), message });
        if (isLost && tip !== null && 'value' in (await orDamage(moveRef(repo, damagedRef, { to: tip, from: null }))))
          kept.push(damagedRef);
        const moves = [{ ref: NOTES_REF, to, from: tip }];
        return (await bringIn(repo, { objects, moves, reason: 'amp notes' }))[0] ? { won: true } : undefined;
      } finally {
        objects.dispose();
      }
    });
    return kept;
  } finally {
    reader.close();
  }
};
