import { AppError, isAppError } from '../../errors.ts';
import type { EventData } from '../../events/catalogue.ts';
import { resolveCommit } from '../../git/refs.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { standingWorktree } from '../found.ts';
import type { Journal } from '../journal.ts';
import { type ConflictStop, describeStop, stopError } from './conflict-report.ts';

/** The answer of `rebase`. */
export interface RebaseAnswer extends Partial<Omit<ConflictStop, 'files'>> {
  session: string;
  name: string;
  branch: string;
  state: 'rebased' | 'up-to-date' | 'conflicted' | 'aborted';
  /** Tip of the session's branch now. */
  commit: string;
  /** Tip of the session's branch before. */
  previous: string;
  onto: { name: string; commit: string };
  /** It put one of several lines onto another: they are one now. */
  joined?: true;
  /** How many commits were made anew. */
  rewritten: number;
  /** Commits that were left out. */
  dropped: string[];
  files?: ConflictStop['files'];
  /** Commit of what the worktree showed before it was changed back; absent when nothing was to be kept. */
  kept?: string;
  /** Iterations in which the agent tried to resolve a conflict. */
  iterations?: number[];
}

export interface RebaseResult {
  answer: RebaseAnswer & Record<string, unknown>;
  /** What the command is to end with after the answer was shown. */
  failure: AppError | undefined;
}

/** Listens for the operation that a rebase ends with. */
export const watchRebase = (journal: Journal): (() => EventData<'rebase.started'> | undefined) => {
  let started: EventData<'rebase.started'> | undefined;
  journal.onEvent(({ type, data }) => {
    if (type === 'rebase.started') started = data as EventData<'rebase.started'>;
    if (type === 'operation.abandoned') started = undefined;
  });
  return () => started;
};

export const nobodyWaits = ({ id, name }: Session): AppError =>
  new AppError('session.refused', `No rebase of ${name} waits to go on.`, {
    hint: `Start one with \`amp-sessions rebase ${id} --onto <branch>\`.`,
  });

type Extras = Pick<RebaseAnswer, 'kept' | 'iterations'>;

const whoIs = ({ id, name, branch }: Session) => ({ session: id, name, branch });

const conflicted = async (ctx: Context, session: Session, extras: Extras): Promise<RebaseResult> => {
  const { from, onto, rewritten, dropped } = session.conflict!;
  const wt = await standingWorktree(ctx, session.worktree);
  if (!wt) throw worktreeGone(session);
  const stop = await describeStop(ctx, wt, session.conflict!);
  const answer: RebaseAnswer = {
    ...whoIs(session),
    state: 'conflicted',
    commit: from,
    previous: from,
    onto,
    rewritten: rewritten.length,
    dropped,
    ...stop,
    ...extras,
  };
  return { answer: { ...answer }, failure: stopError(session, stop, { ...answer }) };
};

export const worktreeGone = ({ id, name }: Session): AppError =>
  new AppError('worktree.missing', `The worktree of ${name}, in which its conflict waited, is gone.`, {
    hint: `Give the rebase up with \`amp-sessions rebase ${id} --abort\`, then start it again.`,
  });

/** The target may have gone on while somebody decided: the rebase ends where it was bound for. */
const tellMoved = async (ctx: Context, { name, commit }: RebaseAnswer['onto']): Promise<void> => {
  const now = await resolveCommit(ctx.repo, name, ctx.repo.here ?? undefined).catch((error) => {
    if (isAppError(error)) return commit;
    throw error;
  });
  if (now !== commit)
    ctx.warn(
      `${name} has moved since the rebase began: the session stands on ${commit.slice(0, 12)}. Rebase again for the rest.`,
    );
};

/** What a rebase has come to: a conflict, or its end. @throws AppError session.refused when there was none */
export const describeRebase = async (
  ctx: Context,
  journal: Journal,
  started: EventData<'rebase.started'> | undefined,
  extras: Extras = {},
): Promise<RebaseResult> => {
  const { session } = journal;
  if (session.conflict) return conflicted(ctx, session, extras);
  if (!started) throw nobodyWaits(session);
  await tellMoved(ctx, started.onto);
  const { onto, rewritten, dropped, moves } = started;
  const [own] = moves;
  const count = rewritten.length;
  const ends = { commit: own!.to, previous: own!.from };
  return {
    answer: {
      ...whoIs(session),
      state: 'rebased',
      ...ends,
      onto,
      rewritten: count,
      dropped,
      ...extras,
      ...(started.joins && { joined: true }),
    },
    failure: undefined,
  };
};

/** An answer for what changed no commit. */
export const unchanged = (
  session: Session,
  state: 'up-to-date' | 'aborted',
  what: { commit: string; onto: RebaseAnswer['onto'] } & Extras,
): RebaseResult => ({
  answer: { ...whoIs(session), state, previous: what.commit, rewritten: 0, dropped: [], ...what },
  failure: undefined,
});
