import { AppError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { openBatchJournal } from './journal.ts';
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

/** Queues again what went wrong, or what is named, and works on the batch. @throws AppError as `requeue` and `runBatch` */
export const retryBatch = async (
  home: Context,
  id: string,
  { items, ...options }: Omit<RunOptions, 'reason' | 'items'> & { items: 'failed' | string[] },
): Promise<BatchResult> => {
  await requeue(home, id, items);
  return runBatch(home, id, { ...options, reason: 'retry' });
};
