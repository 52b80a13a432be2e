import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import { ownIdentity } from '../../process/identity.ts';
import type { LockHolder } from '../../process/lock.ts';
import type { Context } from '../context.ts';
import { openBatchJournal } from './journal.ts';
import { runHolders } from './locks.ts';

export interface BatchStopped {
  id: string;
  /** Processes that worked on it; `ended` is false where one was still at it at the end of the wait. */
  workers: { pid: number; host: string; ended: boolean }[];
  /** Items that were queued and are cancelled now. */
  cancelled: string[];
}

export interface StopWish {
  /** What runs is ended too; otherwise it is let finish. */
  now: boolean;
  /** What is queued is cancelled, so that the batch is over. */
  cancel: boolean;
  /** How long the workers are waited for; a gentle stop takes as long as the items that run. */
  waitMs?: number;
}

const LOOK_MS = 50;
const GENTLE_MS = 2_000;
const NOW_MS = 60_000;

const isHere = ({ pid, host, pidNamespace }: LockHolder): boolean =>
  pid > 0 && host === ownIdentity().host && pidNamespace === ownIdentity().pidNamespace;

const isAtIt = (ctx: Context, id: string, { nonce }: LockHolder): boolean =>
  runHolders(ctx, id).some((holder) => holder.nonce === nonce);

const signal = async (ctx: Context, id: string, holder: LockHolder, now: boolean): Promise<void> => {
  process.kill(holder.pid, 'SIGINT');
  if (!now) return;
  // A second Ctrl-C, after the first was seen.
  await sleep(LOOK_MS * 2);
  if (isAtIt(ctx, id, holder)) process.kill(holder.pid, 'SIGINT');
};

const cancelQueued = async (ctx: Context, id: string): Promise<string[]> => {
  const journal = openBatchJournal(ctx, id);
  try {
    return await journal.turn(async (turn) => {
      const cause = { code: 'interrupted', message: 'Somebody cancelled it.' };
      const ended = await turn.decide({ do: 'giveUp', state: 'cancelled', cause });
      await turn.decide({ do: 'finish' });
      return ended.map(({ data }) => (data as { item: string }).item);
    });
  } finally {
    await journal.close();
  }
};

/**
 * Ends the work on a batch from another terminal, as Ctrl-C in its own would: gently, or with `now` what runs as well.
 * @throws AppError `batch.idle` when nobody works on it and there is nothing to cancel
 */
export const stopBatch = async (ctx: Context, id: string, wish: StopWish): Promise<BatchStopped> => {
  const holders = runHolders(ctx, id);
  const [elsewhere] = holders.filter((holder) => !isHere(holder));
  if (elsewhere && !holders.some(isHere))
    throw new AppError('session.busy', `Batch ${id} is worked on by process ${elsewhere.pid} on ${elsewhere.host}.`, {
      hint: 'Stop it there.',
    });
  if (holders.length === 0 && !wish.cancel)
    throw new AppError('batch.idle', `Nobody works on batch ${id}.`, {
      hint: `Go on with it with \`amp-sessions batch resume ${id}\`, or give it up with --cancel.`,
    });
  const here = holders.filter(isHere);
  for (const holder of here) await signal(ctx, id, holder, wish.now);
  const waitMs = wish.waitMs ?? (wish.now || wish.cancel ? NOW_MS : GENTLE_MS);
  const began = ctx.clock.elapsed();
  while (here.some((holder) => isAtIt(ctx, id, holder)) && ctx.clock.elapsed() - began < waitMs) await sleep(LOOK_MS);
  const cancelled = wish.cancel ? await cancelQueued(ctx, id) : [];
  const workers = holders.map((holder) => ({ pid: holder.pid, host: holder.host, ended: !isAtIt(ctx, id, holder) }));
  return { id, workers, cancelled };
};
