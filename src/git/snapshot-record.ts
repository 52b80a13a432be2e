import { createHash } from 'node:crypto';
import type { Leftover } from './dirty.ts';

/** Why a path of a worktree is not in its snapshot. */
export type SkipReason = 'large' | 'special' | 'unreadable' | 'nested' | 'many';

export interface SkippedPath {
  path: string;
  why: SkipReason;
}

/** What a snapshot says of itself. */
export interface SnapshotRecord {
  /** Counts up within a session. */
  number: number;
  /** Number of the oldest one in the chain. */
  oldest: number;
  session: string;
  /** What it was taken at the end of, or before: `iteration`, `rebase`, … */
  reason: string;
  /** ISO-8601 UTC. */
  at: string;
  /** Paths that are not as HEAD has them. */
  changes: number;
  /** Of the files among them. */
  bytes: number;
  /** Of all files in the chain up to here. */
  totalBytes: number;
  /** The same while the same paths have the same content. */
  state: string;
  skipped: SkippedPath[];
  /** Ids it had in a longer chain, whose older part has been dropped since. */
  formerly: string[];
}

/** A snapshot as it lies in the repository. */
export interface Snapshot extends SnapshotRecord {
  commit: string;
  tree: string;
  /** The commit that the worktree stood on. */
  head: string;
  /** The one before; null for the oldest. */
  previous: string | null;
}

const TRAILER = 'Amp-Snapshot: ';

/** Tells one set of uncommitted changes from another. */
export const stateOf = (changes: Leftover[]): string => {
  const lines = changes.map(({ path, object }) => `${JSON.stringify(path)} ${object}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 32);
};

const CALLED: Record<string, string> = { iteration: 'at the end of an iteration' };

const messageOf = (record: SnapshotRecord): string =>
  `Uncommitted work of session ${record.session}, ${CALLED[record.reason] ?? `before ${record.reason}`}\n\n${TRAILER}${JSON.stringify(record)}\n`;

const WHO = 'amp-sessions <amp-sessions@localhost>';

/**
 * The bytes of a snapshot's commit: its tree is the worktree, its last parent the commit that the worktree stood on,
 * its first of two the snapshot before.
 */
export const encodeSnapshot = (
  record: SnapshotRecord,
  { tree, head, previous }: Pick<Snapshot, 'tree' | 'head' | 'previous'>,
): string => {
  const date = Math.floor(Date.parse(record.at) / 1000);
  const parents = [...(previous === null ? [] : [previous]), head].map((parent) => `parent ${parent}\n`).join('');
  return `tree ${tree}\n${parents}author ${WHO} ${date} +0000\ncommitter ${WHO} ${date} +0000\n\n${messageOf(record)}`;
};

const isRecord = (value: unknown): value is SnapshotRecord => {
  const { number, oldest, state, skipped, formerly, totalBytes } = (value ?? {}) as Partial<SnapshotRecord>;
  const areCounts = [number, oldest, totalBytes].every((one) => Number.isSafeInteger(one) && one! >= 0);
  return areCounts && typeof state === 'string' && Array.isArray(skipped) && Array.isArray(formerly);
};

/** @returns undefined when the commit is no snapshot */
export const decodeSnapshot = (commit: string, text: string): Snapshot | undefined => {
  const end = text.indexOf('\n\n');
  const head = text.slice(0, end).split('\n');
  const line = text
    .slice(end)
    .split('\n')
    .findLast((one) => one.startsWith(TRAILER));
  const tree = head[0]?.slice('tree '.length);
  const parents = head.filter((one) => one.startsWith('parent ')).map((one) => one.slice('parent '.length));
  if (line === undefined || tree === undefined || parents.length < 1 || parents.length > 2) return undefined;
  try {
    const record: unknown = JSON.parse(line.slice(TRAILER.length));
    if (!isRecord(record)) return undefined;
    return { ...record, commit, tree, head: parents.at(-1)!, previous: parents.length === 2 ? parents[0]! : null };
  } catch {
    return undefined;
  }
};
