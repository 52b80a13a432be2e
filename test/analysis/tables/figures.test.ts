import { beforeAll, describe, expect, it } from 'vitest';
import { loadPrices } from '../../../src/analysis/prices.ts';
import { type LogRows, rowsOfLog } from '../../../src/analysis/tables/rows.ts';
import type { Row } from '../../../src/analysis/tables/table.ts';
import { madeHistory, plainFigures } from '../../support/history.ts';
import { expectShape } from './shape.ts';

type Figures = Record<string, unknown>;
interface AllFigures {
  total: Figures;
  session: Record<string, Figures>;
  agent: Record<string, Figures>;
  day: Record<string, Figures>;
  model: Record<string, Figures>;
}

const TOKENS = ['tokens_input', 'tokens_output', 'tokens_cache_read', 'tokens_cache_write'];
const WORDS = ['tokensInput', 'tokensOutput', 'tokensCacheRead', 'tokensCacheWrite'];

const numbers = (rows: Row[], column: string): number[] =>
  rows.map((row) => row[column]).filter((value): value is number => typeof value === 'number');
const sum = (rows: Row[], column: string): number => numbers(rows, column).reduce((all, one) => all + one, 0);
const orNull = (rows: Row[], column: string): number | null =>
  numbers(rows, column).length === 0 ? null : sum(rows, column);
const exact = (value: number): number => Math.round(value * 1000) / 1000;
const tally = (rows: Row[], column: string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const row of rows)
    if (row[column] !== null) counts[String(row[column])] = (counts[String(row[column])] ?? 0) + 1;
  return counts;
};
const percentile = (rows: Row[], share: number): number | null => {
  const sorted = numbers(rows, 'duration_ms').sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? null;
};

/** Money as a sum over rows of `usage`, as SQL would make it. */
const costOf = (usage: Row[]): Figures => {
  const known = usage.filter((row) => row['cost_usd'] !== null);
  const sources = new Set(known.map((row) => row['cost_source']));
  const isUsed = usage.some((row) => row['cost_source'] === 'unknown');
  if (known.length === 0) return { costUsd: null, costSource: isUsed ? 'unknown' : null, isLowerBound: null };
  const micros = known.reduce((all, row) => all + BigInt(String(row['cost_usd']).replace('.', '')), 0n);
  return {
    costUsd: `${micros / 1000000n}.${String(micros % 1000000n).padStart(6, '0')}`,
    costSource: sources.size > 1 ? 'mixed' : [...sources][0],
    isLowerBound: isUsed || known.some((row) => row['cost_is_lower_bound']),
  };
};

const tokensOf = (usage: Row[]): Figures =>
  Object.fromEntries(WORDS.map((word, at) => [word, orNull(usage, TOKENS[at]!)]));

/** What `plain-figures.mjs` says, out of rows. */
const figuresOf = (all: LogRows): Figures => {
  const { iterations = [], usage = [], tool_calls: calls = [], test_runs: tests = [], commits = [] } = all;
  const { git_operations: operations = [], errors = [] } = all;
  const lines = (rows: Row[]): number => sum(rows, 'insertions') + sum(rows, 'deletions');
  const cost = costOf(usage);
  const landed = commits.filter((row) => row['landed']);
  const discarded = commits.filter((row) => row['discarded']);
  const verdicts = tests.filter((row) => row['verdict'] !== null);
  const rebases = operations.filter((row) => row['verb'] === 'rebase' && row['outcome'] !== 'rolled-back');
  const isBlank = cost['costUsd'] === null || lines(landed) === 0;
  const done = operations.filter(
    (row) => row['outcome'] === 'done' && ['squash', 'rebase', 'merge', 'rewind', 'undo'].includes(String(row['verb'])),
  );
  return {
    iterations: iterations.length,
    outcomes: tally(
      iterations.map((row) => ({ outcome: row['outcome'] ?? 'running' })),
      'outcome',
    ),
    durationMs: exact(sum(iterations, 'duration_ms')),
    ...tokensOf(usage),
    ...cost,
    calls: calls.length,
    failures: calls.filter((row) => row['failed']).length,
    callP50: percentile(calls, 0.5),
    callP95: percentile(calls, 0.95),
    testRuns: verdicts.length,
    testPasses: verdicts.filter((row) => row['passed']).length,
    newlyFailing: verdicts.filter((row) => row['verdict'] === 'newly-failing').length,
    testMs: exact(sum(tests, 'duration_ms')),
    commits: commits.length,
    manual: commits.filter((row) => row['kind'] === 'manual').length,
    files: sum(commits, 'files'),
    insertions: sum(commits, 'insertions'),
    deletions: sum(commits, 'deletions'),
    landed: landed.length,
    landedLines: lines(landed),
    discarded: discarded.length,
    discardedLines: lines(discarded),
    costPerLandedLine: isBlank ? null : Number(cost['costUsd']) / lines(landed),
    shareDiscarded: lines(commits) === 0 ? null : lines(discarded) / lines(commits),
    operations: tally(done, 'verb'),
    conflictRate:
      rebases.length === 0 ? null : rebases.filter((row) => Number(row['conflicts']) > 0).length / rebases.length,
    errors: tally(errors, 'mode'),
    recovered: tally(errors, 'recovered_by'),
  };
};

const AT: Record<string, (row: Row) => unknown> = {
  iterations: (row) => row['started_at'],
  usage: (row) => row['started_at'],
  tool_calls: (row) => row['started_at'] ?? row['finished_at'],
  test_runs: (row) => row['finished_at'],
  git_operations: (row) => row['started_at'],
};

const dayOf = (table: string, row: Row): string => String((AT[table]?.(row) ?? row['at'] ?? '') || '').slice(0, 10);

const only = (all: LogRows, has: (table: string, row: Row) => boolean): LogRows =>
  Object.fromEntries(Object.entries(all).map(([table, rows]) => [table, rows.filter((row) => has(table, row))]));

describe.each([1, 2])('a history made up by seed %i', (seed) => {
  let all: LogRows;
  let plain: AllFigures;
  beforeAll(async () => {
    const { lines, logs } = madeHistory(seed, 80);
    const prices = await loadPrices();
    all = {};
    for (const [log, events] of logs)
      for (const [table, rows] of Object.entries(rowsOfLog(log, events, prices)))
        all[table] = [...(all[table] ?? []), ...rows];
    plain = plainFigures<AllFigures>(lines);
  });

  it('has rows of the right shape', () => expectShape(all));

  it('gives the same figures for each session', () => {
    const ours = Object.keys(plain.session).map((id) => [id, figuresOf(only(all, (_, row) => row['session'] === id))]);
    expect(Object.fromEntries(ours)).toEqual(plain.session);
  });

  it('gives the same figures in all', () => expect(figuresOf(all)).toEqual(plain.total));

  it('gives the same figures for each agent', () => {
    const ours = Object.keys(plain.agent).map((name) => [
      name,
      figuresOf(only(all, (_, row) => (row['agent'] ?? '') === name)),
    ]);
    expect(Object.fromEntries(ours)).toEqual(plain.agent);
  });

  it('gives the same figures for each day', () => {
    const ours = Object.keys(plain.day).map((day) => [
      day,
      figuresOf(only(all, (table, row) => dayOf(table, row) === day)),
    ]);
    expect(Object.fromEntries(ours)).toEqual(plain.day);
  });

  it('gives the same tokens and money for each model', () => {
    const ours = Object.keys(plain.model).map((name) => {
      const usage = all['usage']!.filter((row) => (row['model'] ?? '') === name);
      return [name, { ...tokensOf(usage), ...costOf(usage) }];
    });
    expect(Object.fromEntries(ours)).toEqual(plain.model);
  });

  it('has in the row of a session what its other rows come to', () => {
    for (const row of all['sessions']!) {
      const figures = plain.session[String(row['session'])];
      if (!figures) {
        expect(row).toMatchObject({ iterations: 0, tokens_input: null, cost_usd: null, commits: 0 });
        continue;
      }
      expect(row).toMatchObject({
        iterations: figures['iterations'],
        tool_calls: figures['calls'],
        tool_failures: figures['failures'],
        ...Object.fromEntries(TOKENS.map((name, at) => [name, figures[WORDS[at]!]])),
        cost_usd: figures['costUsd'],
        cost_source: figures['costSource'],
        cost_is_lower_bound: figures['isLowerBound'],
        test_runs: figures['testRuns'],
        test_passes: figures['testPasses'],
        tests_newly_failing: figures['newlyFailing'],
        commits: figures['commits'],
        manual_commits: figures['manual'],
        insertions: figures['insertions'],
        deletions: figures['deletions'],
      });
      expect(Number(row['landed_insertions']) + Number(row['landed_deletions'])).toBe(figures['landedLines']);
    }
  });
});
