import { AppError } from '../errors.ts';
import { type Changes, kindOf, type Leftover, withChanges, zeros } from './dirty.ts';
import { lstatIfAny } from './files.ts';
import { git, gitText } from './git.ts';
import { readIndex } from './index-file.ts';
import { nestedHead } from './nested.ts';
import { addPack, packQuarantine } from './packs.ts';
import { joinNul, onDisk } from './paths.ts';
import { headOf, moveRef, readRef } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';
import { strangeBeside } from './skipped.ts';
import { type ChainLimits, linkFor } from './snapshot-chain.ts';
import { encodeSnapshot, type SkippedPath, type Snapshot, type SnapshotRecord, stateOf } from './snapshot-record.ts';

export { readSnapshots, snapshotRef } from './snapshot-chain.ts';
export { type SkippedPath, type Snapshot, stateOf } from './snapshot-record.ts';

/** What is over these is left out of a snapshot, and named in it. */
export interface SnapshotLimits extends ChainLimits {
  fileBytes: number;
  /** Of all files in one snapshot. */
  allBytes: number;
  paths: number;
}

const MIB = 1024 * 1024;
const LIMITS: SnapshotLimits = {
  fileBytes: 50 * MIB,
  allBytes: 200 * MIB,
  paths: 50_000,
  most: 50,
  mostBytes: 1024 * MIB,
};

export interface SnapshotWish {
  ref: string;
  session: string;
  reason: string;
  /** ISO-8601 UTC. */
  at: string;
  /** Stands for HEAD where the worktree's says nothing. */
  head: string;
  /** Paths that are taken along as they are, ignored ones too. */
  include?: string[];
  limits?: Partial<SnapshotLimits>;
}

export interface Taken extends Snapshot {
  /** False: the last one has just this. */
  isNew: boolean;
}

interface Chosen {
  /** For git to take in: files, links, and what is gone. */
  wanted: string[];
  nested: string[];
  skipped: SkippedPath[];
  bytes: number;
}

/** Divides what has changed into what a snapshot can hold and what it cannot. */
const choose = (worktree: Worktree, { lines, closed }: Changes, wish: SnapshotWish): Chosen => {
  const limits = { ...LIMITS, ...wish.limits };
  const paths = [...new Set([...lines.map(({ path }) => path), ...(wish.include ?? [])])].sort();
  const chosen: Chosen = { wanted: [], nested: [], skipped: [], bytes: 0 };
  const skip = (path: string, why: SkippedPath['why']) => chosen.skipped.push({ path, why });
  for (const path of paths) {
    const kind = kindOf(worktree, path);
    const stat = lstatIfAny(onDisk(worktree.path, path));
    const bytes = kind === 'hashable' ? (stat?.size ?? 0) : 0;
    if (kind === 'nested') chosen.nested.push(path);
    if (kind === 'unusable') skip(path, stat?.isFile() ? 'unreadable' : 'special');
    else if (kind === 'nested') skip(path, 'nested');
    else if (chosen.wanted.length >= limits.paths) skip(path, 'many');
    else if (bytes > limits.fileBytes || chosen.bytes + bytes > limits.allBytes) skip(path, 'large');
    else {
      chosen.wanted.push(path);
      chosen.bytes += bytes;
    }
  }
  const known = new Set(paths);
  for (const path of strangeBeside(worktree, paths)) if (!known.has(path)) skip(path, 'special');
  for (const path of closed) skip(path, 'unreadable');
  return chosen;
};

/** The private index says afterwards what the files say; their content lies in the private folder. */
const stage = async (
  repo: Repository,
  worktree: Worktree,
  { wanted, nested, skipped }: Chosen,
  { index, objectDir }: Changes,
): Promise<Leftover[]> => {
  const place = { worktree, index, objectDir, settings: [['core.splitIndex', 'false']] as [string, string][] };
  const args = ['update-index', '--add', '--remove', '--replace', '-z', '--stdin'];
  if (wanted.length > 0) await git(repo, args, { ...place, stdin: joinNul(wanted) });
  const ids = new Map(((await readIndex(repo, worktree, index)) ?? []).map(({ path, id }) => [path, id]));
  const left = skipped.filter(({ path }) => !nested.includes(path));
  return [
    ...wanted.map((path) => ({ path, object: ids.get(path) ?? null })),
    ...nested.map((path) => ({ path, object: nestedHead(worktree, path) ?? zeros(repo) })),
    ...left.map(({ path }) => ({ path, object: zeros(repo) })),
  ];
};

/** An open conflict has no tree: a file in conflict that could not be taken in is left out. */
const closeConflicts = async (repo: Repository, worktree: Worktree, { index, objectDir }: Changes): Promise<void> => {
  const open = ((await readIndex(repo, worktree, index)) ?? []).filter(({ stage }) => stage > 0);
  if (open.length === 0) return;
  const paths = [...new Set(open.map(({ path }) => path))];
  await git(repo, ['update-index', '--force-remove', '-z', '--stdin'], {
    worktree,
    index,
    objectDir,
    stdin: joinNul(paths),
  });
};

const save = async (
  repo: Repository,
  worktree: Worktree,
  changes: Changes,
  wish: SnapshotWish,
): Promise<Taken | null> => {
  const chosen = choose(worktree, changes, wish);
  const found = await stage(repo, worktree, chosen, changes);
  if (found.length === 0) return null;
  const state = stateOf(found);
  const limits = { ...LIMITS, ...wish.limits };
  for (let attempt = 0; attempt < 10; attempt++) {
    const tip = await readRef(repo, wish.ref);
    const link = await linkFor(repo, { tip, state, limits, bytes: chosen.bytes, objectDir: changes.objectDir });
    if (link.last?.state === state) return { ...link.last, isNew: false };
    await closeConflicts(repo, worktree, changes);
    const place = { worktree, index: changes.index, objectDir: changes.objectDir };
    const tree = await gitText(repo, ['write-tree'], place);
    const head = (await headOf(repo, worktree)).commit ?? wish.head;
    const record: SnapshotRecord = {
      number: link.number,
      oldest: link.oldest,
      session: wish.session,
      reason: wish.reason,
      at: wish.at,
      changes: found.length,
      bytes: chosen.bytes,
      totalBytes: link.totalBytes + chosen.bytes,
      state,
      skipped: chosen.skipped,
      formerly: [],
    };
    const stdin = encodeSnapshot(record, { tree, head, previous: link.previous });
    const commit = await gitText(repo, ['hash-object', '-t', 'commit', '-w', '--stdin'], {
      stdin,
      objectDir: changes.objectDir,
    });
    const kept = await addPack(repo, await packQuarantine(repo, changes.objectDir), `amp snapshot ${wish.session}`);
    try {
      if (await moveRef(repo, wish.ref, { to: commit, from: tip ?? null }))
        return { ...record, commit, tree, head, previous: link.previous, isNew: true };
    } finally {
      kept.release();
    }
  }
  throw new AppError('store.conflict', `${wish.ref} was moved by others each time that it was tried.`, {
    hint: 'See what else works on this session, then run the command again.',
  });
};

/**
 * Keeps what is uncommitted in a worktree, ignored files excepted: a commit of it in the session's chain of snapshots,
 * on disk when this returns. The worktree, its index and its HEAD are not changed. What is too large, no plain file or
 * not readable is left out and named. One process when all is committed; three when the last snapshot has just this.
 * @returns null when nothing is uncommitted
 * @throws AppError git.failed, store.conflict
 */
export const takeSnapshot = async (repo: Repository, worktree: Worktree, wish: SnapshotWish): Promise<Taken | null> => {
  const taken = await withChanges(repo, worktree, (changes) => save(repo, worktree, changes, wish));
  return taken ?? null;
};
