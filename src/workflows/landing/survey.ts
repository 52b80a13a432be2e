import { isAppError } from '../../errors.ts';
import { mergeBase } from '../../git/commits.ts';
import { type MergedTree, type MergeOptions, mergeTrees } from '../../git/merge-tree.ts';
import { type PatchFile, readPatches } from '../../git/patches.ts';
import { aheadBehind } from '../../git/rev-count.ts';
import type { Context } from '../context.ts';
import { inParallel } from './in-parallel.ts';
import { treesOf } from './landed-lines.ts';
import type { Candidate } from './landing-order.ts';
import { type Touched, touchedBy } from './touching.ts';

/** A session whose work is to be compared with that of others. */
export interface Comer {
  id: string;
  name: string;
  createdAt: string;
  /** Tip of its branch. */
  tip: string;
}

/** What a session would bring to a target. */
export interface Stake extends Comer, Candidate {
  ahead: number;
  behind: number;
  files: number;
  insertions: number;
  deletions: number;
  /** Files in conflict with the target as it is now. */
  conflicts: string[];
  touched: Touched;
  /** `touched` speaks of the lines of the target; otherwise of those from which the session began. */
  isOnTarget: boolean;
}

/** A pair of trees whose difference is what the session brings. */
interface Way {
  ahead: number;
  behind: number;
  /** Commit, or null for nothing at all. */
  from: string | null;
  /** Commit, or a tree when it was merged. */
  to: { commit: string } | { tree: string };
  conflicts: string[];
}

/** Where the target has moved on, the session's work is seen as it would be upon it. */
const wayOf = async (ctx: Context, comer: Comer, target: string, objectDir: string): Promise<Way> => {
  const apart = await aheadBehind(ctx.repo, comer.tip, target);
  const to = { commit: comer.tip };
  if (apart.ahead === 0 || apart.behind === 0) return { ...apart, from: target, to, conflicts: [] };
  const merged = await mergeOrNot(ctx, { ours: target, theirs: comer.tip, objectDir });
  const conflicts = [...new Set(merged?.conflicts.map(({ path }) => path))];
  if (merged && conflicts.length === 0) return { ...apart, from: target, to: { tree: merged.tree }, conflicts };
  const fork = (await mergeBase(ctx.repo, target, comer.tip)) ?? null;
  return { ...apart, from: fork, to, conflicts };
};

/** Undefined where git cannot: the two have no common history. */
const mergeOrNot = async (ctx: Context, sides: MergeOptions): Promise<MergedTree | undefined> => {
  try {
    return await mergeTrees(ctx.repo, sides);
  } catch (error) {
    if (isAppError(error, 'git.failed')) return undefined;
    throw error;
  }
};

const linesOf = (files: PatchFile[]): { insertions: number; deletions: number } => {
  const hunks = files.flatMap((file) => file.hunks);
  return {
    insertions: hunks.reduce((sum, { newLines }) => sum + newLines, 0),
    deletions: hunks.reduce((sum, { oldLines }) => sum + oldLines, 0),
  };
};

const stakeOf = (comer: Comer, way: Way, files: PatchFile[], target: string): Stake => {
  const { ahead, behind, conflicts } = way;
  const lines = linesOf(files);
  return {
    ...comer,
    ...lines,
    ahead,
    behind,
    conflicts,
    files: files.length,
    size: lines.insertions + lines.deletions,
    isInConflict: conflicts.length > 0,
    touched: touchedBy(files),
    isOnTarget: way.from === target,
  };
};

/** How many gits run at once. */
export const AT_ONCE = 4;

/**
 * What each session would bring to a target; those that bring nothing are left out. A process or three for each
 * session, and two for all.
 * @param objectDir quarantine for merged files, which nobody needs afterwards
 */
export const surveySessions = async (
  ctx: Context,
  comers: Comer[],
  { target, objectDir }: { target: string; objectDir: string },
): Promise<Stake[]> => {
  const asked = await inParallel(comers, AT_ONCE, async (comer) => ({
    comer,
    way: await wayOf(ctx, comer, target, objectDir).catch((error: unknown) => {
      // A branch that cannot be read says nothing about the others.
      if (!isAppError(error, 'git.failed')) throw error;
      ctx.warn(`${comer.name} (${comer.id}) cannot be compared: ${error.message}`);
      return undefined;
    }),
  }));
  const found = asked.flatMap(({ comer, way }) => (way && way.ahead > 0 ? [{ comer, way }] : []));
  const commits = found.flatMap(({ way }) => [way.from, 'commit' in way.to ? way.to.commit : null]);
  const trees = await treesOf(ctx, commits);
  const pairs = found.map(({ way }) => ({
    from: way.from === null ? null : trees.get(way.from)!,
    to: 'tree' in way.to ? way.to.tree : trees.get(way.to.commit)!,
  }));
  const patches = await readPatches(ctx.repo, pairs, { objectDir });
  return found
    .map(({ comer, way }, at) => stakeOf(comer, way, patches.pairs[at]!, target))
    .filter(({ files }) => files > 0);
};
