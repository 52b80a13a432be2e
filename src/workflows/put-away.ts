import { AppError } from '../errors.ts';
import { skippedText } from '../events/skipped-text.ts';
import { dirtyPaths } from '../git/commits.ts';
import { moveRef, readRef } from '../git/refs.ts';
import { removeWorktree } from '../git/worktrees.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Intent } from '../session/decide.ts';
import type { Session } from '../session/state.ts';
import { laterWork } from './after-death.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { lookAround, refuseLosses, standingWorktree, type World } from './found.ts';
import { type Journal, judge, refuseHeld, withJournal } from './journal.ts';
import type { Landed } from './landed.ts';
import { conflictWaits } from './landing/conflict-report.ts';
import { settleConflict } from './landing/settle-conflict.ts';
import { settleOperation } from './landing/transaction.ts';
import { reconcile } from './reconcile.ts';
import { keepUncommitted } from './snapshots/keep.ts';
import { readSession, type SessionSummary } from './summaries.ts';

export interface PutAway {
  session: string;
  name: string;
  /** Absolute path of the worktree that went (or would go); null when there was none. */
  worktree: string | null;
  /** The branch that went (or would go); null when it stays or was gone. */
  branch: string | null;
  commit: string | null;
  /** Commits of the branch that no other branch contains, neither as they are nor by content. */
  unmergedCommits: number;
  /** How the work is in another branch already, and in which. */
  landed: Landed | null;
  dryRun: boolean;
}

type Verb = 'archive' | 'rm';

interface Wish {
  dryRun: boolean;
  /** Remove although commits are unmerged; they stay reachable through the session's code ref. */
  unmerged?: boolean;
  /** Remove although work is uncommitted; a snapshot keeps it. */
  uncommitted?: boolean;
}

/**
 * Drops the worktree; log and branch stay.
 * @throws AppError `session.dirty`, `session.unmerged`, `session.archived`, `landing.conflict`
 */
export const archiveSession = (ctx: Context, which: SessionSummary, wish: Wish): Promise<PutAway> =>
  putAway(ctx, which, 'archive', wish);

/**
 * Drops worktree and branch; the log stays.
 * @throws AppError `session.dirty`, `session.unmerged`, `session.archived`, `landing.conflict`, `branch.blocked`
 */
export const removeSession = (ctx: Context, which: SessionSummary, wish: Wish): Promise<PutAway> =>
  putAway(ctx, which, 'rm', wish);

const putAway = (ctx: Context, which: SessionSummary, verb: Verb, wish: Wish): Promise<PutAway> => {
  if (wish.dryRun) return foretell(ctx, which, verb, wish);
  return withJournal(ctx, { id: which.id, name: which.name, command: verb }, async (journal) => {
    await settleOperation(ctx, journal);
    await settleConflict(ctx, journal);
    if (journal.session.conflict) throw conflictWaits(journal.session);
    const standing = await standingWorktree(ctx, journal.session.worktree);
    if (standing) await reconcile(ctx, journal, standing);
    const { session } = journal;
    const world = await lookAround(ctx, session);
    await refuseLosses(ctx, session, {
      worktree: world.worktree,
      branch: verb === 'rm' && world.branchCommit !== null,
    });
    const answer = answerOf(session, verb, world, wish);
    judge(session, intentOf(verb, world, wish));
    if (world.worktree) await keepAll(ctx, journal, world, verb);
    await journal.decide(intentOf(verb, world, wish));
    await dropWorktree(ctx, journal);
    if (verb === 'rm') await dropBranch(ctx, journal, world.branchCommit);
    const type = verb === 'rm' ? ('session.removed' as const) : ('session.archived' as const);
    await journal.record([{ type, by: 'user', data: {} }]);
    return answer;
  });
};

const intentOf = (verb: Verb, world: World, wish: Wish): Intent => {
  const { unmergedCommits, branchCommit, inside } = world;
  // What lies in the repositories of submodules is in no snapshot.
  const found = { uncommitted: wish.uncommitted ? inside : world.uncommitted, unmergedCommits, branchCommit };
  return verb === 'archive' ? { do: 'archive', found } : { do: 'remove', found, anyway: wish.unmerged === true };
};

const answerOf = (session: Session, verb: Verb, world: World, wish: Wish): PutAway => ({
  session: session.id,
  name: session.name,
  worktree: world.worktree?.path ?? null,
  branch: verb === 'rm' && world.branchCommit !== null ? session.branch : null,
  commit: world.branchCommit,
  unmergedCommits: world.unmergedCommits,
  landed: world.landed,
  dryRun: wish.dryRun,
});

/** What would happen: nothing is recorded, and what a dead process left is told, not put in order. */
const foretell = async (ctx: Context, which: SessionSummary, verb: Verb, wish: Wish): Promise<PutAway> => {
  refuseHeld(ctx, which);
  const session = await readSession(ctx, which.id);
  if (session.conflict) throw conflictWaits(session);
  if (session.openOperation)
    ctx.warn(`The ${session.openOperation.verb} of ${session.name} never ended: it would be put in order first.`);
  const world = await afterReconcile(ctx, session, await lookAround(ctx, session));
  await refuseLosses(ctx, session, { worktree: world.worktree, branch: verb === 'rm' && world.branchCommit !== null });
  judge(session, intentOf(verb, world, wish));
  return answerOf(session, verb, world, wish);
};

/** The first few by name, and how many there are. */
const someOf = (paths: string[]): string =>
  paths.length > 3 ? `${paths.slice(0, 3).join(', ')}, … ${paths.length} in all` : paths.join(', ');

/** An iteration that never ended would be ended first, with one commit of what its agent left. */
export const afterReconcile = async (ctx: Context, session: Session, world: World): Promise<World> => {
  const open = openIteration(session);
  if (!open || !world.worktree) return world;
  const later = await laterWork(ctx, session, world.worktree, open);
  const stays = [...later.edits.map(({ path }) => path), ...world.inside];
  const left = world.uncommitted.filter((path) => !stays.includes(path));
  const isMoved = world.branchCommit !== null && world.branchCommit !== (later.tip ?? open.head);
  const commits = left.length > 0 || isMoved ? 1 : 0;
  const own = isMoved ? 'Its own commits would be folded into one.' : 'It left nothing.';
  const what = left.length > 0 ? `What it left would be committed as interrupted: ${someOf(left)}.` : own;
  ctx.warn(`Iteration ${open.iteration} of ${session.name} never ended: its process died. ${what}`);
  const landed = left.length > 0 ? null : world.landed;
  return {
    ...world,
    uncommitted: stays,
    landed,
    unmergedCommits: landed ? 0 : Math.max(world.unmergedCommits, commits),
  };
};

/**
 * Nobody can tell a file that a test run left from one that a person wrote while it ran. They do not hold up a
 * removal; a snapshot keeps them.
 * @throws AppError `session.dirty` when it cannot hold all
 */
const keepAll = async (ctx: Context, journal: Journal, world: World, verb: Verb): Promise<void> => {
  const { session } = journal;
  if (session.leftovers.length + world.uncommitted.length === 0) return;
  const dirty = (await dirtyPaths(ctx.repo, world.worktree!)).map(({ path }) => path);
  const taken = await keepUncommitted(ctx, journal, world.worktree!, { reason: verb });
  if (taken === null) return;
  const lost = taken.skipped.filter(({ path, why }) => why !== 'special' && dirty.includes(path));
  if (lost.length > 0)
    throw new AppError('session.dirty', `A snapshot of ${session.name} cannot hold ${skippedText(lost)}.`, {
      hint: 'Move it away, or delete it, then try again. Nothing was removed.',
    });
  ctx.warn(
    `What was uncommitted is kept in snapshot ${taken.number} (commit ${taken.commit.slice(0, 12)}): ${someOf(dirty)}. \`amp-sessions restore ${session.id} --snapshot ${taken.number}\` brings it back.`,
  );
};

const dropWorktree = async (ctx: Context, journal: Journal): Promise<void> => {
  const { session } = journal;
  await removeWorktree(ctx.repo, worktreePath(ctx, session.worktree));
  if (session.hasWorktree)
    await journal.record([{ type: 'worktree.removed', by: 'program', data: { path: session.worktree } }]);
};

/** The commits are kept reachable before the branch goes. */
const dropBranch = async (ctx: Context, journal: Journal, commit: string | null): Promise<void> => {
  const { session } = journal;
  if (commit === null) return;
  journal.keep([commit]);
  await journal.flush();
  const ref = `refs/heads/${session.branch}`;
  if (!(await moveRef(ctx.repo, ref, { to: null, from: commit })) && (await readRef(ctx.repo, ref)))
    throw new AppError('store.conflict', `The branch ${session.branch} moved in the same moment; it stays.`, {
      hint: 'Look at it, then run the command again.',
    });
  await journal.record([{ type: 'branch.removed', by: 'program', data: { branch: session.branch, commit } }]);
};
