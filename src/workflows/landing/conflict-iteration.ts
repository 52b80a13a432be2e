import { switchWorktree } from '../../git/bring-worktree.ts';
import { commitTree, readCommit } from '../../git/commit-tree.ts';
import { type CommitInfo, isAncestor, listCommits } from '../../git/commits.ts';
import { closeConflict, layOutConflict } from '../../git/conflict-worktree.ts';
import { diffSize } from '../../git/diff.ts';
import { clearInProgress } from '../../git/in-progress.ts';
import { introducedMarkers, type LeftMarker } from '../../git/introduced-markers.ts';
import { headOf, moveRef, readRef } from '../../git/refs.ts';
import type { Worktree } from '../../git/repository.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Context } from '../context.ts';
import { mendLink } from '../finish-iteration.ts';
import { type IterationEnd, recordEnd } from '../iteration-end.ts';
import type { Journal } from '../journal.ts';
import { digestKept } from '../transcript-digest.ts';
import { undecided } from './conflict-report.ts';
import { commitResolution, shownTree } from './conflict-resolution.ts';
import { mergedOf } from './rebase-steps.ts';

/** What an agent made of a conflict. */
export type Attempt =
  | { resolved: true; commit: string | null }
  | { resolved: false; left: { path: string; line?: number }[] };

interface Ending extends IterationEnd {
  /** Ids that refs led to before the agent ran. */
  known: string[];
}

/** Takes the agent's own git away from what it was not to touch: the branch, and whatever it began and did not end. */
const putInOrder = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  await mendLink(ctx, wt);
  await clearInProgress(ctx.repo, wt);
  const { branch, conflict } = journal.session;
  const ref = `refs/heads/${branch}`;
  const now = await readRef(ctx.repo, ref);
  if (now === conflict!.from) return;
  if (now !== undefined) journal.keep([now]);
  await journal.flush();
  await moveRef(ctx.repo, ref, { from: now ?? null, to: conflict!.from, reason: 'amp-sessions: rebase' });
  ctx.warn(`The agent had moved the branch ${branch}; it is where it was before.`);
};

/** Commits that the agent made although it was told not to; what they contain is in the files. */
const ownCommits = async (ctx: Context, journal: Journal, wt: Worktree, known: string[]): Promise<CommitInfo[]> => {
  const { parent } = journal.session.conflict!;
  const { commit } = await headOf(ctx.repo, wt);
  if (commit === null || commit === parent) return [];
  const found = await listCommits(ctx.repo, { from: parent, to: commit, not: known });
  return found.filter(({ trailers }) => trailers['Amp-Session'] !== journal.id);
};

/** An agent that went elsewhere with its HEAD has decided nothing: the conflict is laid out again. */
const bringBack = async (ctx: Context, journal: Journal, wt: Worktree, tree: string): Promise<boolean> => {
  const conflict = journal.session.conflict!;
  const { commit } = await headOf(ctx.repo, wt);
  if (commit !== null && (await isAncestor(ctx.repo, conflict.parent, commit))) return false;
  await closeConflict(ctx.repo, wt, tree);
  await layOutConflict(ctx.repo, wt, { from: tree, head: conflict.parent, merged: mergedOf(conflict) });
  ctx.warn('The agent had switched to another commit in the worktree, so the conflict is shown anew.');
  return true;
};

const keepAsLeft = async (ctx: Context, journal: Journal, tree: string, head: string): Promise<void> => {
  const { id, name } = journal.session;
  const message = `What the agent left of a conflict of ${name}\n\nAmp-Session: ${id}\n`;
  journal.keep([await commitTree(ctx.repo, { tree, parents: [head], message })]);
};

const judge = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  tree: string,
): Promise<{ path: string; line?: number }[]> => {
  const conflict = journal.session.conflict!;
  const open = await undecided(ctx, wt, conflict);
  const { parent, commit } = conflict;
  const markers: LeftMarker[] = await introducedMarkers(ctx.repo, { tree, ours: parent, theirs: commit });
  const known = new Set(open.map(({ path }) => path));
  return [...open, ...markers.filter(({ path }) => !known.has(path))];
};

/** Ends the open iteration on record. */
const close = async (ctx: Context, journal: Journal, commit: string | null, how: Ending): Promise<void> => {
  await recordEnd(journal, how, commit === null ? null : await describeCommit(ctx, journal, commit));
  await journal.flush();
};

const describeCommit = async (ctx: Context, journal: Journal, commit: string) => {
  const { head } = openIteration(journal.session)!;
  const subject = (await readCommit(ctx.repo, commit)).message.split('\n')[0]!;
  return { commit, subject: await ctx.redact(subject), size: await diffSize(ctx.repo, head, commit) };
};

/**
 * Ends an iteration in which the agent was to resolve a conflict. Where it did, the commit it makes is the iteration's
 * and the worktree stands on it; where it did not, the conflict waits with the files as the agent left them.
 */
export const endConflictIteration = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  how: Ending,
): Promise<Attempt> => {
  const conflict = journal.session.conflict!;
  const { iteration } = openIteration(journal.session)!;
  await putInOrder(ctx, journal, wt);
  const folded = await ownCommits(ctx, journal, wt, how.known);
  await journal.record(
    folded.map(({ id, subject }) => ({
      type: 'agent-commit.folded',
      by: 'agent',
      data: { iteration, commit: id, subject },
    })),
  );
  journal.keep(folded.map(({ id }) => id));
  const tree = await shownTree(ctx, journal, wt);
  await keepAsLeft(ctx, journal, tree, conflict.parent);
  const isElsewhere = await bringBack(ctx, journal, wt, tree);
  const left = isElsewhere ? conflict.conflicts.map(({ path }) => ({ path })) : await judge(ctx, journal, wt, tree);
  if (how.outcome !== 'completed' || left.length > 0) {
    await close(ctx, journal, null, how);
    return { resolved: false, left };
  }
  const commit = await commitResolution(ctx, wt, { conflict, head: conflict.parent, tree });
  await close(ctx, journal, commit, how);
  await closeConflict(ctx.repo, wt, tree);
  await switchWorktree(ctx.repo, wt, { detached: commit ?? conflict.parent });
  return { resolved: true, commit };
};

/** Ends such an iteration whose process died: nothing is decided. */
export const recoverConflictIteration = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  const open = openIteration(journal.session)!;
  const { iteration } = open;
  const transcript = await digestKept(ctx, journal.id, open);
  await endConflictIteration(ctx, journal, wt, {
    outcome: 'interrupted',
    durationMs: 0,
    recovered: true,
    transcript,
    known: [journal.session.conflict!.from],
  });
  ctx.warn(
    `Iteration ${iteration} of ${journal.session.name}, which was to resolve a conflict, never ended: its process died. The conflict waits, with what the agent left.`,
  );
};
