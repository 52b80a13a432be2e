import type { Clock } from '../../clock.ts';
import { catFileStream, git, openCatFile } from '../../git/git.ts';
import { expireReflog } from '../../git/reflog.ts';
import { readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { bringIn, untilWon } from '../bring-in.ts';
import { NOTES_REF } from '../layout.ts';
import { listNotes } from '../notes/list-notes.ts';
import { sessionsIn, withoutSessions } from '../notes/note-lines.ts';
import { NotesTree } from '../notes/notes-tree.ts';
import { decodeCommit } from '../objects/encode.ts';
import { newObjects } from '../objects/new-objects.ts';

export type IsForgotten = (session: string) => boolean;

/** Blobs of notes behind a commit, old versions too. */
const blobsOf = async (repo: Repository, tip: string, without: string | null): Promise<string[]> => {
  const args = ['rev-list', '--objects', '--filter=object:type=blob', '--filter-provided-objects', '--stdin'];
  const stdin = `${tip}\n${without === null ? '' : `^${without}\n`}`;
  const { stdout } = await git(repo, args, { stdin, maxBytes: 1 << 30 });
  return stdout
    .toString('latin1')
    .split('\n')
    .flatMap((line) => line.split(' ')[0] || []);
};

/** Whether notes, or any commit that they came from, tell of a forgotten session. */
export const holdsForgotten = async (
  repo: Repository,
  { tip, without, isForgotten }: { tip: string; without: string | null; isForgotten: IsForgotten },
): Promise<boolean> => {
  let holds = false;
  await catFileStream(repo, await blobsOf(repo, tip, without), (_, bytes) => {
    holds ||= sessionsIn(bytes).some(isForgotten);
  });
  return holds;
};

/** How many commits have a note that tells of these sessions. */
export const countNotes = async (repo: Repository, isForgotten: IsForgotten): Promise<number> => {
  const tip = await readRef(repo, NOTES_REF);
  if (tip === undefined) return 0;
  const blobs = [...(await listNotes(repo, tip)).values()];
  const told = new Set<string>();
  await catFileStream(repo, [...new Set(blobs)], (id, bytes) => {
    if (sessionsIn(bytes).some(isForgotten)) told.add(id);
  });
  return blobs.filter((id) => told.has(id)).length;
};

/** The notes as one commit without a past and without those lines. */
const rewrite = async (repo: Repository, tip: string, how: { at: string; isForgotten: IsForgotten }) => {
  const reader = openCatFile(repo);
  const objects = await newObjects(repo);
  try {
    const read = async (id: string): Promise<Buffer> => (await reader.object(id))?.bytes ?? Buffer.alloc(0);
    const root = decodeCommit(await read(tip)).tree;
    const tree = new NotesTree({ root, read, format: repo.objectFormat });
    for (const [commit, id] of await listNotes(repo, tip)) {
      const note = await read(id);
      const rest = withoutSessions(note, how.isForgotten);
      if (rest === note) continue;
      if (rest.length === 0) await tree.remove(commit);
      else await tree.set(commit, rest);
    }
    const written = await tree.write(objects);
    const to = await objects.commit({ tree: written, parents: [], at: how.at, message: 'notes' });
    return (await bringIn(repo, { objects, moves: [{ ref: NOTES_REF, to, from: tip }], reason: 'amp notes' }))[0];
  } finally {
    reader.close();
    objects.dispose();
  }
};

/**
 * Takes the lines of forgotten sessions out of our notes. Earlier commits of the notes have them too, so the notes
 * begin anew, as one commit. Where nothing tells of such a session, nothing is written.
 * @returns true when they were rewritten
 */
export const forgetInNotes = async (
  repo: Repository,
  { clock, isForgotten }: { clock: Clock; isForgotten: IsForgotten },
): Promise<boolean> => {
  const done = await untilWon(NOTES_REF, async () => {
    const tip = await readRef(repo, NOTES_REF);
    if (tip === undefined || !(await holdsForgotten(repo, { tip, without: null, isForgotten }))) return { won: false };
    return (await rewrite(repo, tip, { at: clock.now(), isForgotten })) ? { won: true } : undefined;
  });
  // Git keeps a reflog of notes.
  if ((await readRef(repo, NOTES_REF)) !== undefined) await expireReflog(repo, NOTES_REF);
  return done;
};
