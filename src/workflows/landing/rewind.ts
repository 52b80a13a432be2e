import { AppError } from '../../errors.ts';
import { obstacles } from '../../git/bring-worktree.ts';
import { type IterationRef, parseIterationRef } from '../../session/iteration-names.ts';
import { placeOfIteration } from '../../session/landing.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { findIteration, iterationMissing } from '../find-iteration.ts';
import { withJournal } from '../journal.ts';
import type { SessionSummary } from '../summary.ts';
import { someOf } from './gate.ts';
import { ownMove } from './own-move.ts';
import { peek } from './peek.ts';
import { prepare, refuseEdits } from './prepare.ts';
import { nextOperation, operate } from './transaction.ts';

/** The answer of `rewind`. */
export const describeRewind = (
  session: Session,
  wish: { to: IterationRef; commit: string; tip: string; dryRun: boolean },
) => ({
  session: session.id,
  name: session.name,
  branch: session.branch,
  iteration: numberOf(wish.to),
  commit: wish.commit,
  previous: wish.tip,
  dryRun: wish.dryRun,
});

export type Rewound = ReturnType<typeof describeRewind>;

const numberOf = (to: IterationRef): number => parseIterationRef(to)?.iteration ?? 0;

const isBeginning = (to: IterationRef): boolean => Number(to) === 0;

const placed = (session: Session, to: IterationRef, tip: string): { commit: string; baseCommit: string } => {
  const place = isBeginning(to) ? placeOfIteration(session, 0) : placeOfIteration(session, findIteration(session, to));
  if (!place) throw iterationMissing(session, to);
  if (place.commit === tip)
    throw new AppError(
      'session.refused',
      `Session ${session.name} stands at ${isBeginning(to) ? 'its beginning' : `iteration ${to}`} already.`,
      {
        hint: `\`amp-sessions status ${session.id}\` lists its iterations.`,
      },
    );
  return place;
};

/**
 * Sets the session's branch back to an iteration, or to its beginning (0). Nothing is lost: what came later stays
 * reachable through the log, and `undo` brings it back.
 * @throws AppError iteration.missing, iteration.ambiguous, session.refused, session.dirty, worktree.blocked
 */
export const rewindSession = async (
  ctx: Context,
  which: SessionSummary,
  wish: { to: IterationRef; dryRun: boolean },
): Promise<Rewound> => {
  if (wish.dryRun) {
    const { session, tip } = await peek(ctx, which.id);
    return describeRewind(session, { ...wish, tip, commit: placed(session, wish.to, tip).commit });
  }
  return withJournal(ctx, { id: which.id, name: which.name, command: 'rewind' }, async (journal) => {
    const ready = await prepare(ctx, journal, 'rewind');
    const { session } = journal;
    const { wt, tip } = ready;
    const { commit, baseCommit } = placed(session, wish.to, tip);
    refuseEdits(session, ready, 'going back');
    const inTheWay = wt ? await obstacles(ctx.repo, wt, { from: tip, to: commit }) : [];
    if (inTheWay.length > 0)
      throw new AppError('worktree.blocked', `Files in ${wt!.path} are in the way: ${someOf(inTheWay)}.`, {
        hint: 'Move them away, then try again. Nothing was changed.',
      });
    const moves = [ownMove(session, { from: tip, to: commit, wt })];
    const data = { operation: nextOperation(session), moves, iteration: numberOf(wish.to), baseCommit };
    // What is left behind comes last: a list whose last commit is the last one kept counts as kept already.
    await operate(ctx, journal, { type: 'rewind.started', by: 'user', data }, [commit, tip]);
    return describeRewind(journal.session, { ...wish, tip, commit });
  });
};
