import { ITEM_STATES, type ItemState } from './plan.ts';
import { type Batch, type BatchItem, openAttempt } from './state.ts';

export type Counts = Record<ItemState, number>;

export const countsOf = ({ items }: Pick<Batch, 'items'>): Counts => {
  const counts = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Counts;
  for (const { state } of items) counts[state] += 1;
  return counts;
};

/** Its work is to be merged and nobody has tried yet. */
export const waitsForMerge = ({ plan, state, merged, mergeRefused }: BatchItem): boolean =>
  plan.mergeOnPass && state === 'passed' && merged === null && mergeRefused === null;

/** It has its result, and nothing follows. */
export const isSettled = (item: BatchItem): boolean =>
  item.state !== 'queued' && item.state !== 'running' && !waitsForMerge(item);

export const isDone = ({ items }: Batch): boolean => items.every(isSettled);

/** Milliseconds that processes worked on it, as far as `now`. */
export const workedMs = (batch: Batch, now: string): number =>
  batch.workedMs + (batch.workingSince === null ? 0 : Math.max(0, Date.parse(now) - Date.parse(batch.workingSince)));

/** Milliseconds until the rest is done, going by what attempts took so far; null before the first has ended. */
export const etaMs = (batch: Batch, { slots, now }: { slots: number; now: string }): number | null => {
  let [ended, took, left] = [0, 0, 0];
  for (const item of batch.items) {
    for (const { end } of item.attempts)
      if (end && end.state !== 'cancelled') {
        ended += 1;
        took += end.durationMs;
      }
  }
  if (ended === 0) return null;
  const mean = took / ended;
  for (const item of batch.items) {
    const open = openAttempt(item);
    if (open) left += Math.max(0, mean - Math.max(0, Date.parse(now) - Date.parse(open.startedAt)));
    else if (item.state === 'queued') left += mean;
  }
  return Math.round(left / Math.max(1, slots));
};
