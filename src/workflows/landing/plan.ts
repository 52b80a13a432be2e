import { isAppError } from '../../errors.ts';
import { commitTree } from '../../git/commit-tree.ts';
import { isAncestor, mergeBase } from '../../git/commits.ts';
import { type MergeConflict, mergeTrees } from '../../git/merge-tree.ts';
import { type Picked, pickCommits } from '../../git/pick.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { commitsToMove } from './rebase-course.ts';
import { planSquash, type SquashPlan, type SquashWish } from './squash-plan.ts';
import { type Target, targetOf } from './target.ts';

export interface LandingWish extends SquashWish {
  into?: string;
  squash: boolean;
  /** A merge commit also where the branch could simply move on. */
  noFf: boolean;
}

/** What a merge would do; everything new exists as objects, nothing has moved. */
export interface LandingPlan {
  target: Target;
  /** Of the session's branch, now. */
  tip: string;
  mergeBase: string | null;
  /** Null: nothing is squashed. */
  squash: SquashPlan | null;
  rewritten: Picked[];
  dropped: string[];
  /** Tip of the session's branch afterwards. */
  commit: string;
  /** Tip of the target afterwards. */
  mergeCommit: string;
  mode: 'fast-forward' | 'merge-commit';
  /** Then commit and mergeCommit mean nothing. */
  conflict?: { commit: string; conflicts: MergeConflict[] };
}

/** One commit of the agent is squashed as it is. */
const squashIfAny = async (
  ctx: Context,
  session: Session,
  wish: LandingWish & { tip: string; fork: string },
): Promise<SquashPlan | null> => {
  if (!wish.squash) return null;
  try {
    return await planSquash(ctx, session, wish);
  } catch (error) {
    if (isAppError(error, 'session.refused')) return null;
    throw error;
  }
};

const mergeMessage = (session: Session, target: Target): string =>
  `Merge session ${session.name} into ${target.name}\n\nAmp-Session: ${session.id}\n`;

/** Puts a merge commit on top of the target, whose second parent is the session's work as it is upon it. */
const mergeCommitOf = async (ctx: Context, session: Session, target: Target, commit: string): Promise<string> => {
  const { tree } = await mergeTrees(ctx.repo, { ours: target.commit, theirs: commit });
  const message = await ctx.redact(mergeMessage(session, target));
  return commitTree(ctx.repo, { tree, parents: [target.commit, commit], message, sign: ctx.config.config.commit.sign });
};

/**
 * What the work of a session becomes on its target: squashed from where it left it, put upon what the target is now.
 * @param tip of the session's branch
 * @throws AppError ref.missing, squash.inseparable
 */
export const planLanding = async (
  ctx: Context,
  session: Session,
  wish: LandingWish & { tip: string },
): Promise<LandingPlan> => {
  const { tip } = wish;
  const target = await targetOf(ctx, session, wish.into);
  const fork = (await mergeBase(ctx.repo, target.commit, tip)) ?? null;
  const plan = { target, tip, mergeBase: fork, mode: wish.noFf ? 'merge-commit' : 'fast-forward' } as const;
  const nothing = { squash: null, rewritten: [], dropped: [], commit: tip, mergeCommit: target.commit };
  if (fork === tip) return { ...plan, ...nothing };
  const squash = fork === null ? null : await squashIfAny(ctx, session, { ...wish, fork });
  const from = squash?.tip ?? tip;
  const isUpToDate = await isAncestor(ctx.repo, target.commit, from);
  const course = { onto: target, mergeBase: fork, from, rewritten: [], dropped: [] };
  const commits = isUpToDate ? [] : await commitsToMove(ctx, session, course);
  const picked = await pickCommits(ctx.repo, {
    commits,
    onto: isUpToDate ? from : target.commit,
    sign: ctx.config.config.commit.sign,
  });
  const { done, dropped, conflict } = picked;
  const rewritten = [...(squash?.rewritten ?? []), ...done.filter((one) => one.from !== one.to)];
  if (conflict)
    return {
      ...plan,
      ...nothing,
      squash,
      conflict: { commit: conflict.commit, conflicts: conflict.merged.conflicts },
    };
  const mergeCommit =
    wish.noFf && picked.tip !== target.commit ? await mergeCommitOf(ctx, session, target, picked.tip) : picked.tip;
  return { ...plan, squash, rewritten, dropped, commit: picked.tip, mergeCommit };
};
