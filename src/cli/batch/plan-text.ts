import { basename } from 'node:path';
import type { ChalkInstance } from 'chalk';
import type { BatchPlan, Budget, PlannedItem } from '../../batch/plan.ts';
import { colors } from '../color.ts';
import { confirm } from '../confirm.ts';
import { formatCount, formatDuration, formatMoney, tokensText } from '../format.ts';
import { stderr, stdout } from '../print.ts';
import { sanitizeLine } from '../sanitize.ts';
import { table } from '../table.ts';

/** `$5.00, 1.0M tokens, 2h 00m`. */
export const budgetText = (budget: Budget | null): string | null => {
  if (budget === null) return null;
  const { usd, tokens, wallClockSec } = budget;
  const parts = [
    usd === undefined ? '' : formatMoney(usd),
    tokens === undefined ? '' : tokensText(tokens),
    wallClockSec === undefined ? '' : formatDuration(wallClockSec * 1000),
  ];
  return parts.filter(Boolean).join(', ');
};

const agentOf = ({ agent }: PlannedItem): string => (agent.mode === null ? agent.name : `${agent.name} ${agent.mode}`);

/** The same repository name in two folders needs more than its last part. */
const repositoryNames = (items: PlannedItem[]): Map<string, string> => {
  const paths = [...new Set(items.map(({ repo }) => repo))];
  const bases = paths.map((path) => basename(path));
  return new Map(
    paths.map((path, at) => [path, bases.indexOf(bases[at]!) === bases.lastIndexOf(bases[at]!) ? bases[at]! : path]),
  );
};

const flagsOf = (item: PlannedItem): string =>
  [
    item.untilPass ? `until pass (${item.maxIterations})` : '',
    item.retries > 0 ? `retries ${item.retries}` : '',
    item.mergeOnPass ? 'merge' : '',
    budgetText(item.budget) ?? '',
  ]
    .filter(Boolean)
    .join(', ');

const summary = ({ options, items }: BatchPlan): string => {
  const repositories = new Set(items.map(({ repo }) => repo)).size;
  const where = repositories === 1 ? '1 repository' : `${repositories} repositories`;
  return `${formatCount(items.length, 'item')} in ${where}, ${options.concurrency} at once`;
};

/** What a batch would do, without starting it. */
export const planText = (plan: BatchPlan, color: ChalkInstance): string => {
  const { options, items, id } = plan;
  const names = repositoryNames(items);
  const rows = items.map((item) => [
    item.item,
    item.name,
    names.get(item.repo)!,
    agentOf(item),
    item.base ?? '–',
    item.test ?? '–',
    flagsOf(item) || '–',
  ]);
  const columns = [
    { title: 'ITEM' },
    { title: 'NAME', shrinkTo: 12 },
    { title: 'REPOSITORY', shrinkTo: 10 },
    { title: 'AGENT', shrinkTo: 6 },
    { title: 'BASE', shrinkTo: 6, goes: 1 },
    { title: 'TESTS', shrinkTo: 10, goes: 3 },
    { title: 'MORE', shrinkTo: 8, goes: 2 },
  ];
  const width = stdout.isTerminal ? stdout.columns : undefined;
  const budgets = [
    ['budget', budgetText(options.budget)],
    ['budget of the day', budgetText(options.dayBudget)],
  ].flatMap(([what, text]) => (text === null ? [] : [`${what}: ${text}`]));
  return [
    `${color.bold(sanitizeLine(options.name))}${id === null || id === options.name ? '' : ` ${id}`}: ${[summary(plan), ...budgets].join('; ')}`,
    '',
    ...table({ columns, rows, width, paintTitle: (text) => color.dim(text) }),
  ].join('\n');
};

interface Program {
  what: string;
  line: string;
  items: number;
}

/** Lines that a person is asked about at once; the rest is counted. */
const MOST_PROGRAMS = 30;

/** What a file wants to run, for a person to judge. */
export const programsText = (programs: readonly Program[], color: ChalkInstance): string[] => {
  const shown = programs.slice(0, MOST_PROGRAMS).map(({ what, line, items }) => {
    const count = items > 1 ? color.dim(` (${formatCount(items, 'item')})`) : '';
    return `  ${color.dim(`${what}:`)} ${sanitizeLine(line.replaceAll('\n', ' ⏎ '))}${count}`;
  });
  const more = programs.length - MOST_PROGRAMS;
  return more > 0 ? [...shown, `  … and ${more} more`] : shown;
};

/** Shows what there is to trust on stderr, and asks; nobody can answer in a pipe. */
export const askToTrust = async ({
  file,
  programs,
}: {
  file: string;
  programs: readonly Program[];
}): Promise<boolean> => {
  if (!process.stdin.isTTY || !stderr.isTerminal) return false;
  stderr.line(`${sanitizeLine(file)} names:`);
  for (const text of programsText(programs, colors('stderr'))) stderr.line(text);
  return confirm('May it run and reach these?');
};
