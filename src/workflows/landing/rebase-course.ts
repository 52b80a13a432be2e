import { readCommits } from '../../git/commit-tree.ts';
import { isAncestor, listCommits, mergeBase } from '../../git/commits.ts';
import { mergeTrees } from '../../git/merge-tree.ts';
import { type Picked, type PickResult, pickCommits } from '../../git/pick.ts';
import type { Line, Moment, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';

/** A rebase on its way: what it goes onto, where the branch was, what became of the commits so far. */
export interface Course {
  onto: { name: string; commit: string };
  mergeBase: string | null;
  /** Tip of the branch before. */
  from: string;
  rewritten: Picked[];
  dropped: string[];
  /** Lines of other clones that are taken in. */
  joins?: Moment[] | undefined;
}

/** A merge that is just what git makes of its two sides has nothing of its own to put anywhere else. */
const isPlainMerge = async (ctx: Context, { tree, parents }: { tree: string; parents: string[] }): Promise<boolean> => {
  const [ours, theirs, ...more] = parents;
  if (ours === undefined || theirs === undefined || more.length > 0) return false;
  if ((await mergeBase(ctx.repo, ours, theirs)) === undefined) return false;
  const merged = await mergeTrees(ctx.repo, { ours, theirs });
  return merged.conflicts.length === 0 && merged.tree === tree;
};

/**
 * The commits of a branch that are to stand on another commit, oldest first. Merges are not put anywhere, as with
 * `git rebase`, unless somebody changed something in them; then that is taken as a change to their first parent.
 */
export const commitsToMove = async (
  ctx: Context,
  session: Session,
  course: Course,
  fork?: string,
): Promise<string[]> => {
  // Without a common history the session began in an empty repository, upon a commit that we had made for it.
  const apart = course.mergeBase === null ? [session.baseCommit] : [];
  const not = fork === undefined ? apart : [fork, session.baseCommit];
  const all = await listCommits(ctx.repo, { from: course.onto.commit, to: course.from, not });
  const merges = all.filter(({ parents }) => parents.length > 1).map(({ id }) => id);
  const plain = new Set<string>();
  for (const merge of merges.length === 0 ? [] : await readCommits(ctx.repo, merges))
    if (await isPlainMerge(ctx, merge)) plain.add(merge.id);
  return all.map(({ id }) => id).filter((id) => !plain.has(id));
};

/** Puts commits upon another one; the course tells what became of them. Only objects are made. */
export const pickOnto = async (
  ctx: Context,
  course: Course,
  todo: { commits: string[]; onto: string },
): Promise<{ course: Course; picked: PickResult }> => {
  const picked = await pickCommits(ctx.repo, { ...todo, sign: ctx.config.config.commit.sign });
  const made = picked.done.filter(({ from, to }) => from !== to);
  const { rewritten, dropped } = course;
  return {
    course: { ...course, rewritten: [...rewritten, ...made], dropped: [...dropped, ...picked.dropped] },
    picked,
  };
};

/** Where a rebase begins; undefined when the branch stands on its target already. */
export const courseOf = async (ctx: Context, onto: Course['onto'], tip: string): Promise<Course | undefined> => {
  if (await isAncestor(ctx.repo, onto.commit, tip)) return undefined;
  const fork = await mergeBase(ctx.repo, onto.commit, tip);
  return { onto, mergeBase: fork ?? null, from: tip, rewritten: [], dropped: [] };
};

/** Where a rebase of this clone's line onto another one of the session begins, and what is to be put there. */
export const courseOfJoin = async (
  ctx: Context,
  session: Session,
  line: Line,
  tip: string,
): Promise<{ course: Course; commits: string[]; onto: string }> => {
  const onto = { name: `line ${line.writer}`, commit: line.head };
  const fork = (await mergeBase(ctx.repo, onto.commit, tip)) ?? null;
  const course = { onto, mergeBase: fork, from: tip, rewritten: [], dropped: [], joins: [line.end] };
  // All of the other line is below already: nothing moves, and the two are one from now on.
  if (await isAncestor(ctx.repo, onto.commit, tip)) return { course, commits: [], onto: tip };
  return { course, commits: await commitsToMove(ctx, session, course, line.fork), onto: onto.commit };
};
