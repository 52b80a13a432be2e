import { AppError, inShell } from '../errors.ts';
import type { Draft } from '../events/catalogue.ts';
import {
  type CommitInfo,
  commitWorktree,
  dirtyPaths,
  isAncestor,
  listCommits,
  mergeBase,
  userIdentity,
} from '../git/commits.ts';
import { diffSize } from '../git/diff.ts';
import { headOf, listRefs } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import { nextIteration } from '../session/conclusions.ts';
import type { Leftover, Session } from '../session/state.ts';
import { branchGone } from './branch-gone.ts';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';

/** Dirty paths that are somebody's edits: not exactly what a test or set-up run left behind. */
export const editsAmong = (dirty: Leftover[], leftovers: Leftover[]): Leftover[] => {
  const known = new Map(leftovers.map(({ path, object }) => [path, object]));
  return dirty.filter(({ path, object }) => !known.has(path) || known.get(path) !== object);
};

const foundDraft = async (
  ctx: Context,
  commit: CommitInfo,
  origin: 'commit' | 'uncommitted-edits',
  beforeIteration: number,
): Promise<Draft> => ({
  type: 'manual-commit.found',
  by: 'user',
  data: {
    commit: commit.id,
    parents: commit.parents,
    author: commit.author,
    subject: commit.subject,
    authoredAt: commit.authoredAt,
    ...(await diffSize(ctx.repo, commit.parents[0] ?? null, commit.id)),
    origin,
    beforeIteration,
  },
});

/** A person may have switched branches in the worktree: their doing is not undone behind their back. */
export const onBranch = async (ctx: Context, journal: Journal, wt: Worktree): Promise<string> => {
  const { commit, branch } = await headOf(ctx.repo, wt);
  if (commit && branch === journal.session.branch) return commit;
  if (branch === journal.session.branch) throw branchGone(journal.session);
  throw new AppError(
    'worktree.blocked',
    `The worktree of ${journal.session.name} has ${branch ? `the branch ${branch}` : 'a detached HEAD'} checked out, not ${journal.session.branch}.`,
    { hint: `Put it back: git -C ${inShell(wt.path)} switch ${inShell(journal.session.branch)}` },
  );
};

/**
 * Finds what people did on the session's branch since the last iteration and records it apart from the agent's work:
 * their commits as they are, their uncommitted edits as a free-form commit of their own.
 */
export const recordManualWork = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  const next = nextIteration(journal.session);
  const head = await onBranch(ctx, journal, wt);
  if (head !== journal.session.head) await recordCommits(ctx, journal, head, next);
  const { leftovers } = journal.session;
  const edits = editsAmong(await dirtyPaths(ctx.repo, wt), leftovers);
  if (edits.length === 0) return;
  const made = await commitWorktree(ctx.repo, wt, {
    branch: journal.session.branch,
    parent: head,
    message: `Manual edits before iteration ${next}\n\nAmp-Session: ${journal.id}\n`,
    leaveOut: leftovers,
    sign: ctx.config.config.commit.sign,
  });
  if (!made) return;
  const author = (await userIdentity(ctx.repo)) ?? { name: 'amp-sessions', email: 'amp-sessions@localhost' };
  const commit: CommitInfo = {
    id: made.commit,
    parents: [head],
    author,
    authoredAt: ctx.clock.now(),
    committedAt: ctx.clock.now(),
    subject: `Manual edits before iteration ${next}`,
    trailers: {},
  };
  const events = await journal.record([await foundDraft(ctx, commit, 'uncommitted-edits', next)]);
  journal.note(made.commit, events);
  journal.keep([made.commit]);
};

/** Tips of the session's base, here and at remotes: what comes from there is nobody's work in this session. */
const baseTips = async (ctx: Context, base: string | null): Promise<string[]> => {
  if (base === null) return [];
  const local = await listRefs(ctx.repo, 'refs/heads/');
  const remote = await listRefs(ctx.repo, 'refs/remotes/');
  const isBase = (ref: string): boolean => ref === `refs/heads/${base}` || ref === `refs/remotes/${base}`;
  const isCopy = (ref: string): boolean => /^refs\/remotes\/[^/]+\/(.+)$/.exec(ref)?.[1] === base;
  return [...local, ...remote].filter(({ ref }) => isBase(ref) || isCopy(ref)).map(({ id }) => id);
};

/** Commits of people since the last one on record; after a rewriting by hand, those that are not the session's own. */
const findCommits = async (
  ctx: Context,
  session: Session,
  head: string,
  isRewritten: boolean,
): Promise<CommitInfo[]> => {
  const not = await baseTips(ctx, session.base);
  if (!isRewritten) return listCommits(ctx.repo, { from: session.head, to: head, not });
  const fork = (await mergeBase(ctx.repo, session.head, head)) ?? null;
  const found = await listCommits(ctx.repo, { from: fork, to: head, not });
  return found.filter(({ trailers }) => trailers['Amp-Session'] !== session.id);
};

/**
 * Records commits on the branch that are not on record yet; `head` is its tip. All of them stay reachable, what a
 * rewriting by hand has left behind too.
 */
export const recordCommits = async (ctx: Context, journal: Journal, head: string, next: number): Promise<void> => {
  const { session } = journal;
  const isRewritten = !(await isAncestor(ctx.repo, session.head, head));
  // Every one, also with our trailers: an iteration's own commit is on record by now, and a cherry-pick copies them.
  const commits = await findCommits(ctx, session, head, isRewritten);
  const drafts: Draft[] = [];
  for (const commit of commits) drafts.push(await foundDraft(ctx, commit, 'commit', next));
  if (isRewritten) {
    journal.keep([session.head]);
    const data = { branch: session.branch, from: session.head, to: head };
    drafts.push({ type: 'manual-rewrite.found', by: 'user', data });
  }
  for (const event of await journal.record(drafts)) {
    const { commit } = event.data as { commit?: string };
    if (event.type !== 'manual-commit.found' || commit === undefined) continue;
    journal.note(commit, [event]);
    journal.keep([commit]);
  }
  // A merge of the base alone has no commit of a person, and moves the branch all the same.
  if (journal.session.head !== head && !isRewritten)
    await journal.record([
      { type: 'manual-rewrite.found', by: 'user', data: { branch: session.branch, from: session.head, to: head } },
    ]);
};
