import { isAppError } from '../../errors.ts';
import { acquireLock, LockHeld } from '../../process/lock.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Session } from '../../session/state.ts';
import { type ForgetPlan, readPending, writePending } from '../../store/forget/pending.ts';
import { findTraces } from '../../store/forget/traces.ts';
import { addTombstones } from '../../store/tombstones.ts';
import { mintWriter } from '../../store/wal/writer.ts';
import type { Context } from '../context.ts';
import { findSession } from '../find-session.ts';
import { lookAround, standingWorktree, type World } from '../found.ts';
import { lockPath, refuseHeld, withJournal } from '../journal.ts';
import { conflictWaits } from '../landing/conflict-report.ts';
import { settleConflict } from '../landing/settle-conflict.ts';
import { settleOperation } from '../landing/transaction.ts';
import { afterReconcile } from '../put-away.ts';
import { reconcile } from '../reconcile.ts';
import { readSession } from '../summaries.ts';
import { carryOut, withForgetLock } from './carry-out.ts';
import { describeForget, type ForgetItem, type ForgetWish, planForget } from './what-goes.ts';

export type { ForgetItem, ForgetWish } from './what-goes.ts';

type Which = { id: string; name: string };

/**
 * The sessions that are meant, each once. One whose log cannot be read is known by its id alone.
 * @throws AppError `session.missing`, `session.ambiguous`
 */
export const findForgettable = async (ctx: Context, given: string[], cwd: string): Promise<Which[]> => {
  const found = new Map<string, Which>();
  for (const one of given) {
    const which = await findSession(ctx, one, cwd).catch(async (error) => {
      const isHere = isAppError(error, 'session.missing') && (await findTraces(ctx.repo, (id) => id === one)).size > 0;
      if (!isHere) throw error;
      return { id: one, name: one };
    });
    found.set(which.id, { id: which.id, name: which.name });
  }
  return [...found.values()];
};

/** A log that cannot be read tells nothing of a worktree or a branch: only the history goes. */
const ifReadable = async (ctx: Context, which: Which): Promise<Session | undefined> => {
  try {
    const session = await readSession(ctx, which.id);
    if (session.exists) return session;
    ctx.warn(`The log of ${which.id} has no beginning. Worktree and branch stay, whatever they are.`);
  } catch (error) {
    if (!isAppError(error, 'log.damaged')) throw error;
    ctx.warn(`${error.message} Worktree and branch stay, whatever they are.`);
  }
  return undefined;
};

interface Looked {
  plan: ForgetPlan;
  world: World | undefined;
}

const look = async (ctx: Context, which: Which, wish: ForgetWish): Promise<Looked> => {
  const session = await ifReadable(ctx, which);
  if (!session) {
    return { plan: { session: which.id, worktree: null, evenDirty: false, branch: null }, world: undefined };
  }
  if (session.conflict) throw conflictWaits(session);
  if (session.openOperation)
    ctx.warn(`The ${session.openOperation.verb} of ${session.name} never ended: it would be put in order first.`);
  const world = await afterReconcile(ctx, session, await lookAround(ctx, session));
  return { plan: await planForget(ctx, session, world, wish), world };
};

/**
 * What would go, and whether anything speaks against it. Nothing is changed.
 * @throws AppError `session.busy`, `session.dirty`, `session.unmerged`, `branch.blocked`, `landing.conflict`
 */
export const foretellForget = async (ctx: Context, all: Which[], wish: ForgetWish): Promise<ForgetItem[]> => {
  const items: ForgetItem[] = [];
  for (const which of all) {
    refuseHeld(ctx, which);
    items.push(await describeForget(ctx, which, await look(ctx, which, wish)));
  }
  return items;
};

/** An operation or an iteration whose process died is put in order first, as every verb does. */
const settle = async (ctx: Context, which: Which): Promise<void> => {
  const session = await ifReadable(ctx, which);
  if (!session?.openOperation && !session?.conflict && !(session && openIteration(session))) return;
  await withJournal(ctx, { ...which, command: 'forget' }, async (journal) => {
    await settleOperation(ctx, journal);
    await settleConflict(ctx, journal);
    const standing = await standingWorktree(ctx, journal.session.worktree);
    if (standing && !journal.session.conflict) await reconcile(ctx, journal, standing);
  });
};

const withLocks = async <T>(ctx: Context, all: Which[], work: () => Promise<T>): Promise<T> => {
  const locks: { release(): void }[] = [];
  try {
    for (const which of all)
      locks.push(
        await acquireLock(lockPath(ctx, which.id), { command: 'forget' }).catch((error) => {
          if (error instanceof LockHeld) refuseHeld(ctx, which);
          throw error;
        }),
      );
    return await work();
  } finally {
    for (const lock of locks) lock.release();
  }
};

/**
 * Takes sessions out of history: a tombstone first, which every clone and remote that syncs obeys, then all there is
 * of them here. What a crash interrupts, the next command finishes.
 * @throws AppError as `foretellForget`
 */
export const forgetSessions = async (ctx: Context, all: Which[], wish: ForgetWish): Promise<ForgetItem[]> => {
  for (const which of all) await settle(ctx, which);
  return withLocks(ctx, all, () =>
    withForgetLock(ctx, async () => {
      const items: ForgetItem[] = [];
      const plans = readPending(ctx.repo);
      for (const which of all) {
        const looked = await look(ctx, which, wish);
        items.push(await describeForget(ctx, which, looked));
        plans.set(which.id, looked.plan);
      }
      const at = ctx.clock.now();
      const writer = mintWriter(ctx.repo, { clock: ctx.clock, id: ctx.store.writer });
      writePending(ctx.repo, plans.values(), ctx);
      await addTombstones(
        ctx.repo,
        writer,
        all.map(({ id }) => ({ kind: 'forgotten' as const, session: id, at })),
        ctx,
      );
      await carryOut(ctx, new Set(all.map(({ id }) => id)));
      return items;
    }),
  );
};
