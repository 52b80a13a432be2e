import { AppError } from '../../errors.ts';
import { skippedText } from '../../events/skipped-text.ts';
import { isAncestor } from '../../git/commits.ts';
import { readRef } from '../../git/refs.ts';
import type { Worktree } from '../../git/repository.ts';
import { planRestore, type RestorePlan, restoreFiles, restoreObstacles } from '../../git/restore-files.ts';
import { readSnapshots, type Snapshot } from '../../git/snapshot.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { worktreePath } from '../find-session.ts';
import { standingWorktree } from '../found.ts';
import { foreignBranch, recordResumed, requireCode } from '../go-on.ts';
import { type Journal, refuseHeld, withJournal } from '../journal.ts';
import { conflictWaits } from '../landing/conflict-report.ts';
import { someOf } from '../landing/gate.ts';
import { settleConflict } from '../landing/settle-conflict.ts';
import { settleOperation } from '../landing/transaction.ts';
import { reconcile } from '../reconcile.ts';
import { readSession, type SessionSummary } from '../summaries.ts';
import { buildWorktree } from '../worktree.ts';
import { keepUncommitted } from './keep.ts';

/** One snapshot, for a list. */
export const describeSnapshot = ({ number, commit, head, reason, at, changes, bytes, skipped }: Snapshot) => ({
  number,
  commit,
  head,
  reason,
  at,
  changes,
  bytes,
  skipped,
});

/** A session's snapshots in this clone, newest first. */
export const listSnapshots = async (ctx: Context, which: { id: string; name: string }) => ({
  session: which.id,
  name: which.name,
  snapshots: (await readSnapshots(ctx.repo, which.id)).map(describeSnapshot),
});

export interface RestoreWish {
  /** Number, or id of its commit; undefined: the newest. */
  snapshot?: string;
  /** Only these, and what lies below them; relative to the worktree. */
  paths: string[];
  dryRun: boolean;
}

const choose = async (ctx: Context, { id, name }: Session, given: string | undefined): Promise<Snapshot> => {
  const all = await readSnapshots(ctx.repo, id);
  if (all.length === 0)
    throw new AppError('session.refused', `Session ${name} has no snapshot here.`, {
      hint: 'One is taken when work is uncommitted at the end of an iteration, or before something risky.',
    });
  if (given === undefined) return all[0]!;
  const isId = /^[0-9a-f]{7,64}$/.test(given);
  const found =
    all.find(({ number }) => String(number) === given) ??
    (isId ? all.find(({ commit, formerly }) => [commit, ...formerly].some((one) => one.startsWith(given))) : undefined);
  if (found) return found;
  throw new AppError('session.refused', `Session ${name} has no snapshot ${JSON.stringify(given)}.`, {
    hint: `Run \`amp-sessions restore ${id} --list\` to see those there are.`,
  });
};

/** Whatever stands where the worktree was is not written into. */
const standing = (ctx: Context, session: Session): Promise<Worktree | undefined> =>
  standingWorktree(ctx, session.worktree);

/**
 * The tip of the branch that a worktree is to be made for; undefined: the branch is made again too. One that somebody
 * else made meanwhile, under the name of a session that was removed, is theirs.
 * @throws AppError code.missing, branch.blocked
 */
const branchTip = async (ctx: Context, session: Session): Promise<string | undefined> => {
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (tip === undefined) await requireCode(ctx, session, session.head);
  else if (session.removed && tip !== session.head && !(await isAncestor(ctx.repo, session.head, tip)))
    throw foreignBranch(session, tip);
  return tip;
};

/** The worktree that stands, or one made again; a removed session is none any more then. */
const worktreeFor = async (ctx: Context, journal: Journal, before: Worktree | undefined): Promise<Worktree> => {
  const { session } = journal;
  if (before && !session.removed) return before;
  const tip = await branchTip(ctx, session);
  if (session.removed)
    await recordResumed(journal, { from: undefined, commit: tip ?? session.head, previous: tip ?? null });
  return before ?? (await buildWorktree(ctx, journal, 'repair'));
};

const refuseObstacles = (wt: Worktree, plan: RestorePlan): void => {
  const inTheWay = restoreObstacles(wt, plan);
  if (inTheWay.length === 0) return;
  throw new AppError('worktree.blocked', `Something else stands in ${wt.path} at ${someOf(inTheWay)}.`, {
    hint: 'Move it away, then try again. Nothing was changed.',
  });
};

const refuseNothing = (session: Session, wish: RestoreWish, plan: RestorePlan): void => {
  if (plan.write.length + plan.remove.length + plan.same.length > 0) return;
  const which = wish.paths.length > 0 ? someOf(wish.paths) : 'no file that can be brought back';
  throw new AppError('session.refused', `The snapshot of ${session.name} has nothing of ${which}.`, {
    hint: `Run \`amp-sessions restore ${session.id} --list\`, or name other paths (relative to the worktree).`,
  });
};

interface Done {
  snapshot: Snapshot;
  plan: RestorePlan;
  kept: number | null;
  recreated: boolean;
  dryRun: boolean;
}

const answerOf = (ctx: Context, session: Session, { snapshot, plan, kept, recreated, dryRun }: Done) => ({
  session: session.id,
  name: session.name,
  worktree: worktreePath(ctx, session.worktree),
  snapshot: describeSnapshot(snapshot),
  written: plan.write,
  removed: plan.remove,
  same: plan.same.length,
  nested: plan.nested,
  /** The branch has gone on since the snapshot was taken. */
  branchMoved: snapshot.head !== session.head,
  kept,
  recreated,
  dryRun,
});

export type Restored = ReturnType<typeof answerOf>;

const planIn = (
  ctx: Context,
  wt: Worktree | undefined,
  snapshot: Snapshot,
  { paths }: RestoreWish,
): Promise<RestorePlan> =>
  planRestore(ctx.repo, wt, { head: snapshot.head, tree: snapshot.tree, ...(paths.length > 0 && { paths }) });

/** What would happen: nothing is recorded, and nothing that a dead process left is put in order. */
const foretell = async (ctx: Context, which: SessionSummary, wish: RestoreWish): Promise<Restored> => {
  refuseHeld(ctx, which);
  const session = await readSession(ctx, which.id);
  const snapshot = await choose(ctx, session, wish.snapshot);
  const wt = await standing(ctx, session);
  const plan = await planIn(ctx, wt, snapshot, wish);
  refuseNothing(session, wish, plan);
  if (wt) refuseObstacles(wt, plan);
  else await branchTip(ctx, session);
  return answerOf(ctx, session, { snapshot, plan, kept: null, recreated: !wt, dryRun: true });
};

/** A file that would be overwritten must be in a snapshot, whatever it is. @throws AppError `session.dirty` */
const keepFirst = async (ctx: Context, journal: Journal, wt: Worktree, plan: RestorePlan): Promise<number | null> => {
  const going = [...plan.write, ...plan.remove];
  const taken = await keepUncommitted(ctx, journal, wt, { reason: 'restore', include: going });
  const lost = (taken?.skipped ?? []).filter(({ path, why }) => why !== 'special' && going.includes(path));
  if (lost.length > 0)
    throw new AppError(
      'session.dirty',
      `What is there now would be lost: a snapshot cannot hold ${skippedText(lost)}.`,
      {
        hint: 'Move it away, or name other paths. Nothing was changed.',
      },
    );
  return taken?.number ?? null;
};

const bringBack = async (ctx: Context, journal: Journal, wt: Worktree, done: Omit<Done, 'kept'>): Promise<Done> => {
  const { snapshot, plan } = done;
  if (plan.write.length + plan.remove.length === 0) return { ...done, kept: null };
  const kept = await keepFirst(ctx, journal, wt, plan);
  const sizes = { files: plan.write.length, removed: plan.remove.length };
  const what = { number: snapshot.number, commit: snapshot.commit };
  await journal.record([{ type: 'snapshot-restore.started', by: 'user', data: { ...what, ...sizes, kept } }]);
  await restoreFiles(ctx.repo, wt, { tree: snapshot.tree, plan });
  await journal.record([{ type: 'snapshot.restored', by: 'user', data: { ...what, ...sizes } }]);
  return { ...done, kept };
};

/**
 * Brings the uncommitted work of a snapshot back into the session's worktree, which is made again where it is gone,
 * as is the branch of a session that was removed.
 * What is uncommitted there now is kept in a snapshot of its own first. Killed at any moment, a second call finishes it.
 * @throws AppError session.refused, session.dirty, landing.conflict, worktree.blocked, branch.blocked, code.missing
 */
export const restoreSnapshot = (ctx: Context, which: SessionSummary, wish: RestoreWish): Promise<Restored> => {
  if (wish.dryRun) return foretell(ctx, which, wish);
  return withJournal(ctx, { id: which.id, name: which.name, command: 'restore' }, async (journal) => {
    await settleOperation(ctx, journal);
    await settleConflict(ctx, journal);
    if (journal.session.conflict) throw conflictWaits(journal.session);
    // The number that a person gave is of the snapshots there are before this takes another.
    const snapshot = await choose(ctx, journal.session, wish.snapshot);
    const before = await standing(ctx, journal.session);
    if (!before) refuseNothing(journal.session, wish, await planIn(ctx, undefined, snapshot, wish));
    const wt = await worktreeFor(ctx, journal, before);
    if (openIteration(journal.session)) await reconcile(ctx, journal, wt);
    const plan = await planIn(ctx, wt, snapshot, wish);
    refuseNothing(journal.session, wish, plan);
    refuseObstacles(wt, plan);
    const done = await bringBack(ctx, journal, wt, { snapshot, plan, recreated: !before, dryRun: false });
    const tip = await readRef(ctx.repo, `refs/heads/${journal.session.branch}`);
    return answerOf(ctx, { ...journal.session, head: tip ?? journal.session.head }, done);
  });
};
