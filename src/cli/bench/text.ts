import type { ChalkInstance } from 'chalk';
import type { AgentResult, Results } from '../../bench/results.ts';
import { formatCount, formatDuration, formatMoney } from '../format.ts';
import { percent } from '../metrics-tables.ts';
import { stdout } from '../print.ts';
import { sanitizeLine } from '../sanitize.ts';
import { type Column, table } from '../table.ts';
import { cautions, intervalText, pairText } from './words.ts';

export interface BenchTold {
  id: string;
  /** Which part of the run it is; null or absent: all of it. */
  shard?: { index: number; of: number } | null;
  results: Results;
  /** Absolute; null: nothing was written. */
  out: string | null;
}

const COLUMNS: Column[] = [
  { title: 'AGENT', shrinkTo: 8 },
  { title: 'PASS@1', align: 'right' },
  { title: '95%', align: 'right', goes: 4 },
  { title: 'STRICT', align: 'right', goes: 5 },
  { title: 'RESOLVED', align: 'right' },
  { title: 'GRADED', align: 'right' },
  { title: 'STOPPED', align: 'right', goes: 3 },
  { title: 'ERRORS', align: 'right', goes: 2 },
  { title: 'TIME', align: 'right', goes: 1 },
  { title: 'COST', align: 'right' },
];

const costText = ({ costUsd, costUnknownRuns }: AgentResult): string => {
  if (costUsd === null) return 'unknown';
  return `${costUnknownRuns > 0 ? '≥' : ''}${formatMoney(costUsd)}`;
};

const rowOf = (one: AgentResult): string[] => {
  const { name, passAt1, passAt1Strict, counts, durationMs } = one;
  const graded = counts.resolved + counts.unresolved;
  return [
    sanitizeLine(name),
    percent(passAt1?.value ?? null),
    intervalText(passAt1),
    percent(passAt1Strict?.value ?? null),
    String(counts.resolved),
    String(graded),
    String(counts.timeout + counts.budget + counts['agent-failed']),
    String(counts.error + counts.unfinished + counts.ungraded),
    durationMs === null ? '–' : formatDuration(durationMs),
    costText(one),
  ];
};

/** So many flaky cases and comparisons are named; the report has all. */
const MOST = 10;

const first = (lines: string[], what: string): string[] =>
  lines.length > MOST ? [...lines.slice(0, MOST), `… and ${formatCount(lines.length - MOST, what)} more`] : lines;

/** What a benchmark came to, for a person. */
export const benchText = ({ id, shard, results, out }: BenchTold, color: ChalkInstance): string => {
  const { suite, agents, cases, repeats, resolved, graded, total, flaky, pairs } = results;
  const size = `${formatCount(cases.length, 'case')}, ${formatCount(agents.length, 'agent')}, ${formatCount(repeats, 'repeat')}`;
  const part = shard ? `, part ${shard.index}/${shard.of}` : '';
  const width = stdout.isTerminal ? stdout.columns : undefined;
  const said = [
    ...cautions(results).map((line) => color.yellow(line)),
    ...first(pairs.map(pairText), 'comparison'),
    ...first(
      flaky.map((one) => `Flaky: ${one.case} by ${one.agent}, ${one.resolved} of ${one.graded} resolved`),
      'flaky case',
    ),
    ...(out === null ? [] : [`Written: ${out}`]),
    ...(shard
      ? [`Once \`amp-sessions sync\` has brought all parts here: amp-sessions bench report ${id} --out <folder>`]
      : []),
  ];
  return [
    `${color.bold(sanitizeLine(suite))} ${id}${part}: ${resolved} of ${graded} graded resolved; ${size}, ${formatCount(total, 'run')}`,
    '',
    ...(total === 0
      ? ['No run falls into this part.']
      : table({ columns: COLUMNS, rows: agents.map(rowOf), width, paintTitle: color.dim })),
    ...(said.length > 0 ? ['', ...said.map((line) => line.replaceAll('\n', ' '))] : []),
  ].join('\n');
};
