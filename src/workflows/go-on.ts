import { hostname } from 'node:os';
import { AppError, inShell } from '../errors.ts';
import { bringWorktree, obstacles } from '../git/bring-worktree.ts';
import { dirtyPaths, isAncestor } from '../git/commits.ts';
import { hasCommit } from '../git/has-commit.ts';
import { moveRef, readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import { treeChanges } from '../git/tree-changes.ts';
import { nextIteration } from '../session/conclusions.ts';
import type { View } from '../session/lines.ts';
import type { Moment, Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { otherCheckout, standingWorktree } from './found.ts';
import type { Journal } from './journal.ts';
import { diverged } from './lines.ts';
import { editsAmong, onBranch, recordCommits } from './manual-work.ts';
import { sessionRemoved } from './session-removed.ts';

/** The code of a session may be elsewhere: history can travel alone. @throws AppError code.missing */
export const requireCode = async (ctx: Context, { id, name }: Session, commit: string): Promise<void> => {
  if (await hasCommit(ctx.repo, commit)) return;
  throw new AppError('code.missing', `Commit ${commit.slice(0, 12)} of ${name} is not in this repository.`, {
    hint: `Fetch it: \`amp-sessions sync\` with a remote that has the code (not --history-only), or \`git fetch\` the branch it began from; then \`amp-sessions resume ${id}\`.`,
    details: { commit },
  });
};

/** Commits that the session's branch has stood at. */
const passedBy = (views: (Session | undefined)[]): Set<string> =>
  new Set(
    views.flatMap((view) =>
      view === undefined
        ? []
        : [
            view.baseCommit,
            view.head,
            ...view.iterations.flatMap(({ head, commit }) => [head, ...(commit === null ? [] : [commit])]),
            ...view.manualCommits.map(({ commit }) => commit),
            ...view.operations.flatMap(({ moves }) => moves.flatMap(({ from, to }) => [from, to])),
          ],
    ),
  );

/** What the branch here is to the session: where it was once, ahead of it with a person's work, or something else. */
export type Standing = 'missing' | 'there' | 'behind' | 'ahead' | 'apart';

export const standingOfBranch = async (
  ctx: Context,
  view: View,
  tip: string | undefined,
  to: string,
): Promise<Standing> => {
  if (tip === undefined) return 'missing';
  if (tip === to) return 'there';
  if (passedBy([view.session, view.own]).has(tip) || (await isAncestor(ctx.repo, tip, to))) return 'behind';
  return (await isAncestor(ctx.repo, to, tip)) ? 'ahead' : 'apart';
};

const elsewhere = (session: Session, path: string): AppError =>
  new AppError('branch.blocked', `The branch ${session.branch} is checked out in ${path}.`, {
    hint: 'Switch to another branch there, then try again.',
  });

/** What is in the worktree and neither in the commit it shows nor in the one it goes to. */
const editsIn = async (ctx: Context, session: Session, wt: Worktree, way: { from: string; to: string }) => {
  const edits = editsAmong(await dirtyPaths(ctx.repo, wt), session.leftovers);
  if (edits.length === 0) return [];
  const coming = new Map((await treeChanges(ctx.repo, way.from, way.to)).map((one) => [one.path, one.new?.id ?? null]));
  // A process that died on this very way left some files behind as they are to be.
  return edits.filter(({ path, object }) => !coming.has(path) || coming.get(path) !== object);
};

const named = (paths: string[]): string =>
  paths.length > 3 ? `${paths.slice(0, 3).join(', ')}, … ${paths.length} in all` : paths.join(', ');

/** The files first, the branch last: killed between the two, a second call finishes it. */
const bring = async (
  ctx: Context,
  session: Session,
  wt: Worktree,
  way: { from: string; to: string },
): Promise<void> => {
  const edits = await editsIn(ctx, session, wt, way);
  if (edits.length > 0)
    throw new AppError(
      'session.dirty',
      `Session ${session.name} went on in another clone, and its worktree here has uncommitted work: ${named(edits.map(({ path }) => path))}.`,
      { hint: `Commit it in ${wt.path}, or take it away, then try again.` },
    );
  const inTheWay = await obstacles(ctx.repo, wt, way);
  if (inTheWay.length > 0)
    throw new AppError('worktree.blocked', `Files in ${wt.path} are in the way: ${named(inTheWay)}.`, {
      hint: 'Move them away, then try again. Nothing was changed.',
    });
  await bringWorktree(ctx.repo, wt, way);
};

const takenMeanwhile = ({ branch }: Session): AppError =>
  new AppError('store.conflict', `The branch ${branch} moved in the same moment.`, { hint: 'Run the command again.' });

const bringBranch = async (ctx: Context, journal: Journal, tip: string | undefined, to: string): Promise<void> => {
  const { session } = journal;
  if (tip !== undefined) {
    const other = otherCheckout(ctx, session);
    if (other !== undefined) throw elsewhere(session, other);
    const wt = await standingWorktree(ctx, session.worktree);
    if (wt) {
      await onBranch(ctx, journal, wt);
      await bring(ctx, session, wt, { from: tip, to });
    }
  }
  const ref = `refs/heads/${session.branch}`;
  if (!(await moveRef(ctx.repo, ref, { from: tip ?? null, to, reason: 'amp-sessions: resume' })))
    throw takenMeanwhile(session);
};

export const foreignBranch = ({ branch, name }: Session, tip: string): AppError =>
  new AppError(
    'branch.blocked',
    `There is a branch ${branch} here already, at ${tip.slice(0, 12)}, which is no commit of ${name}.`,
    { hint: `Keep it under another name, then try again: git branch -m ${inShell(branch)} <name>` },
  );

export interface GoOnWish {
  /** Stand on this clone's own line, though there are others. */
  anyLine?: boolean;
  /** The line to go on from, chosen by a person; only for a clone that has none of its own. */
  end?: { moment: Moment; head: string };
  newThread?: boolean;
  /** A removed session comes back. */
  revive?: boolean;
}

/** Puts on record that this clone goes on from there. */
export const recordResumed = async (
  journal: Journal,
  what: { from: Moment | undefined; commit: string; previous: string | null; newThread?: boolean },
): Promise<void> => {
  const { from, newThread, ...stands } = what;
  const data = { ...(from && { from }), host: hostname(), branch: journal.session.branch, ...stands };
  await journal.record([
    { type: 'session.resumed', by: 'user', data: { ...data, ...(newThread && { newThread: true }) } },
  ]);
};

/**
 * Takes this clone to where the session is: what others did since is on its branch and in its worktree afterwards, and
 * on record. What people did here meanwhile is put on record first; then there are two lines, and nothing moves.
 * Own unfinished things must be in order before.
 * @returns whether anything was to be done
 * @throws AppError session.diverged, code.missing, branch.blocked, session.dirty, worktree.blocked
 */
export const goOn = async (ctx: Context, journal: Journal, wish: GoOnWish = {}): Promise<boolean> => {
  const view = journal.view();
  if (!view) return false;
  if (journal.session.removed && !wish.revive) throw sessionRemoved(journal.session);
  if (view.session.lines.length > 0 && wish.end === undefined) return standApart(view, wish);
  if (view.isAtPar) return false;
  const to = wish.end?.head ?? view.session.head;
  await requireCode(ctx, view.session, to);
  const tip = await readRef(ctx.repo, `refs/heads/${journal.session.branch}`);
  const standing = await standingOfBranch(ctx, view, tip, to);
  if (standing === 'apart') return recordOwn(ctx, journal, view, tip!, wish);
  if (standing === 'missing' || standing === 'behind') await bringBranch(ctx, journal, tip, to);
  const { newThread } = wish;
  const from = wish.end?.moment ?? view.end;
  await recordResumed(journal, { from, commit: to, previous: tip ?? null, newThread });
  if (standing === 'behind')
    ctx.warn(
      `Session ${journal.session.name} went on in another clone: its branch here stands at ${to.slice(0, 8)} now.`,
    );
  return true;
};

/** What people did on the branch here belongs to this clone's line, and stands beside what others did. */
const recordOwn = async (ctx: Context, journal: Journal, view: View, tip: string, wish: GoOnWish): Promise<boolean> => {
  if (!view.own) throw foreignBranch(journal.session, tip);
  await recordCommits(ctx, journal, tip, nextIteration(journal.session));
  return standApart(journal.view()!, wish);
};

const standApart = (view: View, wish: GoOnWish): false => {
  if (wish.anyLine && view.isAtPar) return false;
  throw diverged(view.session);
};
