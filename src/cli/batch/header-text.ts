import type { ChalkInstance } from 'chalk';
import { ITEM_STATES, type ItemState } from '../../batch/plan.ts';
import { formatDuration, formatMoney, tokensText } from '../format.ts';

/** How a batch gets on. */
export interface BatchHeader {
  counts: Record<ItemState, number>;
  running: number;
  /** US dollars; null or 0: nobody told. */
  spentUsd: number | null;
  spentTokens: number;
  /** Of some of it nobody told the cost. */
  costIsLowerBound: boolean;
  /** null: nothing to tell it by. */
  etaMs: number | null;
  /** ISO-8601 UTC; nothing of some agent starts before then. */
  pausedUntil?: string | null;
}

const PAINTS: Partial<Record<ItemState, (color: ChalkInstance) => ChalkInstance>> = {
  running: (color) => color.yellow,
  passed: (color) => color.green,
  failed: (color) => color.red,
  error: (color) => color.red,
  timeout: (color) => color.red,
  budget: (color) => color.magenta,
  cancelled: (color) => color.dim,
};

/** As `error` in `--json`, as “time-out” to a person. */
export const stateWord = (state: ItemState): string => (state === 'timeout' ? 'time-out' : state);

export const paintState = (state: ItemState, color: ChalkInstance, text = stateWord(state)): string =>
  PAINTS[state]?.(color)(text) ?? text;

const FINAL = new Set<ItemState>(['passed', 'failed', 'error', 'timeout', 'budget', 'cancelled']);

export const totalOf = (counts: Record<ItemState, number>): number =>
  ITEM_STATES.reduce((sum, state) => sum + counts[state], 0);

/** Items that have ended. */
export const endedOf = (counts: Record<ItemState, number>): number =>
  ITEM_STATES.reduce((sum, state) => sum + (FINAL.has(state) ? counts[state] : 0), 0);

/** `8 passed, 2 failed, 1 time-out`: what there is, in the order of the states. */
export const countsText = (counts: Record<ItemState, number>, color: ChalkInstance): string =>
  ITEM_STATES.filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${paintState(state, color)}`)
    .join(', ');

/** `≥$1.20, 120.0k tokens`; what is unknown stays away. */
export const spentText = (spent: Pick<BatchHeader, 'spentUsd' | 'spentTokens' | 'costIsLowerBound'>): string => {
  const { spentUsd, spentTokens, costIsLowerBound } = spent;
  const money = spentUsd === null || spentUsd === 0 ? '' : `${costIsLowerBound ? '≥' : ''}${formatMoney(spentUsd)}`;
  return [money, spentTokens > 0 ? tokensText(spentTokens) : ''].filter(Boolean).join(', ');
};

/** Minutes at the end of a long run are no news to be told by the second. */
const roughly = (milliseconds: number): string => {
  if (milliseconds < 60_000) return 'less than a minute';
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 60 ? `about ${minutes}m` : `about ${formatDuration(minutes * 60_000)}`;
};

/** `12 of 500 done · 8 passed, 4 running · $1.20 · about 14m left`. */
export const headerText = (header: BatchHeader, color: ChalkInstance, now: number): string => {
  const { counts, etaMs, pausedUntil } = header;
  const pause = pausedUntil ? Date.parse(pausedUntil) - now : 0;
  const parts = [
    color.bold(`${endedOf(counts)} of ${totalOf(counts)} done`),
    countsText(counts, color),
    spentText(header),
    etaMs === null || counts.queued + counts.running === 0 ? '' : `${roughly(etaMs)} left`,
    pause > 0 ? color.yellow(`pausing ${formatDuration(pause)}`) : '',
  ];
  return parts.filter(Boolean).join(color.dim(' · '));
};
