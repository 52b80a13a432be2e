import { AppError } from '../../errors.ts';
import { fetchBranch, remoteBranch } from '../../git/fetch.ts';
import { remoteNames } from '../../git/remotes.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { otherCheckout } from '../found.ts';
import { requireCode } from '../go-on.ts';
import { type Journal, withJournal } from '../journal.ts';
import { diverged, lineNamed, linesHint } from '../lines.ts';
import type { SessionSummary } from '../summary.ts';
import { refuseForeign } from './conflict-resolution.ts';
import { prepare, type Ready, refuseEdits } from './prepare.ts';
import { describeRebase, type RebaseResult, unchanged, watchRebase } from './rebase-answer.ts';
import { commitsToMove, courseOf, courseOfJoin } from './rebase-course.ts';
import { advance } from './rebase-steps.ts';
import { ontoOf } from './target.ts';

export interface RebaseWish {
  /** Any branch, local or remote, tag or commit; default: the session's base. */
  onto?: string;
  /** Ask the remote for the branch first. */
  fetch: boolean;
  onStep?(text: string): void;
}

const nothingToFetch = async (ctx: Context, given: string): Promise<AppError> => {
  const remotes = await remoteNames(ctx.repo);
  return new AppError(
    'usage.invalid',
    `${JSON.stringify(given)} is no branch of a remote, so nothing can be fetched.`,
    {
      hint:
        remotes.length === 0
          ? 'This repository has no remote; leave --fetch out.'
          : `Name the remote's branch: --onto ${remotes[0]}/${given}`,
    },
  );
};

const fetchFirst = async (ctx: Context, session: Session, wish: RebaseWish): Promise<void> => {
  const given = wish.onto ?? session.base ?? 'HEAD';
  const found = await remoteBranch(ctx.repo, given);
  if (!found) throw await nothingToFetch(ctx, given);
  wish.onStep?.(`fetch ${found.branch} from ${found.remote}`);
  await fetchBranch(ctx.repo, found);
};

/** A branch that is checked out elsewhere too would change under somebody's hands. @throws AppError branch.blocked */
export const refuseElsewhere = (ctx: Context, session: Session): void => {
  const elsewhere = otherCheckout(ctx, session);
  if (elsewhere === undefined) return;
  throw new AppError('branch.blocked', `The branch ${session.branch} is checked out in ${elsewhere}.`, {
    hint: 'Switch to another branch there, then try again.',
  });
};

/** Puts this clone's line onto another one: afterwards the two are one. @throws AppError session.diverged */
const join = async (ctx: Context, journal: Journal, wish: RebaseWish, ready: Ready): Promise<RebaseResult> => {
  const { session } = journal;
  if (wish.onto === undefined) throw diverged(session);
  const line = lineNamed(session, wish.onto);
  if (line.here)
    throw new AppError('usage.invalid', `${wish.onto} is the line that this clone stands on.`, {
      hint: linesHint(session),
    });
  await requireCode(ctx, session, line.head);
  wish.onStep?.(`onto the line ${line.writer}`);
  const started = watchRebase(journal);
  const { course, ...todo } = await courseOfJoin(ctx, session, line, ready.tip);
  const showing = ready.wt && { wt: ready.wt, shows: ready.tip };
  await advance(ctx, journal, course, { ...todo, showing });
  return describeRebase(ctx, journal, started());
};

const rebase = async (ctx: Context, journal: Journal, wish: RebaseWish): Promise<RebaseResult> => {
  const ready = await prepare(ctx, journal, 'rebase', { anyLine: true });
  refuseEdits(journal.session, ready, 'a rebase');
  refuseElsewhere(ctx, journal.session);
  if (ready.wt) refuseForeign(journal, ready.wt);
  if (journal.session.lines.length > 0) return join(ctx, journal, wish, ready);
  if (wish.fetch) await fetchFirst(ctx, journal.session, wish);
  const onto = await ontoOf(
    ctx,
    journal.session,
    wish.onto ?? (wish.fetch ? (journal.session.base ?? undefined) : undefined),
  );
  const course = await courseOf(ctx, onto, ready.tip);
  if (!course) return unchanged(journal.session, 'up-to-date', { commit: ready.tip, onto });
  wish.onStep?.(`onto ${onto.name}`);
  const started = watchRebase(journal);
  const commits = await commitsToMove(ctx, journal.session, course);
  const showing = ready.wt && { wt: ready.wt, shows: ready.tip };
  await advance(ctx, journal, course, { commits, onto: onto.commit, showing });
  return describeRebase(ctx, journal, started());
};

/**
 * Puts a session's commits onto another commit. Without a conflict branch and worktree go there in one step; with one
 * the branch stays where it is, and the session's worktree shows the conflict. No other checkout is touched.
 * @throws AppError landing.conflict when one waits already, session.dirty, branch.blocked, worktree.blocked,
 *   ref.missing, remote.unreachable, usage.invalid, session.diverged, code.missing
 */
export const rebaseSession = (ctx: Context, which: SessionSummary, wish: RebaseWish): Promise<RebaseResult> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rebase' }, (journal) => rebase(ctx, journal, wish));
