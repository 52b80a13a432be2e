import { decodeEvent } from '../../events/codec.ts';
import { catFileStream, gitText } from '../../git/git.ts';
import { readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { NOTES_REF } from '../layout.ts';
import { orDamage } from './lane-history.ts';
import type { Problem } from './problem.ts';

/** `prev` of an event: undefined for one that the log does not have; null for a log that was not looked at. */
export type LinkOf = (log: string, writer: string, seq: number) => string | undefined | null;

const noteProblem = (commit: string, detail: string): Problem => ({
  kind: 'note',
  log: '',
  writer: null,
  seq: null,
  where: commit,
  byte: null,
  detail,
  isDamage: true,
});

const checkNote = (commit: string, bytes: Buffer, linkOf: LinkOf): Problem[] => {
  const problems: Problem[] = [];
  let byte = 0;
  for (const line of bytes.toString('utf8').split('\n')) {
    const event = decodeEvent(line);
    const link = event ? linkOf(event.log, event.writer, event.seq) : null;
    // Lines of others, and of logs that are not here, say nothing that could be held against them.
    if (event && link !== null && link !== event.prev) {
      const what = link === undefined ? 'is not in its log' : 'is another one in its log';
      const detail = `the note on ${commit.slice(0, 12)} tells of event ${event.seq}, which ${what}`;
      problems.push({ ...noteProblem(commit, detail), log: event.log, writer: event.writer, seq: event.seq, byte });
    }
    byte += Buffer.byteLength(line) + 1;
  }
  return problems;
};

/** Every event that a note tells of is in its log. Notes can be made again from the logs, so this is repaired there. */
export const checkNotes = async (repo: Repository, linkOf: LinkOf): Promise<Problem[]> => {
  const tip = await readRef(repo, NOTES_REF);
  if (tip === undefined) return [];
  const listed = await orDamage(gitText(repo, ['ls-tree', '-r', '-z', tip]));
  if ('damage' in listed) return [noteProblem(NOTES_REF, listed.damage)];
  const commits = new Map<string, string[]>();
  for (const entry of listed.value.split('\0')) {
    const [, id, path] = /^\S+ blob (\S+)\t(.*)$/s.exec(entry) ?? [];
    if (id !== undefined && path !== undefined) commits.set(id, [...(commits.get(id) ?? []), path.replaceAll('/', '')]);
  }
  const problems: Problem[] = [];
  const read = await orDamage(
    catFileStream(repo, [...commits.keys()], (id, bytes) => {
      for (const commit of commits.get(id)!) problems.push(...checkNote(commit, bytes, linkOf));
    }),
  );
  return 'damage' in read ? [...problems, noteProblem(NOTES_REF, read.damage)] : problems;
};
