import { AppError } from '../../errors.ts';
import { obstacles } from '../../git/bring-worktree.ts';
import { dirtyPaths } from '../../git/commits.ts';
import { layOutConflict } from '../../git/conflict-worktree.ts';
import type { MergeConflict } from '../../git/merge-tree.ts';
import type { PickConflict } from '../../git/pick.ts';
import type { Worktree } from '../../git/repository.ts';
import { treeChanges } from '../../git/tree-changes.ts';
import type { Conflict, Leftover } from '../../session/state.ts';
import type { Context } from '../context.ts';
import type { Journal } from '../journal.ts';
import { ensureWorktree } from '../worktree.ts';
import { ownMove } from './own-move.ts';
import { type Course, pickOnto } from './rebase-course.ts';
import { nextOperation, operate } from './transaction.ts';

/** Files beyond these are not kept apart one by one. */
const LEFTOVERS_MAX = 5_000;

/** Where the session's files are, and the commit that they show; undefined when it was archived. */
export interface Showing {
  wt: Worktree;
  shows: string;
}

export const courseOfConflict = ({ onto, mergeBase, from, rewritten, dropped, joins }: Conflict): Course => ({
  onto,
  mergeBase,
  from,
  rewritten,
  dropped,
  ...(joins && { joins }),
});

/** A conflict as the hands take it. */
export const mergedOf = ({ tree, conflicts }: Conflict) => ({ tree, conflicts: conflicts as MergeConflict[] });

/** Brings branch and worktree to the new tip, as one operation. @throws AppError target.moved, worktree.blocked */
const land = async (ctx: Context, journal: Journal, course: Course, tip: string, showing?: Showing): Promise<void> => {
  const { from, ...data } = course;
  const { session } = journal;
  const moves = [ownMove(session, { from, to: tip, wt: showing?.wt, shows: showing?.shows })];
  const operation = nextOperation(session);
  await operate(ctx, journal, { type: 'rebase.started', by: 'user', data: { operation, moves, ...data } }, [from, tip]);
};

/** Untracked files that nobody ignores in the conflict's tree are there before anybody has decided anything. */
const lyingAbout = async (ctx: Context, wt: Worktree, conflict: Conflict): Promise<Leftover[]> => {
  const shown = await treeChanges(ctx.repo, conflict.parent, conflict.tree);
  const own = new Set([...shown, ...conflict.conflicts].map(({ path }) => path));
  const found = (await dirtyPaths(ctx.repo, wt)).filter(({ path }) => !own.has(path));
  if (found.length > LEFTOVERS_MAX)
    ctx.warn(`${found.length} files in ${wt.path} are neither committed nor ignored; ${LEFTOVERS_MAX} are kept apart.`);
  return found.slice(0, LEFTOVERS_MAX);
};

/** Lays the recorded conflict out in the worktree; what a dead process had begun of it is finished. */
export const showConflict = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  const conflict = journal.session.conflict!;
  const { shows, parent, commit } = conflict;
  await layOutConflict(ctx.repo, wt, { from: shows, head: parent, merged: mergedOf(conflict) });
  const leftovers = await lyingAbout(ctx, wt, conflict);
  await journal.record([{ type: 'conflict.shown', by: 'program', data: { parent, commit, leftovers } }]);
};

const refuseObstacles = async (ctx: Context, { wt, shows }: Showing, tree: string): Promise<void> => {
  const paths = await obstacles(ctx.repo, wt, { from: shows, to: tree });
  if (paths.length === 0) return;
  const some = `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? `, … ${paths.length} in all` : ''}`;
  throw new AppError('worktree.blocked', `Files in ${wt.path} are in the way of the rebase: ${some}.`, {
    hint: 'Move them away, then run the command again.',
    details: { paths },
  });
};

/** Puts the conflict on record, then into the worktree, which is made if it has to be. */
const stopAt = async (
  ctx: Context,
  journal: Journal,
  course: Course,
  stop: { parent: string; at: PickConflict; showing: Showing | undefined },
): Promise<void> => {
  const { parent, at } = stop;
  const showing = stop.showing ?? { wt: await ensureWorktree(ctx, journal), shows: course.from };
  await refuseObstacles(ctx, showing, at.merged.tree);
  journal.keep([course.from, parent]);
  await journal.flush();
  const { commit, remaining, merged } = at;
  const data = { ...course, shows: showing.shows, commit, parent, remaining, ...merged };
  await journal.record([{ type: 'rebase.conflicted', by: 'program', data }]);
  await showConflict(ctx, journal, showing.wt);
};

/**
 * Goes on with a rebase: to its end, or to the next conflict, which the session has afterwards.
 * @throws AppError target.moved, worktree.blocked
 */
export const advance = async (
  ctx: Context,
  journal: Journal,
  begun: Course,
  todo: { commits: string[]; onto: string; showing: Showing | undefined },
): Promise<void> => {
  const { course, picked } = await pickOnto(ctx, begun, todo);
  if (picked.conflict)
    return stopAt(ctx, journal, course, { parent: picked.tip, at: picked.conflict, showing: todo.showing });
  await land(ctx, journal, course, picked.tip, todo.showing);
};
