import { AppError, inShell } from '../../errors.ts';
import { isClean, obstacles } from '../../git/bring-worktree.ts';
import { checkoutsOf } from '../../git/checkouts.ts';
import { listCommits } from '../../git/commits.ts';
import { readRef } from '../../git/refs.ts';
import { undoable } from '../../session/landing.ts';
import type { Move, Operation, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { withJournal } from '../journal.ts';
import type { SessionSummary } from '../summary.ts';
import { recordedPath } from './checkouts.ts';
import { someOf } from './gate.ts';
import { reversed, shortName } from './moves.ts';
import { peek } from './peek.ts';
import { prepare } from './prepare.ts';
import { nextOperation, operate } from './transaction.ts';
import { unendedOn } from './unended.ts';

/** The answer of `undo`. */
export const describeUndo = (session: Session, op: Operation, wish: { moves: Move[]; dryRun: boolean }) => ({
  session: session.id,
  name: session.name,
  undone: op.verb,
  operation: op.operation,
  commit: wish.moves.find(({ ref }) => ref === `refs/heads/${session.branch}`)?.to ?? session.head,
  branches: wish.moves.map(({ ref, from, to, worktree }) => ({ branch: shortName(ref), from, to, worktree })),
  dryRun: wish.dryRun,
});

export type Undone = ReturnType<typeof describeUndo>;

const nothingToUndo = ({ name, id }: Session): AppError =>
  new AppError('undo.refused', `Session ${name} has no squash, rebase, merge or rewind that could be taken back.`, {
    hint: `\`amp-sessions timeline ${id}\` shows what happened.`,
  });

/** Other clones stand on the joined line as soon as they hear of it: it cannot be taken apart again. */
const joined = ({ name, id }: Session, op: Operation): AppError =>
  new AppError('undo.refused', `The rebase that joined the lines of ${name} cannot be taken back.`, {
    hint: `Go back to an iteration with \`amp-sessions rewind ${id} --to <n>\`; before the join the branch was at ${op.moves[0]!.from.slice(0, 12)}.`,
  });

const named = (commits: { id: string; subject: string }[]): string => {
  const some = commits.slice(-3).reverse();
  const text = some.map(({ id, subject }) => `${id.slice(0, 8)} ${subject}`).join('; ');
  return commits.length > some.length ? `${text}; and ${commits.length - some.length} more` : text;
};

/** Refuses to move a branch back over work that came later. */
const refuseLosses = async (ctx: Context, op: Operation, move: Move): Promise<void> => {
  const now = await readRef(ctx.repo, move.ref);
  if (now === move.to) return;
  const name = shortName(move.ref);
  if (now === undefined)
    throw new AppError('undo.refused', `The branch ${name} is gone, so the ${op.verb} cannot be taken back.`, {
      hint: `Bring it back first: git branch ${inShell(name)} ${move.to.slice(0, 12)}`,
    });
  const later = await listCommits(ctx.repo, { from: move.to, to: now });
  const lost = later.length > 0 ? `it has later work: ${named(later)}` : `it is at ${now.slice(0, 12)} now`;
  throw new AppError('undo.refused', `The ${op.verb} cannot be taken back without loss: ${name} moved on; ${lost}.`, {
    hint: `Nothing was changed. Keep that work under another name and set ${name} to ${move.to.slice(0, 12)}, then undo again; or use git revert.`,
    details: { branch: name, later: later.map(({ id, subject }) => ({ commit: id, subject })) },
  });
};

/** The move back of one ref, with the checkout that has it now. */
const wayBack = async (ctx: Context, session: Session, move: Move): Promise<Move> => {
  const [checkout, other] = await checkoutsOf(ctx.repo, move.ref);
  if (other)
    throw new AppError(
      'undo.refused',
      `${shortName(move.ref)} is checked out in two places: ${checkout!.path} and ${other.path}.`,
      {
        hint: 'Switch to another branch in one of them, then undo again. Nothing was changed.',
      },
    );
  const back = reversed(move, { worktree: checkout ? recordedPath(ctx, checkout.path) : null });
  if (!checkout) return back;
  const isOwn = move.ref === `refs/heads/${session.branch}`;
  const dirty = isOwn ? [] : (await isClean(ctx.repo, checkout)).dirty;
  const inTheWay = dirty.length > 0 ? dirty : await obstacles(ctx.repo, checkout, { from: move.to, to: move.from });
  if (inTheWay.length === 0) return back;
  const unended = await unendedOn(ctx, move.ref);
  if (unended)
    throw new AppError('target.dirty', `${checkout.path} is not what it should be: ${unended.what}.`, {
      hint: `${unended.todo}, then undo again. Nothing was changed.`,
    });
  throw new AppError(
    'target.dirty',
    `${shortName(move.ref)} is checked out in ${checkout.path}, where these are in the way: ${someOf(inTheWay)}.`,
    {
      hint: 'Stash them there, or move them away, then undo again. Nothing was changed.',
    },
  );
};

const planned = async (ctx: Context, session: Session): Promise<{ op: Operation; moves: Move[] }> => {
  const op = undoable(session);
  if (!op) throw nothingToUndo(session);
  if (op.joins.length > 0) throw joined(session, op);
  for (const move of op.moves) await refuseLosses(ctx, op, move);
  const moves: Move[] = [];
  for (const move of op.moves) moves.push(await wayBack(ctx, session, move));
  return { op, moves };
};

/**
 * Takes the last squash, rebase, merge or rewind back: branch, target and worktrees are as before, byte for byte.
 * @throws AppError undo.refused when later work would be lost, which it names; target.dirty
 */
export const undoLast = async (ctx: Context, which: SessionSummary, wish: { dryRun: boolean }): Promise<Undone> => {
  if (wish.dryRun) {
    const { session } = await peek(ctx, which.id);
    const { op, moves } = await planned(ctx, session);
    return describeUndo(session, op, { moves, ...wish });
  }
  return withJournal(ctx, { id: which.id, name: which.name, command: 'undo' }, async (journal) => {
    await prepare(ctx, journal, 'undo');
    const { op, moves } = await planned(ctx, journal.session);
    const data = { operation: nextOperation(journal.session), moves, undoes: op.operation, verb: op.verb };
    const keep = moves.flatMap(({ from, to }) => [from, to]);
    await operate(ctx, journal, { type: 'undo.started', by: 'user', data }, keep);
    return describeUndo(journal.session, op, { moves, ...wish });
  });
};
