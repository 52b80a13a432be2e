import { parseSyncRef } from '../sync/sync-refs.ts';

/** A session that no clone keeps, fetches or pushes any more. Nothing but its id is told. */
export interface Forgotten {
  kind: 'forgotten';
  session: string;
  /** ISO-8601. */
  at: string;
}

/** A ref that was rolled up: whoever still has it at `tip`, or before, may drop it once the archive is there. */
export interface Packed {
  kind: 'packed';
  /** Full name of the ref that is gone. */
  ref: string;
  /** What it named when it was sealed. */
  tip: string;
  /** Full name of the ref that has its content now. */
  archive: string;
  at: string;
}

export type Tombstone = Forgotten | Packed;

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const OBJECT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const ARCHIVE = /^refs\/amp\/archive\/[A-Za-z0-9_-]+\/\d{4}-\d{2}$/;
const AT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

const isText = (value: unknown, shape: RegExp): value is string => typeof value === 'string' && shape.test(value);

const tombstoneOf = (value: Record<string, unknown>): Tombstone | undefined => {
  const { kind, session, ref, tip, archive, at } = value;
  if (!isText(at, AT)) return undefined;
  if (kind === 'forgotten') return isText(session, ID) ? { kind, session, at } : undefined;
  const isRef = typeof ref === 'string' && parseSyncRef(ref) !== undefined;
  return isRef && isText(tip, OBJECT) && isText(archive, ARCHIVE)
    ? { kind: 'packed', ref, tip, archive, at }
    : undefined;
};

const KINDS = new Set(['forgotten', 'packed']);

/** `unknown`: of a kind that a newer version writes; `damaged`: no tombstone at all. */
export const parseTombstone = (line: string): Tombstone | 'unknown' | 'damaged' => {
  try {
    const value = JSON.parse(line) as Record<string, unknown> | null;
    if (typeof value !== 'object' || typeof value?.['kind'] !== 'string') return 'damaged';
    return KINDS.has(value['kind']) ? (tombstoneOf(value) ?? 'damaged') : 'unknown';
  } catch {
    return 'damaged';
  }
};

export const tombstoneLine = (tombstone: Tombstone): string => `${JSON.stringify(tombstone)}\n`;

/** What a tombstone says, whenever it was said. */
export const keyOf = (tombstone: Tombstone): string =>
  tombstone.kind === 'forgotten' ? `forgotten ${tombstone.session}` : `packed ${tombstone.ref} ${tombstone.tip}`;

/** One file a kind and month keeps what is written anew with each tombstone small. */
export const tombstoneFile = ({ kind, at }: Tombstone): string => `${kind}-${at.slice(0, 7)}.ndjson`;
