import type { Worktree } from '../../git/repository.ts';
import type { Move, Session } from '../../session/state.ts';

/** The move of a session's own branch, its worktree along with it where that stands. */
export const ownMove = (
  session: Session,
  move: { from: string; to: string; wt: Worktree | undefined; shows?: string },
): Move => ({
  ref: `refs/heads/${session.branch}`,
  from: move.from,
  to: move.to,
  worktree: move.wt ? session.worktree : null,
  shows: move.wt ? (move.shows ?? move.from) : null,
});
