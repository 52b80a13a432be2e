import type { ChalkInstance } from 'chalk';
import type { Answer } from './answers/answers.ts';
import { sparkline } from './chart.ts';
import { formatCount, formatDuration, formatTokens } from './format.ts';
import {
  costText,
  failuresTable,
  grouped,
  groupsTable,
  modelsTable,
  percent,
  perLine,
  toolsTable,
} from './metrics-tables.ts';
import { sanitizeLine } from './sanitize.ts';
import { textWidth } from './width.ts';

export type Metrics = Answer<'metrics'>;

export interface MetricsView {
  color: ChalkInstance;
  /** Columns of the terminal; undefined: it is none, and nothing is cut or drawn. */
  width: number | undefined;
}

const LABEL = 11;

/** A label and its facts, on as many lines as they need. */
const line = (label: string, facts: (string | false | null)[], { color, width }: MetricsView): string[] => {
  const told = facts.filter((fact): fact is string => Boolean(fact));
  if (told.length === 0) return [];
  const lines: string[] = [''];
  for (const fact of told) {
    const joined = lines.at(-1) === '' ? fact : `${lines.at(-1)} · ${fact}`;
    if (width === undefined || lines.at(-1) === '' || LABEL + textWidth(joined) <= width)
      lines[lines.length - 1] = joined;
    else lines.push(fact);
  }
  return lines.map((text, at) => color.dim((at === 0 ? label : '').padEnd(LABEL)) + text);
};

const counted = (number: number, noun: string): string => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;

const range = ({ iterationP50Ms: half, iterationP95Ms: most }: Metrics): string | null =>
  half === null || most === null ? null : `half within ${formatDuration(half)}, 95% within ${formatDuration(most)}`;

const outcomes = ({ outcomes: all }: Metrics): string[] =>
  Object.entries(all)
    .filter(([name]) => name !== 'completed')
    .map(([name, times]) => `${times} ${sanitizeLine(name)}`);

/** Where the cost comes from, in a few words. */
const provenance = (metrics: Metrics): string[] => {
  const { costBySource, costUnknownIterations, costUsd, costSource, prices } = metrics;
  if (costSource === null) return [];
  const words = {
    reported: 'told by the agent',
    billed: 'by the bill',
    computed: 'computed',
    mixed: 'told in two ways',
  };
  const parts = (['billed', 'reported', 'computed', 'mixed'] as const).filter(
    (source) => costBySource[source] !== null,
  );
  const told = parts.map((source) =>
    parts.length === 1
      ? words[source]
      : `${costText({ ...metrics, costUsd: costBySource[source]!, costIsLowerBound: false })} ${words[source]}`,
  );
  const unknown = costUnknownIterations > 0 && costUsd !== null;
  return [
    ...told,
    ...prices.map((price) => sanitizeLine(price)),
    ...(unknown ? [`not known for ${formatCount(costUnknownIterations, 'iteration')}`] : []),
  ];
};

const tokenLine = (metrics: Metrics): string[] => {
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite, tokensOutputPerSecond: speed } = metrics;
  if ([tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite].every((tokens) => tokens === null)) return ['–'];
  return [
    `${formatTokens(tokensInput)} in`,
    `${formatTokens(tokensOutput)} out`,
    `${formatTokens(tokensCacheRead)} read from the cache`,
    `${formatTokens(tokensCacheWrite)} written to it`,
    ...(speed === null ? [] : [`${speed.toFixed(1)} out a second`]),
  ];
};

const gitLine = (metrics: Metrics): (string | false)[] => [
  counted(metrics.commits, 'commit'),
  metrics.manualCommits > 0 && `${grouped(metrics.manualCommits)} by hand`,
  metrics.commits > 0 &&
    `+${grouped(metrics.insertions)} −${grouped(metrics.deletions)} in ${counted(metrics.files, 'file')}`,
  metrics.rebases > 0 && `${counted(metrics.rebases, 'rebase')}, ${percent(metrics.conflictRate)} with a conflict`,
];

const landedLine = (metrics: Metrics): (string | false)[] => [
  metrics.landedCommits > 0 && `${counted(metrics.landedCommits, 'commit')}, ${counted(metrics.landedLines, 'line')}`,
  metrics.costPerLandedLineUsd !== null &&
    `${metrics.costIsLowerBound ? '≥ ' : ''}${perLine(metrics.costPerLandedLineUsd)} a line`,
];

const discardedLine = (metrics: Metrics): (string | false)[] => [
  metrics.discardedCommits > 0 &&
    `${counted(metrics.discardedCommits, 'commit')}, ${counted(metrics.discardedLines, 'line')}`,
  metrics.discardedCommits > 0 && metrics.shareDiscarded !== null && `${percent(metrics.shareDiscarded)} of all lines`,
];

/** Each number in a few lines. */
const overview = (metrics: Metrics, view: MetricsView): string[] => [
  ...line(
    'Iterations',
    [
      grouped(metrics.iterations),
      ...outcomes(metrics),
      metrics.durationMs > 0 && formatDuration(metrics.durationMs),
      range(metrics),
    ],
    view,
  ),
  ...line('Cost', [costText(metrics), ...provenance(metrics)], view),
  ...line('Tokens', tokenLine(metrics), view),
  ...line(
    'Tools',
    [
      counted(metrics.toolCalls, 'call'),
      metrics.toolFailures > 0 &&
        `${grouped(metrics.toolFailures)} failed (${percent(metrics.toolFailures / metrics.toolCalls)})`,
      metrics.toolP50Ms !== null &&
        `half within ${formatDuration(metrics.toolP50Ms)}, 95% within ${formatDuration(metrics.toolP95Ms!)}`,
    ],
    view,
  ),
  ...line(
    'Tests',
    [
      metrics.testRuns === 0
        ? '–'
        : `${grouped(metrics.testPasses)} of ${grouped(metrics.testRuns)} passed (${percent(metrics.testPassRate)})`,
      metrics.testsNewlyFailing > 0 && `${grouped(metrics.testsNewlyFailing)} newly failing`,
      metrics.testMs > 0 && formatDuration(metrics.testMs),
    ],
    view,
  ),
  ...line('Git', gitLine(metrics), view),
  ...line('Landed', landedLine(metrics), view),
  ...line('Discarded', discardedLine(metrics), view),
  ...line(
    'Failures',
    [
      metrics.errors > 0 && grouped(metrics.errors),
      metrics.errors > 0 && `${percent(metrics.errorsRecovered / metrics.errors)} put right since`,
    ],
    view,
  ),
];

/** Milliseconds of a day. */
const DAY = 86_400_000;

/** Each of the last days, also those on which nothing began. A clock may have been wrong by centuries. */
const lastDays = (days: Metrics['days'], most: number): (Metrics['days'][number] | undefined)[] => {
  const byDay = new Map(days.map((day) => [Date.parse(day.day) / DAY, day]));
  const [first, last] = [Math.min(...byDay.keys()), Math.max(...byDay.keys())];
  const from = Math.max(first, last - most + 1);
  return Array.from({ length: last - from + 1 }, (_, n) => byDay.get(from + n));
};

const daysLines = (metrics: Metrics, view: MetricsView): string[] => {
  const { days, timeZone } = metrics;
  if (view.width === undefined || days.length < 3) return [];
  const all = lastDays(days, Math.max(7, view.width - 50));
  const from = all.find((day) => day)!.day;
  const draw = (value: (day: Metrics['days'][number]) => number) =>
    sparkline(all.map((day) => (day ? value(day) : null)));
  const span = `${from} to ${days.at(-1)!.day} (${timeZone})`;
  const isPriced = days.some(({ costUsd }) => costUsd !== null);
  return [
    ...line('Each day', [`${draw(({ iterations }) => iterations)}  iterations, ${span}`], view),
    ...(isPriced ? line('', [`${draw(({ costUsd }) => Number(costUsd))}  cost`], view) : []),
  ];
};

const title = (metrics: Metrics, { color }: MetricsView): string => {
  const { session, name, repositories, sessions } = metrics;
  if (session !== undefined) return `${color.bold(sanitizeLine(name ?? ''))} ${color.dim(session)}`;
  const where =
    repositories.length === 1 ? repositories[0]! : formatCount(repositories.length, 'repository').replace('ys', 'ies');
  return `${color.bold(counted(sessions, 'session'))} ${color.dim(`in ${sanitizeLine(where)}`)}`;
};

/** The numbers as a page of a terminal; with groups a table of them, and what they come to. */
export const metricsText = (metrics: Metrics, view: MetricsView): string => {
  const blocks = metrics.groups
    ? [[title(metrics, view)], groupsTable(metrics, view)]
    : [
        [title(metrics, view), ...overview(metrics, view), ...daysLines(metrics, view)],
        modelsTable(metrics, view),
        toolsTable(metrics, view),
        failuresTable(metrics, view),
      ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
};
