import { isAppError } from '../errors.ts';
import { dirtyPaths, unmergedCommits } from '../git/commits.ts';
import { readRef } from '../git/refs.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { folderBytes } from './folder-size.ts';
import { detachedCommits, otherCheckout, standingWorktree } from './found.ts';
import { holderOf } from './journal.ts';
import { editsAmong } from './manual-work.ts';
import { removeSession } from './put-away.ts';
import { submoduleWork } from './submodule-work.ts';
import { readSession, type SessionSummary, summaries } from './summaries.ts';

export interface PruneItem {
  session: string;
  name: string;
  /** `merged`: another branch contains every commit. `empty`: its iterations changed nothing. */
  reason: 'merged' | 'empty';
  worktree: string | null;
  branch: string | null;
  /** What the worktree takes on disk. */
  bytes: number;
}

export interface Pruning {
  items: PruneItem[];
  kept: { session: string; name: string; why: string }[];
}

/** Why a session stays, or the reason for which nothing is lost without it. */
const judge = async (ctx: Context, session: Session): Promise<{ why: string } | { reason: PruneItem['reason'] }> => {
  if (holderOf(ctx, session.id)) return { why: 'a process works on it' };
  if (session.iterations.length === 0) return { why: 'it has not been used yet' };
  const wt = await standingWorktree(ctx, session.worktree);
  if (wt) {
    const edits = editsAmong(await dirtyPaths(ctx.repo, wt), session.leftovers);
    if (edits.length > 0) return { why: `uncommitted work: ${edits[0]!.path}` };
    if ((await detachedCommits(ctx, wt)).length > 0) return { why: 'commits on a detached HEAD' };
    const [inside] = await submoduleWork(ctx.repo, wt);
    if (inside !== undefined) return { why: `uncommitted work: ${inside}` };
  }
  const elsewhere = otherCheckout(ctx, session);
  if (elsewhere !== undefined) return { why: `its branch is checked out in ${elsewhere}` };
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (!tip || tip === session.baseCommit) return { reason: 'empty' };
  const unmerged = await unmergedCommits(ctx.repo, session.branch, session.baseCommit);
  return unmerged === 0 ? { reason: 'merged' } : { why: `${unmerged} unmerged commit${unmerged === 1 ? '' : 's'}` };
};

/** Something else in the place of one worktree says nothing about the other sessions. */
const blockedWhy = (error: unknown): { why: string } => {
  if (isAppError(error, 'worktree.blocked')) return { why: error.message };
  throw error;
};

/** Looks at every session that still has a worktree or a branch, and says what is safe to remove and why. */
export const planPruning = async (ctx: Context): Promise<Pruning> => {
  const plan: Pruning = { items: [], kept: [] };
  for (const summary of await summaries(ctx)) {
    if (summary.removed) continue;
    const session = await readSession(ctx, summary.id);
    const verdict = await judge(ctx, session).catch(blockedWhy);
    if ('why' in verdict) plan.kept.push({ session: session.id, name: session.name, why: verdict.why });
    else plan.items.push(await itemOf(ctx, session, verdict.reason));
  }
  return plan;
};

const itemOf = async (ctx: Context, session: Session, reason: PruneItem['reason']): Promise<PruneItem> => {
  const path = worktreePath(ctx, session.worktree);
  const standing = await standingWorktree(ctx, session.worktree);
  const branch = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  return {
    session: session.id,
    name: session.name,
    reason,
    worktree: standing ? path : null,
    branch: branch ? session.branch : null,
    bytes: standing ? await folderBytes(path) : 0,
  };
};

/** Removes what a plan lists; each is judged again, under its lock, before anything goes. */
export const prune = async (ctx: Context, items: PruneItem[]): Promise<PruneItem[]> => {
  const all = new Map((await summaries(ctx)).map((summary) => [summary.id, summary] as [string, SessionSummary]));
  const done: PruneItem[] = [];
  for (const item of items) {
    const which = all.get(item.session);
    if (!which) continue;
    try {
      await removeSession(ctx, which, { dryRun: false });
      done.push(item);
    } catch (error) {
      // Somebody was at it since the plan was made: it stays, the others go.
      if (!isAppError(error)) throw error;
      ctx.warn(error.message);
    }
  }
  return done;
};
