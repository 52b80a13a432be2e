import { listCommits } from '../../git/commits.ts';
import { type PatchFile, readPatches } from '../../git/patches.ts';
import { readCommits } from '../../git/read-commits.ts';
import type { Context } from '../context.ts';
import type { LandingPlan } from './plan.ts';

/** What a session brings, line by line. */
export interface LandedLines {
  /** In all: what the target's files become, or with a conflict what the session changed since it left. */
  files: PatchFile[];
  /** Commit by commit, where more than one lands: history keeps what a later one takes back. */
  commits: { id: string; files: PatchFile[] }[];
  /** `files` speak of the target's own lines. */
  isOnTarget: boolean;
  /** Too much to read: files have no hunks. */
  isCut: boolean;
}

/** The target has all of it already. */
export const isNothing = ({ conflict, mergeCommit, target }: LandingPlan): boolean =>
  !conflict && mergeCommit === target.commit;

/** From where to where: what was planned, or with a conflict what the branch holds now. */
const rangeOf = (plan: LandingPlan): { from: string | null; to: string } =>
  plan.conflict ? { from: plan.mergeBase, to: plan.tip } : { from: plan.target.commit, to: plan.mergeCommit };

/** Commits with more than one parent bring nothing that their parents, or the whole, do not show. */
const landing = async (ctx: Context, plan: LandingPlan): Promise<{ id: string; parent: string | null }[]> => {
  const found = await listCommits(ctx.repo, rangeOf(plan));
  return found.length < 2
    ? []
    : found.filter(({ parents }) => parents.length < 2).map(({ id, parents }) => ({ id, parent: parents[0] ?? null }));
};

/** Reads what a plan would bring. Three processes, however much it is. */
export const readLandedLines = async (ctx: Context, plan: LandingPlan): Promise<LandedLines> => {
  const { from, to } = rangeOf(plan);
  const isOnTarget = plan.conflict === undefined;
  if (from === to) return { files: [], commits: [], isOnTarget, isCut: false };
  const commits = await landing(ctx, plan);
  const ranges = [{ from, to }, ...commits.map(({ id, parent }) => ({ from: parent, to: id }))];
  const trees = await treesOf(
    ctx,
    ranges.flatMap((range) => [range.from, range.to]),
  );
  const treeOf = (commit: string | null): string | null => (commit === null ? null : trees.get(commit)!);
  const pairs = ranges.map((range) => ({ from: treeOf(range.from), to: treeOf(range.to)! }));
  const patches = await readPatches(ctx.repo, pairs);
  return {
    files: patches.pairs[0]!,
    commits: commits.map(({ id }, at) => ({ id, files: patches.pairs[at + 1]! })),
    isOnTarget,
    isCut: patches.isCut,
  };
};

/** The tree of each commit, by one process. */
export const treesOf = async (ctx: Context, commits: (string | null)[]): Promise<Map<string, string>> => {
  const ids = [...new Set(commits.filter((id) => id !== null))];
  return new Map((await readCommits(ctx.repo, ids)).map(({ id, tree }) => [id, tree]));
};
