import { gitText, openCatFile } from './git.ts';
import { assertFullRef } from './ids.ts';
import { readRef } from './refs.ts';
import type { Repository } from './repository.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot-record.ts';

/** How long a chain of snapshots may grow before its older half is dropped. */
export interface ChainLimits {
  most: number;
  mostBytes: number;
}

/** Where a session's snapshots are: a chain of commits, the newest at the tip. */
export const snapshotRef = (session: string): string => {
  const ref = `refs/amp/snapshots/${session}`;
  assertFullRef(ref);
  return ref;
};

/** From a tip back to the oldest; ends at the first commit that is missing or no snapshot. One process. */
const walk = async (repo: Repository, tip: string): Promise<Snapshot[]> => {
  const reader = openCatFile(repo);
  const found: Snapshot[] = [];
  try {
    for (let at: string | null = tip; at !== null; ) {
      const object = await reader.object(at);
      const snapshot: Snapshot | undefined =
        object?.type === 'commit' ? decodeSnapshot(at, object.bytes.toString('utf8')) : undefined;
      if (snapshot === undefined) break;
      found.push(snapshot);
      at = snapshot.previous;
    }
  } finally {
    reader.close();
  }
  return found;
};

/** A session's snapshots, newest first. One process, none where there are none. */
export const readSnapshots = async (repo: Repository, session: string): Promise<Snapshot[]> => {
  const tip = await readRef(repo, snapshotRef(session));
  return tip === undefined ? [] : walk(repo, tip);
};

/** What the next snapshot follows. */
export interface Link {
  last: Snapshot | undefined;
  previous: string | null;
  number: number;
  oldest: number;
  totalBytes: number;
}

interface LinkWish {
  tip: string | undefined;
  /** Of the one that is coming. */
  bytes: number;
  state: string;
  limits: ChainLimits;
  objectDir: string;
}

/** The newest half, as far as half the bytes go; the very last one stays whatever its size. */
const newerHalf = (chain: Snapshot[], { bytes, limits }: LinkWish): Snapshot[] => {
  const kept: Snapshot[] = [];
  let sum = bytes;
  for (const snapshot of chain.slice(0, Math.max(1, Math.floor(limits.most / 2)))) {
    sum += snapshot.bytes;
    if (kept.length > 0 && sum > limits.mostBytes / 2) break;
    kept.push(snapshot);
  }
  return kept.reverse();
};

/** The same snapshots on a chain of their own, so that what lies below can go. Numbers stay; ids that were are told. */
const rebuild = async (repo: Repository, kept: Snapshot[], objectDir: string): Promise<Snapshot> => {
  let last: Snapshot | undefined;
  for (const old of kept) {
    const { commit, tree, head, previous: _, ...record } = old;
    const previous = last?.commit ?? null;
    const anew = {
      ...record,
      oldest: kept[0]!.number,
      totalBytes: (last?.totalBytes ?? 0) + record.bytes,
      formerly: [...new Set([...record.formerly, commit])].slice(-3),
    };
    const stdin = encodeSnapshot(anew, { tree, head, previous });
    const id = await gitText(repo, ['hash-object', '-t', 'commit', '-w', '--stdin'], { stdin, objectDir });
    last = { ...anew, commit: id, tree, head, previous };
  }
  return last!;
};

/** Where the next snapshot goes, after the older half of a chain that is too long has been left behind. */
export const linkFor = async (repo: Repository, wish: LinkWish): Promise<Link> => {
  const fresh: Link = { last: undefined, previous: null, number: 1, oldest: 1, totalBytes: 0 };
  if (wish.tip === undefined) return fresh;
  const text = await gitText(repo, ['cat-file', 'commit', wish.tip], { ok: [0, 128] });
  const last = decodeSnapshot(wish.tip, text);
  if (last === undefined) return fresh;
  const { limits, bytes } = wish;
  const plain = { last, previous: last.commit, number: last.number + 1, oldest: last.oldest };
  if (last.state === wish.state) return { ...plain, totalBytes: last.totalBytes };
  const isLong = last.number - last.oldest + 1 >= limits.most || last.totalBytes + bytes > limits.mostBytes;
  const chain = isLong ? await walk(repo, wish.tip) : [];
  const end = isLong && chain.length > 1 ? await rebuild(repo, newerHalf(chain, wish), wish.objectDir) : last;
  return { ...plain, previous: end.commit, oldest: end.oldest, totalBytes: end.totalBytes };
};
