import { AppError } from '../../errors.ts';
import { dirtyPaths, type Leftover } from '../../git/commits.ts';
import { readRef } from '../../git/refs.ts';
import type { Worktree } from '../../git/repository.ts';
import { nextIteration, openIteration } from '../../session/conclusions.ts';
import type { Session } from '../../session/state.ts';
import { branchGone } from '../branch-gone.ts';
import type { Context } from '../context.ts';
import { standingWorktree } from '../found.ts';
import { type GoOnWish, goOn } from '../go-on.ts';
import type { Journal } from '../journal.ts';
import { editsAmong, onBranch, recordCommits } from '../manual-work.ts';
import { reconcile } from '../reconcile.ts';
import { sessionRemoved } from '../session-removed.ts';
import { keepUncommitted, type SnapshotReason } from '../snapshots/keep.ts';
import { warnUnrestored } from '../snapshots/unrestored.ts';
import { ensureWorktree } from '../worktree.ts';
import { conflictWaits } from './conflict-report.ts';
import { someOf } from './gate.ts';
import { settleConflict } from './settle-conflict.ts';
import { settleOperation } from './transaction.ts';

/** A session that is about to land, with everything on record. */
export interface Ready {
  /** Where its files are; undefined when it was archived. */
  wt: Worktree | undefined;
  /** Tip of its branch. */
  tip: string;
  /** Somebody's uncommitted work in its worktree. */
  edits: Leftover[];
}

/**
 * Puts in order what dead processes left, and on record what people did since: landing stands on the whole truth.
 * What is uncommitted is kept in a snapshot first.
 * @throws AppError session.archived, session.diverged, landing.conflict when one waits, worktree.blocked
 */
export const prepare = async (
  ctx: Context,
  journal: Journal,
  verb: SnapshotReason,
  wish: GoOnWish = {},
): Promise<Ready> => {
  await settleOperation(ctx, journal);
  await settleConflict(ctx, journal);
  if (openIteration(journal.session)) await reconcile(ctx, journal, await ensureWorktree(ctx, journal));
  if (journal.session.conflict) throw conflictWaits(journal.session);
  if (journal.session.removed) throw sessionRemoved(journal.session);
  await goOn(ctx, journal, wish);
  const { session } = journal;
  const wt = await standingWorktree(ctx, session.worktree);
  const tip = wt ? await onBranch(ctx, journal, wt) : await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (tip === undefined) throw branchGone(session);
  if (tip !== session.head) await recordCommits(ctx, journal, tip, nextIteration(session));
  if (!wt) {
    await warnUnrestored(ctx, session);
    return { wt, tip, edits: [] };
  }
  const dirty = await dirtyPaths(ctx.repo, wt);
  await keepUncommitted(ctx, journal, wt, { reason: verb, dirty });
  return { wt, tip, edits: editsAmong(dirty, session.leftovers) };
};

/** @throws AppError session.dirty */
export const refuseEdits = (session: Session, { edits, wt }: Ready, verb: string): void => {
  if (edits.length === 0) return;
  const some = someOf(edits.map(({ path }) => path));
  throw new AppError(
    'session.dirty',
    `Session ${session.name} has uncommitted work that ${verb} would leave behind: ${some}.`,
    { hint: `Commit it in ${wt!.path}, or take it away, then try again.` },
  );
};
