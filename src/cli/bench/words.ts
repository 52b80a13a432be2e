import type { Pair } from '../../bench/compare-agents.ts';
import type { AgentResult, Counts, Results } from '../../bench/results.ts';
import type { Estimate } from '../../bench/statistics/estimate.ts';
import { formatCount } from '../format.ts';
import { percent } from '../metrics-tables.ts';

/** What a benchmark's figures are in words: the same on a terminal and in a report. */

/** `31–83%`. */
export const intervalText = (made: { low: number; high: number } | null): string =>
  made === null ? '–' : `${percent(made.low).replace('%', '')}–${percent(made.high)}`;

/** `60% (31–83%)`. */
export const estimateText = (made: Estimate | null): string =>
  made === null ? '–' : `${percent(made.value)} (${intervalText(made)})`;

/** `p = 0.031`; what is smaller than a thousandth is told as that. */
export const pText = (p: number): string => (p < 0.001 ? '<0.001' : p.toFixed(3));

/** `+12 points`, of a difference of two shares. */
export const pointsText = (difference: number | null): string => {
  if (difference === null) return '–';
  const points = Math.round(difference * 1000) / 10;
  return `${points > 0 ? '+' : ''}${points}`.replace('-', '−');
};

export const pointsInterval = ({ low, high }: Pick<Pair, 'low' | 'high'>): string =>
  low === null || high === null ? '–' : `${pointsText(low)} to ${pointsText(high)}`;

/** `2 time-outs, 1 failed by itself`; nothing where there was none. */
export const limitsText = (counts: Counts): string =>
  [
    counts.timeout > 0 ? formatCount(counts.timeout, 'time-out') : '',
    counts.budget > 0 ? `${counts.budget} out of budget` : '',
    counts['agent-failed'] > 0 ? `${counts['agent-failed']} failed by itself` : '',
  ]
    .filter(Boolean)
    .join(', ');

/** What says nothing about an agent. */
export const excludedText = (counts: Counts): string =>
  [
    counts.error > 0 ? formatCount(counts.error, 'error') : '',
    counts.unfinished > 0 ? `${counts.unfinished} not run` : '',
    counts.ungraded > 0 ? `${counts.ungraded} not graded here` : '',
  ]
    .filter(Boolean)
    .join(', ');

/** The two sentences that keep a score from being taken for more than it is. */
export const cautions = ({ counts, total }: Pick<Results, 'counts' | 'total'>): string[] => {
  const said: string[] = [];
  const limits = limitsText(counts);
  const excluded = excludedText(counts);
  if (limits !== '') said.push(`${limits}: not among the graded; the strict rate counts them as unresolved.`);
  if (excluded !== '')
    said.push(`${excluded} of ${formatCount(total, 'run')}: nothing that an agent did, so in neither rate.`);
  return said;
};

/** What a comparison shows, in one sentence. */
export const pairText = (pair: Pair): string => {
  if (pair.cases === 0) return `${pair.a} and ${pair.b} have no graded case in common.`;
  const better = pair.onlyA > pair.onlyB ? pair.a : pair.b;
  if (pair.pHolm < 0.05) return `${better} resolves more: more than chance would explain (p = ${pText(pair.pHolm)}).`;
  return `Between ${pair.a} and ${pair.b} no difference is shown by ${formatCount(pair.cases, 'case')} (p = ${pText(pair.pHolm)}).`;
};

/** Share, interval and counts of one agent in one line. */
export const agentText = ({ name, counts, passAt1 }: AgentResult): string =>
  `${name}: ${counts.resolved} of ${counts.resolved + counts.unresolved} resolved, pass@1 ${estimateText(passAt1)}`;
