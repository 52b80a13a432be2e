import { isAppError } from '../errors.ts';
import { dirtyPaths } from '../git/commits.ts';
import { readRef } from '../git/refs.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { folderBytes } from './folder-size.ts';
import { detachedCommits, otherCheckout, standingWorktree } from './found.ts';
import { holderOf } from './journal.ts';
import { type Landed, whereabouts } from './landed.ts';
import { editsAmong } from './manual-work.ts';
import { removeSession } from './put-away.ts';
import { submoduleWork } from './submodule-work.ts';
import { readSession, type SessionSummary, summaries } from './summaries.ts';

/**
 * Why nothing is lost without a session: `merged`, `rebased`, `squash-merged`, `same-content` as in `Landed`; `empty`:
 * its iterations changed nothing; `gone`: somebody removed its branch.
 */
export type PruneReason = Landed['how'] | 'empty' | 'gone';

export interface PruneItem {
  session: string;
  name: string;
  reason: PruneReason;
  /** The branch that has the work; null when there is none to have. */
  into: string | null;
  worktree: string | null;
  branch: string | null;
  /** What the worktree takes on disk. */
  bytes: number;
}

export interface Pruning {
  items: PruneItem[];
  kept: { session: string; name: string; why: string }[];
}

type Verdict = { why: string } | Pick<PruneItem, 'reason' | 'into'>;

/** What the record says against a removal. */
const onRecord = (ctx: Context, session: Session): string | undefined => {
  if (holderOf(ctx, session.id)) return 'a process works on it';
  if (session.iterations.length === 0) return 'it has not been used yet';
  if (session.openOperation) return `a ${session.openOperation.verb} of it never ended`;
  if (session.conflict) return `a rebase of it waits: conflict in ${session.conflict.conflicts[0]?.path ?? 'a file'}`;
  return undefined;
};

/** What its checkouts say against it. */
const inWorktrees = async (ctx: Context, session: Session): Promise<string | undefined> => {
  const wt = await standingWorktree(ctx, session.worktree);
  if (wt) {
    const edits = editsAmong(await dirtyPaths(ctx.repo, wt), session.leftovers);
    if (edits.length > 0) return `uncommitted work: ${edits[0]!.path}`;
    if ((await detachedCommits(ctx, wt)).length > 0) return 'commits on a detached HEAD';
    const [inside] = await submoduleWork(ctx.repo, wt);
    if (inside !== undefined) return `uncommitted work: ${inside}`;
  }
  const elsewhere = otherCheckout(ctx, session);
  return elsewhere && `its branch is checked out in ${elsewhere}`;
};

/** Why a session stays, or the reason for which nothing is lost without it. */
const judge = async (ctx: Context, session: Session): Promise<Verdict> => {
  const why = onRecord(ctx, session) ?? (await inWorktrees(ctx, session));
  if (why !== undefined) return { why };
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (!tip) return { reason: 'gone', into: null };
  const hasWork = session.iterations.some(({ commit }) => commit !== null) || session.manualCommits.length > 0;
  if (tip === session.baseCommit) return hasWork ? { why: 'its branch is back at its beginning' } : EMPTY;
  const { landed, unmerged, pushedTo } = await whereabouts(ctx, session, tip);
  if (landed) return { reason: landed.how, into: landed.into };
  if (unmerged === 0) return { why: `pushed to ${pushedTo.join(', ')}, and merged nowhere` };
  return { why: `${unmerged} unmerged commit${unmerged === 1 ? '' : 's'}` };
};

const EMPTY = { reason: 'empty', into: null } as const;

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
    else plan.items.push(await itemOf(ctx, session, verdict));
  }
  return plan;
};

const itemOf = async (
  ctx: Context,
  session: Session,
  verdict: Pick<PruneItem, 'reason' | 'into'>,
): Promise<PruneItem> => {
  const path = worktreePath(ctx, session.worktree);
  const standing = await standingWorktree(ctx, session.worktree);
  const branch = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  return {
    session: session.id,
    name: session.name,
    ...verdict,
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
