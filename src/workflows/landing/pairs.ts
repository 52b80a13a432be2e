import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAppError } from '../../errors.ts';
import { mergeTrees } from '../../git/merge-tree.ts';
import type { Context } from '../context.ts';
import { inParallel } from './in-parallel.ts';
import { AT_ONCE, type Stake } from './survey.ts';
import { compareTouched, type Meeting } from './touching.ts';

/** Two sessions that touch the same files. */
export interface Pair {
  a: Stake;
  b: Stake;
  files: string[];
  /** Lines that both change, or lines beside each other; without a line it is about the whole file. */
  places: Meeting['places'];
  /** Files that git cannot merge; null: it was not tried, as there were too many pairs. */
  conflicts: string[] | null;
}

/** Merges that are tried at most: some seconds. */
export const TRIALS = 500;

/** Lends a folder for objects that nobody needs afterwards. */
export const withQuarantine = async <T>(work: (objectDir: string) => Promise<T>): Promise<T> => {
  const objectDir = mkdtempSync(join(tmpdir(), 'amp-objects-'));
  try {
    return await work(objectDir);
  } finally {
    rmSync(objectDir, { recursive: true, force: true, maxRetries: 3 });
  }
};

const tryMerge = async (ctx: Context, a: Stake, b: Stake, objectDir: string): Promise<string[] | null> => {
  try {
    const { conflicts } = await mergeTrees(ctx.repo, { ours: a.tip, theirs: b.tip, objectDir });
    return [...new Set(conflicts.map(({ path }) => path))];
  } catch (error) {
    if (isAppError(error, 'git.failed')) return null;
    throw error;
  }
};

/** Whether the two cannot both land cleanly; not tried, the lines decide. */
export const isConflict = ({ conflicts, places }: Pair): boolean =>
  conflicts === null ? places.length > 0 : conflicts.length > 0;

const together = <T>(items: T[]): [T, T][] => items.flatMap((a, at) => items.slice(at + 1).map((b): [T, T] => [a, b]));

interface Wish {
  objectDir: string;
  /** Only pairs with this one. */
  only?: string;
  trials?: number;
}

/**
 * Pairs of sessions that touch the same files. By files first, then by lines; where lines cannot tell, git tries to
 * merge the two.
 */
export const findPairs = async (ctx: Context, stakes: Stake[], wish: Wish): Promise<Pair[]> => {
  const wanted = together(stakes).filter(([a, b]) => wish.only === undefined || [a.id, b.id].includes(wish.only));
  const met = wanted
    .map(([a, b]) => ({ a, b, ...compareTouched(a.touched, b.touched, a.isOnTarget && b.isOnTarget) }))
    .filter(({ files }) => files.length > 0);
  const unclear = met.filter(({ isUnclear }) => isUnclear).sort((a, b) => b.places.length - a.places.length);
  const tried = new Set(unclear.slice(0, wish.trials ?? TRIALS));
  return inParallel(met, AT_ONCE, async (pair): Promise<Pair> => {
    const { a, b, files, places, isUnclear } = pair;
    if (!isUnclear) return { a, b, files, places, conflicts: [] };
    const conflicts = tried.has(pair) ? await tryMerge(ctx, a, b, wish.objectDir) : null;
    return { a, b, files, places, conflicts };
  });
};
