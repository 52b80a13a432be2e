import { type Cut, MODEL, type Question } from './question.ts';

/** A sum of doubles that does not depend on their order, to a thousandth. */
const exact = (column: string): string => `round(fsum(${column}), 3)`;

/** Two values in one look: the least known one such that a half, and 95 of a hundred, of all known ones are not above it. */
const halfAndMost = (column: string): string => `quantile_disc(${column}, [0.5, 0.95])`;

const count = (condition: string): string => `count(*) FILTER (${condition})`;
const lines = (condition: string): string => `coalesce(sum(insertions + deletions) FILTER (${condition}), 0)`;

/** How often there is each value of a column, as JSON. */
const tally = (expression: string, condition = 'true'): string =>
  `to_json(histogram(${expression}) FILTER (${condition}))`;

/** Tokens, and money with what is known of where it comes from. */
const USED = {
  tokens_input: 'sum(tokens_input)',
  tokens_output: 'sum(tokens_output)',
  tokens_cache_read: 'sum(tokens_cache_read)',
  tokens_cache_write: 'sum(tokens_cache_write)',
  cost_usd: 'sum(cost_usd)',
  cost_reported: "sum(cost_usd) FILTER (cost_source = 'reported')",
  cost_billed: "sum(cost_usd) FILTER (cost_source = 'billed')",
  cost_computed: "sum(cost_usd) FILTER (cost_source = 'computed')",
  // Of one iteration that was told of in several ways.
  cost_mixed: "sum(cost_usd) FILTER (cost_source = 'mixed')",
  // What was used and has no price: a sum without it is a lower bound.
  cost_unknown: "coalesce(bool_or(cost_source = 'unknown'), false)",
  cost_lower: 'coalesce(bool_or(cost_is_lower_bound), false)',
  // Keys of a map are in order; a sorted list of distinct ones takes several times as long.
  prices: 'map_keys(histogram(prices))',
};

export const iterations: Question = {
  name: 'iterations',
  says: 'Iterations, how they ended, and the time that they took.',
  table: 'iterations',
  figures: {
    iterations: 'count(*)',
    iterations_completed: count("outcome = 'completed'"),
    outcomes: tally("coalesce(outcome, 'running')"),
    duration_ms: exact('duration_ms'),
    iteration_percentiles_ms: halfAndMost('duration_ms'),
    cost_unknown_iterations: count("cost_source = 'unknown'"),
  },
};

/** Only of days: percentiles would take the time of all the rest. */
export const iterationDays: Question = {
  name: 'iteration-days',
  says: 'Iterations that began, and the time that they took.',
  table: 'iterations',
  figures: { iterations: 'sum(counted)', duration_ms: exact('duration_ms') },
  sums: { alike: [], of: { counted: 'count(*)', duration_ms: 'fsum(duration_ms)' } },
};

const TOKENS_AND_MONEY = ['tokens_input', 'tokens_output', 'tokens_cache_read', 'tokens_cache_write', 'cost_usd'];

export const usage: Question = {
  name: 'usage',
  says: 'Tokens and money.',
  table: 'usage',
  figures: USED,
  sums: {
    alike: ['cost_source', 'cost_is_lower_bound', 'prices'],
    of: Object.fromEntries(TOKENS_AND_MONEY.map((column) => [column, `sum(${column})`])),
  },
};

/** Apart, as only models are told so, and to tell rows from each other takes as long as all sums. */
export const using: Question = {
  name: 'using',
  says: 'Iterations that used any.',
  table: 'usage',
  figures: { iterations_using: 'count(DISTINCT (session, writer, seq))' },
};

/** Tokens and money by agent and by model, or by mode where the agent told of no model. */
export const BY_MODEL: Cut = { model: MODEL, agent: 'agent' };

export const toolCalls: Question = {
  name: 'tool-calls',
  says: 'Tool calls, those that failed, and the time that they took.',
  table: 'tool_calls',
  figures: {
    tool_calls: 'count(*)',
    tool_failures: count('failed'),
    tool_percentiles_ms: halfAndMost('duration_ms'),
    tool_ms: exact('duration_ms'),
  },
};

/** Calls of each tool; without a name where the call itself was never seen. */
export const BY_TOOL: Cut = { tool: 'tool' };

export const tests: Question = {
  name: 'tests',
  says: 'Verdicts on iterations, and the time of all test runs, those of the base and interrupted ones too.',
  table: 'test_runs',
  figures: {
    test_runs: count('verdict IS NOT NULL'),
    test_passes: count("verdict = 'passed'"),
    tests_newly_failing: count("verdict = 'newly-failing'"),
    test_ms: exact('duration_ms'),
  },
};

export const commits: Question = {
  name: 'commits',
  says: 'Commits, their size, and what became of them.',
  table: 'commits',
  figures: {
    commits: 'count(*)',
    manual_commits: count("kind = 'manual'"),
    files: 'coalesce(sum(files), 0)',
    insertions: 'coalesce(sum(insertions), 0)',
    deletions: 'coalesce(sum(deletions), 0)',
    landed_commits: count('landed'),
    landed_lines: lines('landed'),
    discarded_commits: count('discarded'),
    discarded_lines: lines('discarded'),
  },
};

const VERBS = "verb IN ('squash', 'rebase', 'merge', 'rewind', 'undo')";
/** One that was rolled back has not been. */
const REBASE = "verb = 'rebase' AND outcome <> 'rolled-back'";

export const operations: Question = {
  name: 'operations',
  says: 'What was done to branches, and how many rebases met a conflict.',
  table: 'git_operations',
  figures: {
    operations: tally('verb', `outcome = 'done' AND ${VERBS}`),
    rebases: count(REBASE),
    rebases_conflicted: count(`${REBASE} AND conflicts > 0`),
  },
};

export const errors: Question = {
  name: 'errors',
  says: 'What went wrong, how much of it was put right, and what by.',
  table: 'errors',
  figures: {
    errors: 'count(*)',
    errors_recovered: 'count(recovered_by)',
    recovered_by: tally('recovered_by', 'recovered_by IS NOT NULL'),
  },
};

/** Ways in which something went wrong. */
export const BY_MODE: Cut = { mode: 'mode' };

/** Those that come to one row for everything, and one for each group; of a model only some are told. The slowest first. */
export const FIGURES: readonly Question[] = [toolCalls, iterations, usage, tests, commits, operations, errors];
