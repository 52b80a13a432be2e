import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import type { LogName } from '../events/envelope.ts';
import { lookAtRefs, type RefsLook } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { ARCHIVE } from './archive/archive-refs.ts';
import { indexFile, indexStateFile, parseLaneRef } from './layout.ts';
import { readIfThere } from './wal/files.ts';
import { listWal } from './wal/wal-files.ts';
import { type Stamp, stampOf } from './wal/write-ahead-file.ts';

/**
 * What the refs looked like when the index last knew every session (`cache/refs.json`). While they look the same, the
 * index is right without a comparison, and tens of thousands of packed refs are not read.
 */
interface IndexState {
  packed: string;
  /** Loose refs of sessions and of archives, ref to id. */
  loose: Record<string, string>;
  /** Logs of which the index knew nothing certain, because something waited for git or could not be read. */
  open: LogName[];
  /** The index itself: it only grows, and never has fewer sessions. */
  index: { inode: number; size: number; sessions: number };
}

const PREFIX = 'refs/amp/sessions/';

const readState = (repo: Repository): IndexState | undefined => {
  try {
    const state = JSON.parse(readIfThere(indexStateFile(repo))?.toString() ?? '') as IndexState;
    const isWhole = Array.isArray(state.open) && typeof state.loose === 'object' && typeof state.index === 'object';
    return typeof state.packed === 'string' && isWhole ? state : undefined;
  } catch {
    return undefined;
  }
};

const isSameIndex = (stamp: Stamp, { index }: IndexState, sessions: number | undefined): boolean =>
  stamp !== null &&
  stamp.inode === index.inode &&
  stamp.size >= index.size &&
  (sessions === undefined || sessions >= index.sessions);

/** A look to hand to `changedLogs` and `rememberLook`, taken before index and logs are read. */
export interface SessionsLook {
  /** Undefined where they are kept in a reftable: then nothing can be told. */
  refs: RefsLook | undefined;
  index: Stamp;
}

export const lookAtSessions = (repo: Repository): SessionsLook => {
  const refs = lookAtRefs(repo, PREFIX);
  const archives = refs && lookAtRefs(repo, ARCHIVE);
  return {
    refs: archives && { packed: refs.packed, loose: [...refs.loose, ...archives.loose] },
    index: stampOf(indexFile(repo)),
  };
};

/**
 * The logs of which the index may not know the newest; undefined: any of them.
 * @param sessions how many the index knows, where somebody has counted them
 */
export const changedLogs = (
  repo: Repository,
  { look: { refs, index }, sessions }: { look: SessionsLook; sessions?: number },
): LogName[] | undefined => {
  const state = refs && readState(repo);
  if (!state || state.packed !== refs.packed || !isSameIndex(index, state, sessions)) return undefined;
  const changed = new Set([...state.open, ...listWal(repo).map(({ log }) => log)]);
  const gone = new Map(Object.entries(state.loose));
  const moved = refs.loose.filter(({ ref, id }) => {
    const isSame = gone.get(ref) === id;
    gone.delete(ref);
    return !isSame;
  });
  for (const ref of [...moved.map((one) => one.ref), ...gone.keys()]) {
    // An archive has many logs.
    if (ref.startsWith(ARCHIVE)) return undefined;
    const lane = parseLaneRef(ref);
    if (lane) changed.add(lane.log);
  }
  return [...changed].filter((log) => log.startsWith('sessions/'));
};

/** How many sessions the index had at least when it last knew them all. */
export const rememberedSessions = (repo: Repository): number => readState(repo)?.index.sessions ?? 0;

/** Remembers that the index knows all sessions as this look saw them, but for those in `open`. */
export const rememberLook = (
  repo: Repository,
  { look: { refs, index }, sessions, open }: { look: SessionsLook; sessions: number; open: LogName[] },
  { clock = systemClock }: { clock?: Clock } = {},
): void => {
  const stamp = stampOf(indexFile(repo));
  // Another process that put the index in order meanwhile may have lost what we added.
  if (!refs || !stamp || (index && index.inode !== stamp.inode)) return;
  const loose = Object.fromEntries(refs.loose.map(({ ref, id }) => [ref, id]));
  const state: IndexState = { packed: refs.packed, loose, open, index: { ...stamp, sessions } };
  const temporary = `${indexStateFile(repo)}.${clock.newId()}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
    renameSync(temporary, indexStateFile(repo));
  } catch {
    // A cache that cannot be kept is made again the next time.
    rmSync(temporary, { force: true });
  }
};
