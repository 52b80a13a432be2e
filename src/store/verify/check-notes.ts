import type { LogEvent } from '../../events/catalogue.ts';
import { decodeEvent } from '../../events/codec.ts';
import { catFileStream, gitText } from '../../git/git.ts';
import { readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { NOTES_REF } from '../layout.ts';
import { isTrueLine, joinNote } from '../notes/note-lines.ts';
import { orDamage } from './lane-history.ts';
import type { Problem } from './problem.ts';

/** What the logs know that notes tell of. */
export interface NoteFacts {
  /** `prev` of an event: undefined for one that the log does not have; null for a log that was not looked at. */
  linkOf(log: string, writer: string, seq: number): string | undefined | null;
  /** The event itself, where it is one that notes tell of. */
  eventOf(log: string, writer: string, seq: number): LogEvent | undefined;
  /** Commit to the events that its note should tell of. */
  expected: Map<string, LogEvent[]>;
}

const noteProblem = (commit: string, detail: string, isDamage = true): Problem => ({
  kind: 'note',
  log: '',
  writer: null,
  seq: null,
  where: commit,
  byte: null,
  detail,
  isDamage,
});

const wrongWith = (line: string, event: LogEvent, { linkOf, eventOf }: NoteFacts): string | undefined => {
  const link = linkOf(event.log, event.writer, event.seq);
  // Lines of others, and of logs that are not here, say nothing that could be held against them.
  if (link === null) return undefined;
  if (link === undefined) return 'is not in its log';
  if (link !== event.prev) return 'is another one in its log';
  const known = eventOf(event.log, event.writer, event.seq);
  return known && !isTrueLine(line, known) ? 'says something else in its log' : undefined;
};

/** The lines of a note that their logs contradict. */
export const wrongLines = (
  bytes: Buffer,
  facts: NoteFacts,
): { line: string; event: LogEvent; byte: number; wrong: string }[] => {
  const found: { line: string; event: LogEvent; byte: number; wrong: string }[] = [];
  let byte = 0;
  for (const line of bytes.toString('utf8').split('\n')) {
    const event = decodeEvent(line);
    const wrong = event && wrongWith(line, event, facts);
    if (wrong) found.push({ line, event, byte, wrong });
    byte += Buffer.byteLength(line) + 1;
  }
  return found;
};

const checkNote = (commit: string, bytes: Buffer, facts: NoteFacts): Problem[] =>
  wrongLines(bytes, facts).map(({ event: { log, writer, seq }, byte, wrong }) => {
    const detail = `the note on ${commit.slice(0, 12)} tells of event ${seq}, which ${wrong}`;
    return { ...noteProblem(commit, detail), log, writer, seq, byte };
  });

/** The notes as they are: each with its commit. */
export const eachNote = async (
  repo: Repository,
  tip: string,
  onNote: (commit: string, bytes: Buffer) => void,
): Promise<void> => {
  const listed = await gitText(repo, ['ls-tree', '-r', '-z', '--full-tree', tip], { maxBytes: 1 << 30 });
  const commits = new Map<string, string[]>();
  for (const entry of listed.split('\0')) {
    const [, id, path] = /^\S+ blob (\S+)\t(.*)$/s.exec(entry) ?? [];
    if (id !== undefined && path !== undefined) commits.set(id, [...(commits.get(id) ?? []), path.replaceAll('/', '')]);
  }
  await catFileStream(repo, [...commits.keys()], (id, bytes) => {
    for (const commit of commits.get(id)!) onNote(commit, bytes);
  });
};

/** How many notes lack lines that the logs could give them: a clone may have been fetched without its notes. */
const lacking = (notes: Map<string, Buffer>, expected: NoteFacts['expected']): Problem[] => {
  const few = [...expected].filter(([commit, events]) => joinNote(notes.get(commit), events) !== undefined);
  if (few.length === 0) return [];
  const detail = `the notes of ${few.length} commits do not tell all; \`verify --repair\` makes them again from the logs`;
  return [noteProblem(NOTES_REF, detail, false)];
};

/** Every event that a note tells of is in its log, and says there what it says here. */
export const checkNotes = async (repo: Repository, facts: NoteFacts): Promise<Problem[]> => {
  const tip = await readRef(repo, NOTES_REF);
  const problems: Problem[] = [];
  const notes = new Map<string, Buffer>();
  const onNote = (commit: string, bytes: Buffer): void => {
    problems.push(...checkNote(commit, bytes, facts));
    if (facts.expected.has(commit)) notes.set(commit, bytes);
  };
  const read = tip === undefined ? { value: undefined } : await orDamage(eachNote(repo, tip, onNote));
  if ('damage' in read) return [...problems, noteProblem(NOTES_REF, read.damage)];
  return [...problems, ...lacking(notes, facts.expected)];
};
