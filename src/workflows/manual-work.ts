import { AppError } from '../errors.ts';
import type { Draft } from '../events/catalogue.ts';
import { type CommitInfo, commitWorktree, dirtyPaths, isAncestor, listCommits, userIdentity } from '../git/commits.ts';
import { diffSize } from '../git/diff.ts';
import { headOf } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import type { Leftover } from '../session/state.ts';
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
  throw new AppError(
    'worktree.blocked',
    `The worktree of ${journal.session.name} has ${branch ? `the branch ${branch}` : 'a detached HEAD'} checked out, not ${journal.session.branch}.`,
    { hint: `Put it back: git -C '${wt.path}' switch '${journal.session.branch}'` },
  );
};

/**
 * Finds what people did on the session's branch since the last iteration and records it apart from the agent's work:
 * their commits as they are, their uncommitted edits as a free-form commit of their own.
 */
export const recordManualWork = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  const next = (journal.session.iterations.at(-1)?.iteration ?? 0) + 1;
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

/** Records commits on the branch that are not on record yet; `head` is its tip. */
export const recordCommits = async (ctx: Context, journal: Journal, head: string, next: number): Promise<void> => {
  const known = journal.session.head;
  const drafts: Draft[] = [];
  let from = known;
  if (!(await isAncestor(ctx.repo, known, head))) {
    drafts.push({
      type: 'manual-rewrite.found',
      by: 'user',
      data: { branch: journal.session.branch, from: known, to: head },
    });
    from = '';
  }
  if (from !== '')
    // Every one, also with our trailers: an iteration's own commit is on record by now, and a cherry-pick copies them.
    for (const commit of await listCommits(ctx.repo, { from, to: head }))
      drafts.push(await foundDraft(ctx, commit, 'commit', next));
  await journal.record(drafts);
};
