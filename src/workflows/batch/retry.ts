import { type Batch, openAttempt, type Worker } from '../../batch/state.ts';
import { AppError, inShell } from '../../errors.ts';
import { ownIdentity } from '../../process/identity.ts';
import { startTimeOf } from '../../process/processes.ts';
import type { Context } from '../context.ts';
import { writersHere } from '../view.ts';
import { openBatchJournal } from './journal.ts';
import { itemHolder } from './locks.ts';
import { type BatchResult, type RunOptions, runBatch } from './run.ts';

/**
 * Queues items again that have their result.
 * @param items `failed`: all that did not pass; else ids or names
 * @returns the ids that are queued again
 * @throws AppError `batch.missing`, `batch.idle` when nothing is to be queued
 */
export const requeue = async (home: Context, id: string, items: 'failed' | string[]): Promise<string[]> => {
  const journal = openBatchJournal(home, id);
  try {
    return await journal.turn(async (turn) => {
      const events = await turn.decide({ do: 'requeue', items });
      const waits = turn.batch.items.some(({ state }) => state === 'queued' || state === 'running');
      if (events.length === 0 && !waits)
        throw new AppError('batch.idle', `Nothing of batch ${id} is to be tried again: every item passed.`, {
          hint: `\`amp-sessions batch status ${id}\` shows them; name one with --item to do it again.`,
        });
      return events.map(({ data }) => (data as { item: string }).item);
    });
  } finally {
    await journal.close();
  }
};

/** The newest process of a clone that worked on the batch, by what it said itself. */
const workerOf = ({ workers }: Batch, writer: string): Worker | undefined =>
  workers.findLast((worker) => worker.writer === writer);

/** What other clones have begun and not ended. */
const runningElsewhere = (home: Context, batch: Batch): { item: string; writer: string }[] => {
  const own = writersHere(home);
  return batch.items.flatMap((item) => {
    const open = openAttempt(item);
    return open && !own.has(open.writer) ? [{ item: item.plan.item, writer: open.writer }] : [];
  });
};

const nothingOf = (batch: Batch, writer: string, elsewhere: { item: string; writer: string }[]): AppError => {
  const told = elsewhere.slice(0, 5).map((one) => `${one.item} by ${one.writer}`);
  return new AppError('batch.idle', `No item of batch ${batch.id} is on record as run by a clone called ${writer}.`, {
    hint:
      told.length === 0
        ? `No other clone runs any; \`amp-sessions batch resume ${inShell(batch.id)}\` sees to those of this one.`
        : `Other clones run: ${told.join(', ')}${elsewhere.length > told.length ? ', …' : ''}.`,
  });
};

/** A process of this machine may be seen, though its clone is another. */
const isSeen = ({ host, pid }: Worker): boolean =>
  host === ownIdentity().host && pid > 0 && startTimeOf(pid) !== undefined;

/**
 * Gives up what another clone has begun and not ended, and queues it again: a machine that is gone tells nobody. Only
 * somebody who knows that it is gone may ask for it, so they name it.
 * @param writer the clone, as `batch status` names it
 * @returns the ids that are queued again
 * @throws AppError `usage.invalid` for this clone itself; `session.busy` where its process is seen; `batch.idle`
 */
export const abandonRunning = async (home: Context, id: string, writer: string): Promise<string[]> => {
  const journal = openBatchJournal(home, id);
  try {
    return await journal.turn(async (turn) => {
      if (writersHere(home).has(writer))
        throw new AppError('usage.invalid', `${writer} is this clone.`, {
          hint: `\`amp-sessions batch resume ${inShell(id)}\` looks what became of what its dead processes left.`,
        });
      const elsewhere = runningElsewhere(home, turn.batch);
      const left = elsewhere.filter((one) => one.writer === writer);
      if (left.length === 0) throw nothingOf(turn.batch, writer, elsewhere);
      const worker = workerOf(turn.batch, writer);
      const holder =
        left.map(({ item }) => itemHolder(home, id, item)).find(Boolean) ?? (worker && isSeen(worker) && worker);
      if (holder)
        throw new AppError('session.busy', `Process ${holder.pid} on ${holder.host} may still be at it.`, {
          hint: 'End it, or wait for it; then try again.',
        });
      const events = await turn.decide({ do: 'abandon', writer });
      return events.map(({ data }) => (data as { item: string }).item);
    });
  } finally {
    await journal.close();
  }
};

/** What is to be tried again: what went wrong, what is named, or what a clone that is gone left running. */
export type RetryWish = 'failed' | string[] | { running: string };

/** Queues again what is wished, and works on the batch. @throws AppError as `requeue`, `abandonRunning` and `runBatch` */
export const retryBatch = async (
  home: Context,
  id: string,
  { items, ...options }: Omit<RunOptions, 'reason' | 'items'> & { items: RetryWish },
): Promise<BatchResult> => {
  if (typeof items === 'object' && 'running' in items) await abandonRunning(home, id, items.running);
  else await requeue(home, id, items);
  return runBatch(home, id, { ...options, reason: 'retry' });
};
