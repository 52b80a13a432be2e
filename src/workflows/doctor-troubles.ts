import { isAppError } from '../errors.ts';
import { lstatIfAny } from '../git/files.ts';
import { readRef } from '../git/refs.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { standingWorktree } from './found.ts';
import { holderOf } from './journal.ts';
import { readSession, type SessionSummary, summaries } from './summaries.ts';

/** Sessions whose record and world are apart: what `doctor` names and `--fix` mends. */
export interface Troubles {
  /** Their process died in mid-iteration. */
  unfinished: SessionSummary[];
  /** Their process died in the midst of a squash, rebase, merge, rewind or undo. */
  unended: SessionSummary[];
  /** Their process died between a conflict and its showing, or its end. */
  halfShown: SessionSummary[];
  /** Their process died while it brought a snapshot back. */
  unrestored: SessionSummary[];
  /** Their worktree should stand and does not. */
  lostWorktrees: SessionSummary[];
  /** Its files are there, and it is not linked with the repository. */
  unlinked: SessionSummary[];
  /** Their branch should be there and is not. */
  lostBranches: SessionSummary[];
}

/** Where the worktree is, as far as that can be told. */
const standing = async (ctx: Context, recorded: string): Promise<'stands' | 'gone' | 'unlinked'> => {
  try {
    return (await standingWorktree(ctx, recorded)) === undefined ? 'gone' : 'stands';
  } catch (error) {
    if (!isAppError(error, 'worktree.blocked')) throw error;
    return lstatIfAny(worktreePath(ctx, recorded))?.isDirectory() ? 'unlinked' : 'gone';
  }
};

const isHalfShown = ({ conflict }: Session): boolean =>
  conflict !== null && (!conflict.shown || conflict.resolved !== undefined || conflict.leaving !== undefined);

/** Looks at every session that nobody works on. */
export const findTroubles = async (ctx: Context): Promise<Troubles> => {
  const troubles: Troubles = {
    unfinished: [],
    unended: [],
    halfShown: [],
    unrestored: [],
    lostWorktrees: [],
    unlinked: [],
    lostBranches: [],
  };
  for (const summary of await summaries(ctx)) {
    if (holderOf(ctx, summary.id) || summary.removed) continue;
    const session = await readSession(ctx, summary.id);
    if (openIteration(session)) troubles.unfinished.push(summary);
    if (session.openOperation) troubles.unended.push(summary);
    if (isHalfShown(session)) troubles.halfShown.push(summary);
    if (session.openRestore) troubles.unrestored.push(summary);
    const where = session.hasWorktree ? await standing(ctx, session.worktree) : 'stands';
    if (where === 'gone') troubles.lostWorktrees.push(summary);
    if (where === 'unlinked') troubles.unlinked.push(summary);
    if (session.hasBranch && !(await readRef(ctx.repo, `refs/heads/${session.branch}`)))
      troubles.lostBranches.push(summary);
  }
  return troubles;
};
