import { statSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import type { Repository } from '../git/repository.ts';
import { indexFile } from './layout.ts';
import { eachLine } from './lines.ts';
import { appendLines, compactLines } from './wal/append-file.ts';
import { readIfThere } from './wal/files.ts';

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

/** The `count` sessions that changed last, newest first, without parsing the rest. */
export const readIndexTail = (repo: Repository, count: number): IndexEntry[] => {
  const bytes = readIfThere(indexFile(repo)) ?? Buffer.alloc(0);
  const seen = new Set<string>();
  const newest: IndexEntry[] = [];
  for (let end = bytes.lastIndexOf(10); end > 0 && newest.length < count; ) {
    const start = bytes.lastIndexOf(10, end - 1) + 1;
    const entry = parse(bytes.toString('utf8', start, end));
    end = start - 1;
    if (!entry || seen.has(entry.session)) continue;
    seen.add(entry.session);
    if (entry.summary !== null) newest.push(entry);
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
