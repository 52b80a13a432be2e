import { isAppError } from '../../errors.ts';
import type { EventData } from '../../events/catalogue.ts';
import { skippedText } from '../../events/skipped-text.ts';
import type { Leftover } from '../../git/commits.ts';
import { readRef } from '../../git/refs.ts';
import type { Worktree } from '../../git/repository.ts';
import { snapshotRef, stateOf, type Taken, takeSnapshot } from '../../git/snapshot.ts';
import type { Context } from '../context.ts';
import { MOST_NAMED } from '../iteration-end.ts';
import type { Journal } from '../journal.ts';

export type SnapshotReason = EventData<'snapshot.taken'>['reason'];

/** Whether the last snapshot of this clone has just this, as far as that is known without looking. */
const isKept = async (ctx: Context, { id, session }: Journal, dirty: Leftover[]): Promise<boolean> => {
  const { snapshot } = session;
  if (snapshot?.writer !== ctx.store.writer || snapshot.state !== stateOf(dirty)) return false;
  return (await readRef(ctx.repo, snapshotRef(id))) !== undefined;
};

export interface KeepWish {
  reason: SnapshotReason;
  /** What is uncommitted, where that was looked up just now: nothing, or just what the last snapshot has, costs nothing. */
  dirty?: Leftover[];
  /** Paths to take along although git ignores them. */
  include?: string[];
}

/**
 * Keeps what is uncommitted in the session's worktree, and puts it on record. What a snapshot cannot hold is told.
 * @returns null when nothing is uncommitted; the last snapshot when it has just this
 * @throws AppError git.failed, store.conflict
 */
export const keepUncommitted = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  { reason, dirty, include }: KeepWish,
): Promise<Taken | null> => {
  if (dirty && (dirty.length === 0 || (await isKept(ctx, journal, dirty)))) return null;
  const { id, session } = journal;
  const taken = await takeSnapshot(ctx.repo, wt, {
    ref: snapshotRef(id),
    session: id,
    reason,
    at: ctx.clock.now(),
    head: session.head,
    ...(include && { include }),
  });
  if (!taken || (!taken.isNew && session.snapshot?.commit === taken.commit)) return taken;
  const { number, commit, head, changes, bytes, state } = taken;
  const skipped = taken.skipped.slice(0, MOST_NAMED);
  // One that has no event yet was taken by a process that died right after.
  const said = taken.isNew ? reason : (taken.reason as SnapshotReason);
  const data = { number, commit, head, reason: said, changes, bytes, state, skipped };
  await journal.record([{ type: 'snapshot.taken', by: 'program', data }]);
  if (taken.isNew && taken.skipped.length > 0)
    ctx.warn(`The snapshot of ${session.name} leaves out ${skippedText(taken.skipped)}.`);
  return taken;
};

/**
 * At the end of an iteration: everything else is committed, but a test run may have left files, and nobody can tell
 * those from what a person wrote meanwhile. Nothing is started when there are none. What fails does not fail the
 * iteration.
 */
export const keepAtEnd = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  try {
    await keepUncommitted(ctx, journal, wt, { reason: 'iteration', dirty: journal.session.leftovers });
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.warn(`What is uncommitted in the worktree of ${journal.session.name} was not kept: ${error.message}`);
  }
};
