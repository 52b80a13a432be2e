import { AppError } from '../errors.ts';
import { dirtyPaths } from '../git/commits.ts';
import { moveRef, readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import { snapshotWorktree } from '../git/snapshot.ts';
import { removeWorktree } from '../git/worktrees.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { lookAround, refuseLosses } from './found.ts';
import { type Journal, withJournal } from './journal.ts';
import { reconcile } from './reconcile.ts';
import type { SessionSummary } from './summaries.ts';

export interface PutAway {
  session: string;
  name: string;
  /** Absolute path of the worktree that went (or would go); null when there was none. */
  worktree: string | null;
  /** The branch that went (or would go); null when it stays or was gone. */
  branch: string | null;
  commit: string | null;
  /** Commits of the branch that no other branch contains. */
  unmergedCommits: number;
  dryRun: boolean;
}

interface Wish {
  dryRun: boolean;
  /** Remove although commits are unmerged; they stay reachable through the session's code ref. */
  unmerged?: boolean;
}

/** Drops the worktree; log and branch stay. @throws AppError `session.dirty`, `session.unmerged`, `session.archived` */
export const archiveSession = (ctx: Context, which: SessionSummary, wish: Wish): Promise<PutAway> =>
  putAway(ctx, which, 'archive', wish);

/**
 * Drops worktree and branch; the log stays.
 * @throws AppError `session.dirty`, `session.unmerged`, `session.archived`, `branch.blocked`
 */
export const removeSession = (ctx: Context, which: SessionSummary, wish: Wish): Promise<PutAway> =>
  putAway(ctx, which, 'rm', wish);

const putAway = (ctx: Context, which: SessionSummary, verb: 'archive' | 'rm', wish: Wish): Promise<PutAway> =>
  withJournal(ctx, { id: which.id, name: which.name, command: verb }, async (journal) => {
    const found = await lookAround(ctx, journal);
    if (found.worktree) await reconcile(ctx, journal, found.worktree);
    const { worktree, ...world } = found.worktree ? await lookAround(ctx, journal) : found;
    const { session } = journal;
    await refuseLosses(ctx, session, { worktree, branch: verb === 'rm' && world.branchCommit !== null });
    const answer: PutAway = {
      session: session.id,
      name: session.name,
      worktree: worktree?.path ?? null,
      branch: verb === 'rm' && world.branchCommit !== null ? session.branch : null,
      commit: world.branchCommit,
      unmergedCommits: world.unmergedCommits,
      dryRun: wish.dryRun,
    };
    const intent =
      verb === 'archive'
        ? ({ do: 'archive', found: world } as const)
        : ({ do: 'remove', found: world, anyway: wish.unmerged === true } as const);
    if (wish.dryRun) journal.judge(intent);
    else {
      await journal.decide(intent);
      if (worktree) await keepLeftovers(ctx, journal, worktree);
      await dropWorktree(ctx, journal);
      if (verb === 'rm') await dropBranch(ctx, journal, world.branchCommit);
      await journal.record([
        verb === 'rm'
          ? { type: 'session.removed', by: 'user', data: {} }
          : { type: 'session.archived', by: 'user', data: {} },
      ]);
    }
    return answer;
  });

/**
 * Nobody can tell a file that a test run left from one that a person wrote while it ran. They do not hold up a
 * removal; they are kept in a commit beside the branch.
 */
const keepLeftovers = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  if (journal.session.leftovers.length === 0) return;
  const left = await dirtyPaths(ctx.repo, wt);
  if (left.length === 0) return;
  const { session } = journal;
  const message = `Left in the worktree of ${session.name}\n\nAmp-Session: ${session.id}\n`;
  const commit = await snapshotWorktree(ctx.repo, wt, { parent: session.head, message });
  journal.keep([commit]);
  await journal.flush();
  const some = left.slice(0, 3).map(({ path }) => path);
  const more = left.length > 3 ? `, … ${left.length} in all` : '';
  ctx.warn(`What the tests left in the worktree is kept in commit ${commit.slice(0, 12)}: ${some.join(', ')}${more}.`);
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
