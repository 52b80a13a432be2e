import type { LogEvent } from '../../events/catalogue.ts';
import { logId } from '../../events/envelope.ts';
import type { CatFile } from '../../git/git.ts';
import { isId } from '../../git/ids.ts';
import { readNotes } from '../../store/notes/read-notes.ts';
import { decodeCommit } from '../../store/objects/encode.ts';
import type { Context } from '../context.ts';

/** What a commit itself, and its note, tell of the session it came from. Anybody can write either. */
export interface Marks {
  parents: string[];
  /** By its message; a host that squashes leaves the messages of all commits in the one it makes. */
  session: string | null;
  /** As the message has them; a squashed commit has several. */
  iterations: number[];
  /** Of sessions' logs. */
  noted: LogEvent[];
}

const SESSION_LOG = /^sessions\/[A-Za-z0-9][\w-]*$/;
const SESSION = /^Amp-Session: ([a-z0-9]{10})\s*$/gm;
const ITERATION = /^Amp-Iteration: ([\d, -]{1,200})\s*$/gm;

/** One number, or a list with ranges, of which it only matters that it is more than one. */
const numbersIn = (value: string): number[] =>
  value
    .split(/[,-]/)
    .map(Number)
    .filter((number) => number > 0);

const marksOf = (bytes: Buffer, noted: LogEvent[]): Marks => {
  const message = bytes.toString('utf8', Math.max(bytes.indexOf('\n\n'), 0));
  const sessions = [...message.matchAll(SESSION)].map(([, id]) => id!);
  const numbers = [...message.matchAll(ITERATION)].flatMap(([, value]) => numbersIn(value!));
  return {
    parents: decodeCommit(bytes).parents,
    session: sessions.at(-1) ?? null,
    iterations: [...new Set(numbers)],
    noted,
  };
};

/** Reads commits and their notes, all through one process; those that are not there are left out. */
export const readMarks = async (ctx: Context, commits: string[], reader: CatFile): Promise<Map<string, Marks>> => {
  const ids = [...new Set(commits)].filter(isId);
  const [objects, notes] = await Promise.all([
    Promise.all(ids.map((id) => reader.object(id))),
    readNotes(ctx.repo, ids, reader),
  ]);
  return new Map(
    ids.flatMap((id, at) => {
      const object = objects[at];
      const noted = (notes.get(id) ?? []).filter(({ log }) => SESSION_LOG.test(log));
      return object?.type === 'commit' ? [[id, marksOf(object.bytes, noted)]] : [];
    }),
  );
};

/** The sessions that marks speak of. */
export const sessionsIn = (marks: Iterable<Marks>): string[] => {
  const sessions = new Set<string>();
  for (const { session, noted } of marks) {
    if (session !== null) sessions.add(session);
    for (const { log } of noted) sessions.add(logId(log));
  }
  return [...sessions];
};
