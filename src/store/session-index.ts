import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import type { Repository } from '../git/repository.ts';
import { indexFile } from './layout.ts';
import { eachLine } from './lines.ts';
import { appendLines, compactLines } from './wal/append-file.ts';
import { openIfThere, readIfThere } from './wal/files.ts';

/** One session as `list` shows it, and the tips it was computed from: other tips, outdated entry. */
export interface IndexEntry {
  session: string;
  tips: [writer: string, id: string][];
  /** What the owner of the entry likes; null takes the entry away. */
  summary: unknown;
}

const isEntry = (value: unknown): value is IndexEntry => {
  const entry = value as IndexEntry | null;
  return (
    typeof entry === 'object' && typeof entry?.session === 'string' && Array.isArray(entry.tips) && 'summary' in entry
  );
};

const parse = (line: string): IndexEntry | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The newest entry of each session, in the order in which they were last written; and how many lines there are. */
const readFile = (repo: Repository): { entries: Map<string, IndexEntry>; lines: number } => {
  const entries = new Map<string, IndexEntry>();
  let lines = 0;
  eachLine(readIfThere(indexFile(repo)) ?? Buffer.alloc(0), (line) => {
    lines += 1;
    const entry = line === undefined ? undefined : parse(line);
    if (!entry) return;
    entries.delete(entry.session);
    if (entry.summary !== null) entries.set(entry.session, entry);
  });
  return { entries, lines };
};

/**
 * The index behind `list` (`cache/sessions.ndjson`): a cache that may be deleted at any time. Damaged lines are
 * passed over. Oldest change first.
 */
export const readIndex = (repo: Repository): IndexEntry[] => [...readFile(repo).entries.values()];

/** Bytes that are read at a time, from the end. */
const CHUNK = 64 * 1024;

/** The complete lines of a file, the last one first, without reading more of it than is asked for. */
function* linesBackwards(path: string): Generator<Buffer> {
  const fd = openIfThere(path);
  if (fd === undefined) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    let isEnd = true;
    for (let at = fstatSync(fd).size; at > 0; ) {
      const size = Math.min(CHUNK, at);
      at -= size;
      const chunk = Buffer.alloc(size);
      readSync(fd, chunk, 0, size, at);
      rest = rest.length === 0 ? chunk : Buffer.concat([chunk, rest]);
      for (let cut = rest.lastIndexOf(10); cut >= 0; cut = rest.lastIndexOf(10)) {
        // What follows the last newline is a line that somebody is writing, or never ended.
        if (!isEnd) yield rest.subarray(cut + 1);
        isEnd = false;
        rest = rest.subarray(0, cut);
      }
    }
    if (!isEnd) yield rest;
  } finally {
    closeSync(fd);
  }
}

export interface Newest {
  /** Newest first. */
  entries: IndexEntry[];
  /** False: a line could not be read, and what it said is not known. */
  isSound: boolean;
}

/** The `count` sessions that changed last, of those that are wanted, without parsing the rest. */
export const readNewest = (
  repo: Repository,
  count: number,
  isWanted: (entry: IndexEntry) => boolean = () => true,
): Newest => {
  const seen = new Set<string>();
  const newest: Newest = { entries: [], isSound: true };
  if (count <= 0) return newest;
  for (const line of linesBackwards(indexFile(repo))) {
    const entry = parse(line.toString('utf8'));
    if (!entry) newest.isSound = false;
    if (!entry || seen.has(entry.session)) continue;
    seen.add(entry.session);
    if (entry.summary !== null && isWanted(entry) && newest.entries.push(entry) === count) break;
  }
  return newest;
};

/** How many outdated lines are kept in any case. */
const SLACK = 100;
/** The file is looked through for outdated lines once in so many bytes that are added. */
const LOOK_EVERY = 64 * 1024;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const lineOf = ({ session, tips, summary }: IndexEntry): string => `${JSON.stringify({ session, tips, summary })}\n`;

/**
 * Adds entries; the newest of a session stands. Safe between processes: lines are appended in one write, and the
 * rewriting of a file that is mostly outdated can only lose what can be computed again.
 */
export const updateIndex = (
  repo: Repository,
  entries: IndexEntry[],
  { clock = systemClock }: { clock?: Clock } = {},
): void => {
  if (entries.length === 0) return;
  const path = indexFile(repo);
  const before = sizeOf(path);
  appendLines(path, entries.map(lineOf).join(''));
  if (Math.floor(before / LOOK_EVERY) === Math.floor(sizeOf(path) / LOOK_EVERY)) return;
  const all = readFile(repo);
  if (all.lines > 2 * all.entries.size + SLACK)
    compactLines(path, [...all.entries.values()].map(lineOf).join(''), clock.newId());
};

/**
 * Some commits have other ids now and say the same: what the index knows of their sessions stays known. The order of
 * the file, which says what changed last, stays as it is.
 */
export const renameTips = (
  repo: Repository,
  renamed: Map<string, string>,
  { clock = systemClock }: { clock?: Clock } = {},
): void => {
  const entries = readIndex(repo);
  if (!entries.some(({ tips }) => tips.some(([, id]) => renamed.has(id)))) return;
  const lines = entries.map((entry) => {
    const tips = entry.tips.map(([writer, id]): [string, string] => [writer, renamed.get(id) ?? id]);
    return lineOf({ ...entry, tips });
  });
  try {
    compactLines(indexFile(repo), lines.join(''), clock.newId());
  } catch {
    // Then all is read again the next time.
  }
};

/** Takes every line of a session out of the file, older ones too. */
export const dropFromIndex = (repo: Repository, session: string, { clock }: { clock: Clock }): void => {
  const path = indexFile(repo);
  const all = readIfThere(path);
  if (!all?.includes(`"${session}"`)) return;
  const { entries } = readFile(repo);
  entries.delete(session);
  compactLines(path, [...entries.values()].map(lineOf).join(''), clock.newId());
};
