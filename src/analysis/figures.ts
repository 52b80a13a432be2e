import type { Asked } from './questions/question.ts';

const SOURCES = ['reported', 'billed', 'computed', 'mixed'] as const;

export type Used = {
  /** Without cache reads and writes. Of all tokens null is: none were told. */
  tokensInput: number | null;
  tokensOutput: number | null;
  tokensCacheRead: number | null;
  tokensCacheWrite: number | null;
  /** US dollars as a decimal string with six places; null: nothing of it is known. */
  costUsd: string | null;
  /** Where it comes from; null: nothing was used. */
  costSource: 'reported' | 'billed' | 'computed' | 'mixed' | 'unknown' | null;
  /** The real cost may be higher; null where it is unknown. */
  costIsLowerBound: boolean | null;
  /** The parts of the sum that came from each source; mixed: of iterations that were told of in several ways. */
  costBySource: Record<(typeof SOURCES)[number], string | null>;
  /** Packages, versions and dates of the price tables that a part was computed with. */
  prices: string[];
};

/** Figures of a group; milliseconds, US dollars as decimal strings. Null is what is not known. */
export type Figures = Used & {
  sessions: number;
  iterations: number;
  iterationsCompleted: number;
  /** How many ended how; `running` has no end. */
  outcomes: Record<string, number>;
  durationMs: number;
  iterationP50Ms: number | null;
  iterationP95Ms: number | null;
  /** Iterations that used something whose price is not known. */
  costUnknownIterations: number;
  /** Tokens that came out in a second of an iteration. */
  tokensOutputPerSecond: number | null;
  toolCalls: number;
  toolFailures: number;
  toolP50Ms: number | null;
  toolP95Ms: number | null;
  toolMs: number;
  /** Verdicts on iterations. */
  testRuns: number;
  testPasses: number;
  testPassRate: number | null;
  testsNewlyFailing: number;
  /** Of all runs, those of the base and interrupted ones too. */
  testMs: number;
  commits: number;
  manualCommits: number;
  files: number;
  insertions: number;
  deletions: number;
  landedCommits: number;
  landedLines: number;
  discardedCommits: number;
  discardedLines: number;
  /** To a millionth of a millionth; null where nothing has landed, or nothing of the cost is known. */
  costPerLandedLineUsd: string | null;
  /** Of all lines that commits added and took away. */
  shareDiscarded: number | null;
  /** Those that were done, by verb. */
  operations: Record<string, number>;
  rebases: number;
  rebasesConflicted: number;
  conflictRate: number | null;
  errors: number;
  errorsRecovered: number;
};

/** What began on one day. */
export type DayFigures = Used & {
  /** In UTC. */
  day: string;
  iterations: number;
  durationMs: number;
};

export type ModelFigures = Used & {
  /** As the agent told it, else its mode. */
  model: string | null;
  agent: string | null;
  iterations: number;
};

export type ToolFigures = {
  tool: string | null;
  toolCalls: number;
  toolFailures: number;
  toolP50Ms: number | null;
  toolP95Ms: number | null;
  toolMs: number;
};

export type FailureFigures = {
  mode: string | null;
  errors: number;
  errorsRecovered: number;
  recoveredBy: Record<string, number>;
};

const number = (row: Asked, column: string): number => Number(row[column] ?? 0);
const known = (row: Asked, column: string): number | null => {
  const value = row[column] ?? null;
  return value === null ? null : Number(value);
};
const text = (row: Asked, column: string): string | null => (row[column] as string | null | undefined) ?? null;

/** Half of all and 95 of a hundred are not above them. */
const percentiles = (row: Asked, column: string): [number | null, number | null] => {
  const [half = null, most = null] = JSON.parse(text(row, column) ?? '[]') as (number | null)[];
  return [half, most];
};

/** A count by name; the most first would hide that two answers are the same, so by name. */
const tally = (row: Asked, column: string): Record<string, number> => {
  const counts = JSON.parse(text(row, column) ?? '{}') as Record<string, number> | null;
  return Object.fromEntries(Object.entries(counts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
};

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** By the exact decimals, halves up. */
const perLine = (costUsd: string | null, lines: number): string | null => {
  if (costUsd === null || lines <= 0) return null;
  const [dollars, places = ''] = costUsd.split('.');
  const exact = BigInt(dollars! + places.padEnd(12, '0'));
  const each = (2n * exact + BigInt(lines)) / (2n * BigInt(lines));
  const digits = each.toString().padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
};

export const usedOf = (row: Asked): Used => {
  const costUsd = text(row, 'cost_usd');
  const parts = SOURCES.map((source) => [source, text(row, `cost_${source}`)] as const);
  const costBySource = Object.fromEntries(parts) as Used['costBySource'];
  const sources = SOURCES.filter((source) => costBySource[source] !== null);
  const isUnknown = row['cost_unknown'] === true;
  const [only] = sources;
  return {
    tokensInput: known(row, 'tokens_input'),
    tokensOutput: known(row, 'tokens_output'),
    tokensCacheRead: known(row, 'tokens_cache_read'),
    tokensCacheWrite: known(row, 'tokens_cache_write'),
    costUsd,
    costSource: sources.length > 1 ? 'mixed' : (only ?? (isUnknown ? 'unknown' : null)),
    costIsLowerBound: costUsd === null ? null : isUnknown || row['cost_lower'] === true,
    costBySource,
    prices: [...((row['prices'] as readonly string[] | null | undefined) ?? [])],
  };
};

/** @param row what all questions of `FIGURES` have answered about a group */
export const figuresOf = (row: Asked): Figures => {
  const used = usedOf(row);
  const count = (column: string): number => number(row, column);
  const durationMs = count('duration_ms');
  const { tokensOutput, costUsd } = used;
  const lines = count('insertions') + count('deletions');
  const [iterationP50Ms, iterationP95Ms] = percentiles(row, 'iteration_percentiles_ms');
  const [toolP50Ms, toolP95Ms] = percentiles(row, 'tool_percentiles_ms');
  return {
    sessions: count('sessions'),
    iterations: count('iterations'),
    iterationsCompleted: count('iterations_completed'),
    outcomes: tally(row, 'outcomes'),
    durationMs,
    iterationP50Ms,
    iterationP95Ms,
    ...used,
    costUnknownIterations: count('cost_unknown_iterations'),
    tokensOutputPerSecond: tokensOutput === null ? null : ratio(tokensOutput * 1000, durationMs),
    toolCalls: count('tool_calls'),
    toolFailures: count('tool_failures'),
    toolP50Ms,
    toolP95Ms,
    toolMs: count('tool_ms'),
    testRuns: count('test_runs'),
    testPasses: count('test_passes'),
    testPassRate: ratio(count('test_passes'), count('test_runs')),
    testsNewlyFailing: count('tests_newly_failing'),
    testMs: count('test_ms'),
    commits: count('commits'),
    manualCommits: count('manual_commits'),
    files: count('files'),
    insertions: count('insertions'),
    deletions: count('deletions'),
    landedCommits: count('landed_commits'),
    landedLines: count('landed_lines'),
    discardedCommits: count('discarded_commits'),
    discardedLines: count('discarded_lines'),
    costPerLandedLineUsd: perLine(costUsd, count('landed_lines')),
    shareDiscarded: ratio(count('discarded_lines'), lines),
    operations: tally(row, 'operations'),
    rebases: count('rebases'),
    rebasesConflicted: count('rebases_conflicted'),
    conflictRate: ratio(count('rebases_conflicted'), count('rebases')),
    errors: count('errors'),
    errorsRecovered: count('errors_recovered'),
  };
};

export const modelOf = (row: Asked): ModelFigures => ({
  model: text(row, 'model'),
  agent: text(row, 'agent'),
  iterations: number(row, 'iterations_using'),
  ...usedOf(row),
});

export const toolOf = (row: Asked): ToolFigures => {
  const [toolP50Ms, toolP95Ms] = percentiles(row, 'tool_percentiles_ms');
  return {
    tool: text(row, 'tool'),
    toolCalls: number(row, 'tool_calls'),
    toolFailures: number(row, 'tool_failures'),
    toolP50Ms,
    toolP95Ms,
    toolMs: number(row, 'tool_ms'),
  };
};

export const failureOf = (row: Asked): FailureFigures => ({
  mode: text(row, 'mode'),
  errors: number(row, 'errors'),
  errorsRecovered: number(row, 'errors_recovered'),
  recoveredBy: tally(row, 'recovered_by'),
});

export const dayOf = (day: string, row: Asked): DayFigures => ({
  day,
  iterations: number(row, 'iterations'),
  durationMs: number(row, 'duration_ms'),
  ...usedOf(row),
});
