import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { forgetSessionTrust } from '../../config/trust.ts';
import { AppError, isAppError } from '../../errors.ts';
import { acquireLock, LockHeld } from '../../process/lock.ts';
import { inTurn } from '../../process/lock-turn.ts';
import { dropFromArchives } from '../../store/archive/drop-from-archives.ts';
import { forgetInNotes } from '../../store/forget/forgotten-notes.ts';
import { clearPending, type ForgetPlan, readPending, writePending } from '../../store/forget/pending.ts';
import { purgeSession } from '../../store/forget/purge-session.ts';
import { findTraces } from '../../store/forget/traces.ts';
import { readTombstones } from '../../store/tombstones.ts';
import type { Context } from '../context.ts';
import { lockPath } from '../journal.ts';
import { dropCheckout, planForOthers } from './drop-checkout.ts';

const PATIENCE_MS = 60_000;

/** One process at a time forgets in a repository. @throws AppError session.busy */
export const withForgetLock = <T>(ctx: Context, work: () => Promise<T>, waitMs = PATIENCE_MS): Promise<T> => {
  const busy = ({ holder }: LockHeld): AppError =>
    new AppError('session.busy', `Another process forgets sessions of this repository (process ${holder.pid}).`, {
      hint: 'Wait for it to end, then run the command again.',
    });
  const path = join(ctx.repo.commonDir, 'amp', 'locks', 'forget.lock');
  return inTurn(path, { command: 'forget', waitMs, busy }, work);
};

/** Works while nobody else works on the session; false when somebody does. */
const withSession = async (ctx: Context, id: string, isHeld: boolean, work: () => Promise<void>): Promise<boolean> => {
  if (isHeld) {
    await work();
    return true;
  }
  try {
    const lock = await acquireLock(lockPath(ctx, id), { command: 'forget' });
    await work().finally(() => lock.release());
    return true;
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    ctx.warn(
      `Session ${id} was forgotten, but \`${error.holder.command}\` (process ${error.holder.pid}) works on it here. It goes once that has ended.`,
    );
    return false;
  }
};

const forgetOne = async (ctx: Context, plan: ForgetPlan): Promise<void> => {
  const { session } = plan;
  await dropCheckout(ctx, plan);
  // Taken anew: what was written since is gone as well.
  const traces = (await findTraces(ctx.repo, (id) => id === session)).get(session);
  await purgeSession(ctx.repo, session, { traces, clock: ctx.clock });
  await forgetSessionTrust(ctx.repo.root, session, ctx.home);
  rmSync(lockPath(ctx, session).replace(/\.lock$/, '.unsettled'), { force: true });
};

/**
 * Carries out all tombstones there are: worktrees and branches as planned, then every trace of the sessions, then their
 * lines in the notes. Whatever a process that died left undone is done now. Under the lock of forgetting.
 * @param held sessions whose lock this process has
 * @returns the sessions of which something was here
 */
export const carryOut = async (ctx: Context, held: ReadonlySet<string> = new Set()): Promise<string[]> => {
  const { isForgotten } = await readTombstones(ctx.repo);
  const plans = new Map([...readPending(ctx.repo)].filter(([id]) => isForgotten(id)));
  const traces = await findTraces(ctx.repo, isForgotten);
  const found = new Set([...traces.keys(), ...plans.keys()]);
  for (const id of found) if (!plans.has(id)) plans.set(id, await planForOthers(ctx, id));
  if (plans.size > 0) writePending(ctx.repo, plans.values(), ctx);
  if ([...traces.values()].some(({ isPacked }) => isPacked))
    await dropFromArchives(ctx.repo, [...found], { writer: ctx.store.writer });
  const done: string[] = [];
  for (const [id, plan] of plans)
    if (await withSession(ctx, id, held.has(id), () => forgetOne(ctx, plan))) done.push(id);
  await forgetInNotes(ctx.repo, { clock: ctx.clock, isForgotten });
  for (const id of done) plans.delete(id);
  if (plans.size === 0) clearPending(ctx.repo);
  else writePending(ctx.repo, plans.values(), ctx);
  return done;
};

/** Goes on with what a process that died had begun to forget; another one that lives goes on by itself. */
export const resumeForgetting = async (ctx: Context): Promise<void> => {
  try {
    const done = await withForgetLock(ctx, () => carryOut(ctx), 0);
    for (const id of done) ctx.warn(`Session ${id}, which a dead process had begun to forget, is forgotten now.`);
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (error.code !== 'session.busy') ctx.warn(error.message);
  }
};
