import { basename } from 'node:path';
import type { ChalkInstance } from 'chalk';
import type { BatchOptions, Budget, PlannedItem } from '../../batch/plan.ts';
import type { Contender } from '../../bench/results.ts';
import { budgetText } from '../batch/plan-text.ts';
import { formatCount, formatDuration } from '../format.ts';
import { stdout } from '../print.ts';
import { sanitizeLine } from '../sanitize.ts';
import { type Column, table } from '../table.ts';

interface PlannedCase {
  id: string;
  /** Whole id. */
  commit: string;
  from: string;
  setup: string | null;
  timeoutSec: number | null;
  testPatch: string | null;
  solution: string | null;
  graded: { test: string; parser: string; timeoutSec: number | null } | null;
}

/** What a benchmark would do. */
export interface BenchPlanned {
  bench: {
    cases: readonly PlannedCase[];
    runBudget: Budget | null;
    programs: readonly { what: string; line: string; items: number }[];
  };
  plan: { id: string | null; options: Omit<BatchOptions, 'kind'>; items: readonly PlannedItem[] };
  contenders: readonly Contender[];
  repeats: number;
  shard: { index: number; of: number } | null;
  /** Of the part. */
  items: readonly PlannedItem[];
}

const CASES: Column[] = [
  { title: 'CASE', shrinkTo: 12 },
  { title: 'COMMIT' },
  { title: 'REPOSITORY', shrinkTo: 8, goes: 2 },
  { title: 'TESTS', shrinkTo: 12, goes: 4 },
  { title: 'READ AS', goes: 1 },
  { title: 'TIME', align: 'right', goes: 3 },
  { title: 'GOLD', goes: 1 },
];

const caseRow = ({ id, commit, from, timeoutSec, solution, graded }: PlannedCase): string[] => [
  id,
  commit.slice(0, 10),
  basename(from),
  graded?.test.replaceAll('\n', ' ⏎ ') ?? 'not graded here',
  graded?.parser ?? '–',
  timeoutSec === null ? '–' : formatDuration(timeoutSec * 1000),
  solution === null ? 'no' : 'yes',
];

const budgetsOf = ({ plan: { options }, bench }: BenchPlanned): string[] =>
  [
    ['budget', options.budget],
    ['budget of the day', options.dayBudget],
    ['budget of a run', bench.runBudget],
  ].flatMap(([what, budget]) => {
    const text = budgetText(budget as Budget | null);
    return text === null ? [] : [`${what}: ${text}`];
  });

const headLine = (planned: BenchPlanned, color: ChalkInstance): string => {
  const { bench, plan, contenders, repeats } = planned;
  const { name, concurrency } = plan.options;
  const made = [
    formatCount(bench.cases.length, 'case'),
    formatCount(contenders.length, 'agent'),
    formatCount(repeats, 'repeat'),
  ].join(' × ');
  const id = plan.id === null ? '' : ` ${plan.id}`;
  const all = `${made} = ${formatCount(plan.items.length, 'run')}, ${concurrency} at once`;
  return `${color.bold(sanitizeLine(name))}${id}: ${[all, ...budgetsOf(planned)].join('; ')}`;
};

/** What a benchmark would do, for a person. */
export const benchPlanText = (planned: BenchPlanned, color: ChalkInstance): string => {
  const { bench, contenders, shard, items } = planned;
  const width = stdout.isTerminal ? stdout.columns : undefined;
  const paintTitle = (text: string): string => color.dim(text);
  const agents = contenders.map(({ name, agent, model }) => [name, agent, model ?? '–']);
  const part = shard && `Part ${shard.index}/${shard.of}: ${formatCount(items.length, 'run')}`;
  const runs = items.map(({ item, labels }) => `${item} ${labels?.['case']} by ${labels?.['agent']}`);
  return [
    headLine(planned, color),
    ...(part === null
      ? []
      : [
          `${part}${runs.length > 0 ? ` (${runs.slice(0, 10).map(sanitizeLine).join(', ')}${runs.length > 10 ? ', …' : ''})` : ''}`,
        ]),
    '',
    ...table({
      columns: [{ title: 'AGENT', shrinkTo: 8 }, { title: 'RUNS', shrinkTo: 12 }, { title: 'MODEL' }],
      rows: agents,
      width,
      paintTitle,
    }),
    '',
    ...table({ columns: CASES, rows: bench.cases.map(caseRow), width, paintTitle }),
  ].join('\n');
};

/** The same as `--json` has it. Hidden tests and solutions are said to be there, and not shown. */
export const benchPlanAnswer = ({ bench, plan, contenders, repeats, shard, items }: BenchPlanned) => {
  const { name, file, sha256, concurrency, budget, dayBudget, limits } = plan.options;
  const cases = bench.cases.map((one) => ({
    case: one.id,
    repo: one.from,
    commit: one.commit,
    setup: one.setup,
    timeoutSec: one.timeoutSec,
    test: one.graded?.test ?? null,
    parser: one.graded?.parser ?? null,
    testTimeoutSec: one.graded?.timeoutSec ?? null,
    hasHiddenTests: one.testPatch !== null,
    hasSolution: one.solution !== null,
  }));
  return {
    id: plan.id,
    dryRun: true,
    suite: name,
    file,
    sha256,
    total: plan.items.length,
    repeats,
    concurrency,
    budget,
    dayBudget,
    runBudget: bench.runBudget,
    limits,
    shard,
    agents: contenders.map(({ name: called, agent, model }) => ({ name: called, agent, model })),
    cases,
    runs: items.map(({ item, labels = {} }) => ({
      item,
      case: labels['case'],
      agent: labels['agent'],
      repeat: Number(labels['repeat']),
    })),
    programs: bench.programs,
  };
};
