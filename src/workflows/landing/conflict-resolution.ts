import { AppError, inShell } from '../../errors.ts';
import { bringWorktree, switchWorktree } from '../../git/bring-worktree.ts';
import { stateInProgress } from '../../git/checkouts.ts';
import { commitAs, commitTree, readCommit } from '../../git/commit-tree.ts';
import { isAncestor } from '../../git/commits.ts';
import { closeConflict, resolvedTree } from '../../git/conflict-worktree.ts';
import { readRawCommits } from '../../git/read-commits.ts';
import { headOf, readRef } from '../../git/refs.ts';
import type { Worktree } from '../../git/repository.ts';
import type { Conflict } from '../../session/state.ts';
import type { Context } from '../context.ts';
import type { Journal } from '../journal.ts';
import { advance, courseOfConflict, type Showing } from './rebase-steps.ts';

/** Somebody's own rebase, merge or cherry-pick is theirs to end. @throws AppError worktree.blocked */
export const refuseForeign = (journal: Journal, wt: Worktree): void => {
  const state = stateInProgress(wt);
  if (state === undefined) return;
  throw new AppError(
    'worktree.blocked',
    `Somebody began a \`git ${state}\` in the worktree of ${journal.session.name} and has not ended it.`,
    {
      hint: `End it there first, or give it up: git -C ${inShell(wt.path)} ${state === 'bisect' ? 'bisect reset' : `${state} --abort`}`,
    },
  );
};

/**
 * The commit that the worktree stands on: the one that the rebase had come to, or what somebody has committed on top.
 * @throws AppError worktree.blocked when it stands anywhere else
 */
export const standingOn = async (ctx: Context, journal: Journal, wt: Worktree): Promise<string> => {
  const { name, conflict } = journal.session;
  const { parent } = conflict!;
  const { commit, branch } = await headOf(ctx.repo, wt);
  if (branch === null && commit !== null && (await isAncestor(ctx.repo, parent, commit))) return commit;
  const where = branch !== null ? `the branch ${branch}` : `the commit ${commit?.slice(0, 12) ?? 'none'}`;
  throw new AppError(
    'worktree.blocked',
    `The worktree of ${name} stands on ${where}, not on ${parent.slice(0, 12)}, to which the rebase has come.`,
    { hint: `Give the rebase up with \`amp-sessions rebase ${journal.id} --abort\`; what the worktree shows is kept.` },
  );
};

/** The tree of the worktree's files as they are, without what lay about before. */
export const shownTree = (ctx: Context, journal: Journal, wt: Worktree): Promise<string> =>
  resolvedTree(ctx.repo, wt, { leaveOut: journal.session.leftovers });

/**
 * The commit of a resolution: the original's author, date and message around the files as they are; what somebody has
 * committed already counts. Null when nothing of the commit is left.
 */
export const commitResolution = async (
  ctx: Context,
  wt: Worktree,
  { conflict, head, tree }: { conflict: Conflict; head: string; tree: string },
): Promise<string | null> => {
  if (tree === (await readCommit(ctx.repo, head)).tree) return head === conflict.parent ? null : head;
  const [original] = await readRawCommits(ctx.repo, [conflict.commit]);
  const { message, author, encoding } = original!;
  const sign = ctx.config.config.commit.sign;
  return commitAs(ctx.repo, { tree, parents: [head], message, sign, worktree: wt }, { author, encoding });
};

/** Keeps what the worktree shows, where it is more than what was laid out there, and says in which commit. */
export const keepShown = async (ctx: Context, journal: Journal, wt: Worktree, tree: string): Promise<string | null> => {
  const { id, name, conflict } = journal.session;
  const { commit } = await headOf(ctx.repo, wt);
  const isOurs = tree === conflict!.tree && commit === conflict!.parent;
  if (isOurs || tree === (await readCommit(ctx.repo, conflict!.from)).tree) return null;
  const message = `In the worktree of ${name} when its rebase was ended\n\nAmp-Session: ${id}\n`;
  const kept = await commitTree(ctx.repo, { tree, parents: [commit ?? conflict!.parent], message });
  journal.keep([kept]);
  await journal.flush();
  return kept;
};

/** Takes the files from whatever they are to a commit; the tree of what they are must be on disk. */
const takeTo = async (ctx: Context, wt: Worktree, tree: string, to: string): Promise<void> => {
  await closeConflict(ctx.repo, wt, tree);
  await bringWorktree(ctx.repo, wt, { from: tree, to });
};

/** A commit that is left out leaves nothing in the worktree. Its files are kept before anything is taken away. */
const clear = async (ctx: Context, journal: Journal, wt: Worktree): Promise<Showing> => {
  const { parent } = journal.session.conflict!;
  await takeTo(ctx, wt, await shownTree(ctx, journal, wt), parent);
  await switchWorktree(ctx.repo, wt, { detached: parent });
  return { wt, shows: parent };
};

const accept = async (ctx: Context, wt: Worktree, as: string): Promise<Showing> => {
  await closeConflict(ctx.repo, wt, as);
  return { wt, shows: as };
};

/**
 * Goes on after a decision that is on record: to the next conflict, or to the end. A second call finishes what a dead
 * process had begun.
 * @throws AppError target.moved, worktree.blocked
 */
export const goOn = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  const conflict = journal.session.conflict!;
  const { commit, parent, remaining } = conflict;
  const { as } = conflict.resolved!;
  const showing = as === null ? await clear(ctx, journal, wt) : await accept(ctx, wt, as);
  const course = courseOfConflict(conflict);
  const next =
    as === null
      ? { ...course, dropped: [...course.dropped, commit] }
      : { ...course, rewritten: [...course.rewritten, { from: commit, to: as }] };
  await advance(ctx, journal, next, { commits: remaining, onto: as ?? parent, showing });
};

/** How somebody decided. */
export interface Decision {
  as: string | null;
  by: 'person' | 'agent' | 'skip';
  iteration?: number;
  kept?: string;
}

/** Puts a decision on record, then goes on. @throws AppError target.moved, worktree.blocked */
export const decideConflict = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  decision: Decision,
): Promise<void> => {
  if (decision.as !== null) journal.keep([decision.as]);
  await journal.flush();
  const { commit } = journal.session.conflict!;
  const by = decision.by === 'agent' ? 'agent' : 'user';
  await journal.record([{ type: 'conflict.resolved', by, data: { commit, ...decision } }]);
  await goOn(ctx, journal, wt);
};

/**
 * Gives the rebase up: branch and worktree are as they were before, and what the worktree showed is kept. A second call
 * finishes what a dead process had begun.
 * @returns the commit that keeps what the worktree showed
 */
export const leaveRebase = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree | undefined,
  reason: 'user' | 'crash',
): Promise<string | null> => {
  const { branch, conflict } = journal.session;
  const tip = (await readRef(ctx.repo, `refs/heads/${branch}`)) ?? conflict!.from;
  const by = reason === 'user' ? 'user' : 'program';
  let kept = conflict!.leaving?.kept ?? null;
  if (wt) {
    const tree = await shownTree(ctx, journal, wt);
    if (!conflict!.leaving) {
      kept = await keepShown(ctx, journal, wt, tree);
      await journal.record([{ type: 'rebase-abort.started', by, data: { commit: tip, kept } }]);
    }
    await takeTo(ctx, wt, tree, tip);
    await switchWorktree(ctx.repo, wt, { branch });
  }
  await journal.record([{ type: 'rebase.aborted', by, data: { commit: tip, reason } }]);
  return kept;
};
