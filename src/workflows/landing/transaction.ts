import { AppError, isAppError } from '../../errors.ts';
import type { Draft } from '../../events/catalogue.ts';
import { sessionLog } from '../../events/envelope.ts';
import { notesOfOperation } from '../../session/landing.ts';
import type { Operation, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import type { Journal } from '../journal.ts';
import { clearLocks, makeMove, standingOf, unmakeMove } from './moves.ts';

type Started = 'squash.started' | 'rebase.started' | 'merge.started' | 'rewind.started' | 'undo.started';
export type Opening = Extract<Draft, { type: Started }>;

/** The number that the session's next operation gets. */
export const nextOperation = ({ operations }: Session): number =>
  Math.max(0, ...operations.map(({ operation }) => operation)) + 1;

const reasonOf = (op: Operation): string => `amp-sessions: ${op.verb}`;

const ENDS = { squash: 'squash.finished', rebase: 'rebase.finished', rewind: 'rewind.finished' } as const;

const closing = (session: Session, op: Operation, how: { durationMs: number; recovered: boolean }): Draft => {
  const own = op.moves.find(({ ref }) => ref === `refs/heads/${session.branch}`);
  const commit = own?.to ?? session.head;
  const data = { operation: op.operation, commit, ...how };
  switch (op.verb) {
    case 'merge': {
      const target = op.target!.name;
      const mergeCommit = op.moves.find(({ ref }) => ref === target)?.to ?? commit;
      return { type: 'merge.finished', by: 'program', data: { ...data, target, mergeCommit } };
    }
    case 'undo': {
      const verb = session.operations.find(({ operation }) => operation === op.undoes)?.verb ?? 'undo';
      return { type: 'undo.finished', by: 'program', data: { ...data, undoes: op.undoes!, verb } };
    }
    default:
      return { type: ENDS[op.verb], by: 'program', data };
  }
};

/** A new commit is told of in its note what was told of those it stands for. */
const noteUnions = async (ctx: Context, journal: Journal, op: Operation): Promise<void> => {
  const { events } = await ctx.store.read(sessionLog(journal.id));
  for (const [commit, told] of notesOfOperation(op, events)) journal.note(commit, told);
};

const forward = async (ctx: Context, op: Operation): Promise<void> => {
  for (const move of op.moves) await makeMove(ctx, move, reasonOf(op));
};

/** From its end on record on nothing is taken back any more, whatever fails. */
const conclude = async (
  ctx: Context,
  journal: Journal,
  op: Operation,
  how: { began: number; recovered: boolean },
): Promise<void> => {
  const durationMs = Math.round(ctx.clock.elapsed() - how.began);
  await journal.record([closing(journal.session, op, { durationMs, recovered: how.recovered })]);
  journal.keep([...new Set(op.moves.flatMap(({ from, to }) => [from, to]))]);
  await noteUnions(ctx, journal, op);
  await journal.flush();
};

const rollBack = async (ctx: Context, journal: Journal, op: Operation, reason: string): Promise<void> => {
  for (const move of op.moves) await clearLocks(ctx, move);
  for (const move of [...op.moves].reverse()) await unmakeMove(ctx, move, `${reasonOf(op)}, rolled back`);
  await journal.record([
    { type: 'operation.abandoned', by: 'program', data: { operation: op.operation, verb: op.verb, reason } },
  ]);
};

/**
 * Carries out an operation: first its whole plan goes on record, then the refs move one by one, then its end goes on
 * record. When a move is impossible, those before it are taken back, and everything is as it was.
 * @param keep commits that refs are about to leave behind: they are reachable through the log before anything moves
 * @throws AppError target.moved, worktree.blocked
 */
export const operate = async (ctx: Context, journal: Journal, opening: Opening, keep: string[]): Promise<Operation> => {
  journal.keep([...new Set(keep)]);
  await journal.flush();
  const began = ctx.clock.elapsed();
  await journal.record([opening]);
  const op = journal.session.openOperation!;
  try {
    await forward(ctx, op);
  } catch (error) {
    if (!isAppError(error)) throw error;
    await rollBack(ctx, journal, op, error.message);
    throw error;
  }
  await conclude(ctx, journal, op, { began, recovered: false });
  return op;
};

/**
 * Puts an operation in order whose process died: what had begun to move is finished, or taken back where that is
 * impossible; what had not is given up. Says which.
 */
export const settleOperation = async (ctx: Context, journal: Journal): Promise<void> => {
  const op = journal.session.openOperation;
  if (!op) return;
  const what = `The ${op.verb} of ${journal.session.name} that a dead process had begun`;
  const standings = await Promise.all(op.moves.map((move) => standingOf(ctx, move)));
  if (!standings.some((standing) => standing === 'to' || standing === 'beyond')) {
    await rollBack(ctx, journal, op, 'its process died before anything moved');
    ctx.warn(`${what} was rolled back: nothing had moved yet.`);
    return;
  }
  const began = ctx.clock.elapsed();
  try {
    for (const move of op.moves) await clearLocks(ctx, move);
    await forward(ctx, op);
  } catch (error) {
    if (!isAppError(error, 'target.moved')) throw stuck(what, error);
    await rollBack(ctx, journal, op, error.message);
    ctx.warn(`${what} was rolled back: ${error.message}`);
    return;
  }
  await conclude(ctx, journal, op, { began, recovered: true });
  ctx.warn(`${what} was finished now.`);
};

/** What stands in the way of an operation that has to be finished, and what to do about it. */
const stuck = (what: string, error: unknown): unknown => {
  if (!isAppError(error)) return error;
  const { code, message } = error;
  const hint =
    code === 'worktree.blocked'
      ? 'Move those files away, then run the command again; it goes on where the other stopped.'
      : 'Nothing is lost. Mend what git speaks of (`amp-sessions doctor` looks for more), then run the command again; it goes on where the other stopped.';
  return new AppError(code, `${what} cannot be finished: ${message}`, { hint, cause: error });
};
