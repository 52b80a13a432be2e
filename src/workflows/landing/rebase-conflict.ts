import { isAppError } from '../../errors.ts';
import { readCommits } from '../../git/commit-tree.ts';
import { introducedMarkers } from '../../git/introduced-markers.ts';
import type { Worktree } from '../../git/repository.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Iteration, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { standingWorktree } from '../found.ts';
import { type Journal, withJournal } from '../journal.ts';
import { reconcile } from '../reconcile.ts';
import type { SessionSummary } from '../summary.ts';
import { undecided, undecidedError } from './conflict-report.ts';
import {
  commitResolution,
  type Decision,
  decideConflict,
  keepShown,
  leaveRebase,
  refuseForeign,
  shownTree,
  standingOn,
} from './conflict-resolution.ts';
import { refuseElsewhere } from './rebase.ts';
import {
  describeRebase,
  nobodyWaits,
  type RebaseResult,
  unchanged,
  watchRebase,
  worktreeGone,
} from './rebase-answer.ts';
import { showConflict } from './rebase-steps.ts';
import { settleConflict } from './settle-conflict.ts';
import { settleOperation } from './transaction.ts';

/** The worktree that a conflict waits in. @throws AppError worktree.missing, worktree.blocked, branch.blocked */
export const conflictWorktree = async (ctx: Context, journal: Journal): Promise<Worktree> => {
  const { session } = journal;
  const wt = await standingWorktree(ctx, session.worktree);
  if (!wt) throw worktreeGone(session);
  refuseElsewhere(ctx, session);
  refuseForeign(journal, wt);
  return wt;
};

/** What dead processes left is put in order; undefined when that was the end of the rebase. */
const inOrder = async (
  ctx: Context,
  journal: Journal,
  started: ReturnType<typeof watchRebase>,
): Promise<RebaseResult | undefined> => {
  await settleOperation(ctx, journal);
  await settleConflict(ctx, journal);
  return journal.session.conflict ? undefined : describeRebase(ctx, journal, started());
};

/** The agent's own commit of the resolution, where that is what the worktree shows. */
const agentsOwn = async (ctx: Context, session: Session, as: string | null): Promise<Iteration | undefined> => {
  const last = session.iterations.at(-1);
  if (as === null || last?.reason !== 'conflict' || last.commit === null) return undefined;
  if (last.head !== session.conflict!.parent) return undefined;
  const [mine, theirs] = await readCommits(ctx.repo, [as, last.commit]);
  return mine!.tree === theirs!.tree && mine!.parents[0] === theirs!.parents[0] ? last : undefined;
};

const decisionOf = async (ctx: Context, journal: Journal, wt: Worktree): Promise<Decision> => {
  const { session } = journal;
  const conflict = session.conflict!;
  const head = await standingOn(ctx, journal, wt);
  const answer = { session: session.id, name: session.name, commit: conflict.from, onto: conflict.onto };
  const open = await undecided(ctx, wt, conflict);
  if (open.length > 0) throw undecidedError(session, wt, open, answer);
  const tree = await shownTree(ctx, journal, wt);
  const markers = await introducedMarkers(ctx.repo, { tree, ours: head, theirs: conflict.commit });
  const left = markers.map((marker) => ({ ...marker, reason: 'marker' as const }));
  if (left.length > 0) throw undecidedError(session, wt, left, answer);
  const as = await commitResolution(ctx, wt, { conflict, head, tree });
  const agents = await agentsOwn(ctx, session, as);
  return agents ? { as: agents.commit, by: 'agent', iteration: agents.iteration } : { as, by: 'person' };
};

/**
 * Takes what the worktree shows for the commit in conflict, with its author, date and message, and goes on.
 * @throws AppError landing.conflict when something is undecided, session.refused when no rebase waits, worktree.blocked
 */
export const continueRebase = (ctx: Context, which: SessionSummary): Promise<RebaseResult> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rebase --continue' }, async (journal) => {
    const started = watchRebase(journal);
    const ended = await inOrder(ctx, journal, started);
    if (ended) return ended;
    const wt = await conflictWorktree(ctx, journal);
    await decideConflict(ctx, journal, wt, await decisionOf(ctx, journal, wt));
    return describeRebase(ctx, journal, started());
  });

/**
 * Leaves the commit in conflict out and goes on. What the worktree showed beyond the conflict is kept.
 * @throws AppError session.refused when no rebase waits, worktree.blocked
 */
export const skipCommit = (ctx: Context, which: SessionSummary): Promise<RebaseResult> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rebase --skip' }, async (journal) => {
    const started = watchRebase(journal);
    const ended = await inOrder(ctx, journal, started);
    if (ended) return ended;
    const wt = await conflictWorktree(ctx, journal);
    await standingOn(ctx, journal, wt);
    const kept = await keepShown(ctx, journal, wt, await shownTree(ctx, journal, wt));
    const extras = kept === null ? {} : { kept };
    await decideConflict(ctx, journal, wt, { as: null, by: 'skip', ...extras });
    return describeRebase(ctx, journal, started(), extras);
  });

/**
 * Gives a rebase up that waits: branch and worktree are as before, and what the worktree showed is kept.
 * @throws AppError session.refused when no rebase waits, worktree.blocked
 */
export const abortRebase = (ctx: Context, which: SessionSummary): Promise<RebaseResult> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rebase --abort' }, async (journal) => {
    await settleOperation(ctx, journal);
    const { conflict } = journal.session;
    if (!conflict) throw nobodyWaits(journal.session);
    const wt = await standingWorktree(ctx, journal.session.worktree);
    if (wt) {
      refuseElsewhere(ctx, journal.session);
      refuseForeign(journal, wt);
      if (openIteration(journal.session)) await reconcile(ctx, journal, wt);
      if (!conflict.shown) await showConflict(ctx, journal, wt).catch(passBlocked);
    }
    const kept = await leaveRebase(ctx, journal, wt, 'user');
    const what = { commit: journal.session.head, onto: conflict.onto };
    return unchanged(journal.session, 'aborted', { ...what, ...(kept !== null && { kept }) });
  });

/** Somebody's files are in the way of what is to be taken away anyway. */
const passBlocked = (error: unknown): void => {
  if (!isAppError(error, 'worktree.blocked')) throw error;
};
