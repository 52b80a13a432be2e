import { compareAll, type Pair } from './compare-agents.ts';
import { isGraded, isLimited, OUTCOMES, type Outcome } from './outcome.ts';
import { type Estimate, estimate } from './statistics/estimate.ts';
import { frontier } from './statistics/frontier.ts';
import { passAtK, tellingKs } from './statistics/pass-at-k.ts';

/** One agent with one model, as it takes part. */
export interface Contender {
  /** Unique in the run, such as `amp` or `amp (smart)`. */
  name: string;
  agent: string;
  model: string | null;
}

/** One case, worked on once by one contender. */
export interface Run {
  item: string;
  case: string;
  /** Name of the contender. */
  agent: string;
  /** From 1. */
  repeat: number;
  outcome: Outcome;
  cause: { code: string; message: string } | null;
  /** Of the last attempt; null where none began. */
  session: string | null;
  attempts: number;
  failToPass: { passed: number; total: number } | null;
  passToPass: { passed: number; total: number } | null;
  /** Why it is not resolved, or could not be graded. */
  reason: string | null;
  patchBytes: number | null;
  /** Of all attempts; null: unknown. */
  costUsd: number | null;
  tokensInput: number | null;
  tokensOutput: number | null;
  /** Milliseconds of all attempts; null where none ended. */
  durationMs: number | null;
}

export type Counts = Record<Outcome, number>;

export interface Tally {
  resolved: number;
  graded: number;
  /** Stopped by a limit, or failed by itself. */
  limited: number;
}

export interface AgentResult extends Contender {
  total: number;
  counts: Counts;
  /** Mean over cases of the share of graded runs that resolved the case. */
  passAt1: Estimate | null;
  /** The same with every run that was stopped by a limit, or failed by itself, counted as unresolved. */
  passAt1Strict: Estimate | null;
  /** Over cases with at least `k` graded runs. */
  passAtK: ({ k: number } & Estimate)[];
  byRepeat: { repeat: number; resolved: number; graded: number }[];
  costUsd: number | null;
  /** Runs whose cost is not known: with any, `costUsd` is a lower bound. */
  costUnknownRuns: number;
  costPerRunUsd: number | null;
  costPerResolvedUsd: number | null;
  tokensInput: number | null;
  tokensOutput: number | null;
  /** Median over graded runs. */
  durationMs: number | null;
  /** No other is at least as good for at most the money; null: its cost or quality is not known. */
  onFrontier: boolean | null;
}

export interface CaseResult {
  case: string;
  agents: ({ agent: string; counts: Counts } & Tally)[];
}

export interface Results {
  suite: string;
  total: number;
  resolved: number;
  graded: number;
  counts: Counts;
  repeats: number;
  agents: AgentResult[];
  pairs: Pair[];
  /** Resolved in some graded runs of an agent, not in all. */
  flaky: { case: string; agent: string; resolved: number; graded: number }[];
  cases: CaseResult[];
  runs: Run[];
}

export const countsOf = (runs: readonly Run[]): Counts =>
  Object.fromEntries(OUTCOMES.map((one) => [one, runs.filter(({ outcome }) => outcome === one).length])) as Counts;

export const tallyOf = (runs: readonly Run[]): Tally => ({
  resolved: runs.filter(({ outcome }) => outcome === 'resolved').length,
  graded: runs.filter(({ outcome }) => isGraded(outcome)).length,
  limited: runs.filter(({ outcome }) => isLimited(outcome)).length,
});

/** Adds up what is known; null where nothing is. */
const sum = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) : null;
};

const median = (values: number[]): number | null => {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const half = (values.length - 1) / 2;
  return (values[Math.floor(half)]! + values[Math.ceil(half)]!) / 2;
};

/** Money that was really spent: a run that never began cost nothing, so its cost is not unknown. */
const costsOf = (runs: readonly Run[], resolved: number) => {
  const began = runs.filter(({ attempts }) => attempts > 0);
  const costUsd = sum(began.map((run) => run.costUsd));
  const costUnknownRuns = began.filter((run) => run.costUsd === null).length;
  const whole = costUnknownRuns === 0 ? costUsd : null;
  return {
    costUsd,
    costUnknownRuns,
    costPerRunUsd: whole === null ? null : whole / began.length,
    costPerResolvedUsd: whole === null || resolved === 0 ? null : whole / resolved,
  };
};

const agentResult = (contender: Contender, runs: Run[], cases: Run[][], repeats: number): AgentResult => {
  const tallies = cases.map(tallyOf);
  const counts = countsOf(runs);
  const share = (all: (tally: Tally) => number): number[] =>
    tallies.filter((tally) => all(tally) > 0).map((tally) => tally.resolved / all(tally));
  const atK = tellingKs(repeats).flatMap((k) => {
    const made = estimate(tallies.flatMap(({ graded, resolved }) => passAtK(graded, resolved, k) ?? []));
    return made ? [{ k, ...made }] : [];
  });
  return {
    ...contender,
    total: runs.length,
    counts,
    passAt1: estimate(share(({ graded }) => graded)),
    passAt1Strict: estimate(share(({ graded, limited }) => graded + limited)),
    passAtK: atK,
    byRepeat: Array.from({ length: repeats }, (_, at) => {
      const { resolved, graded } = tallyOf(runs.filter(({ repeat }) => repeat === at + 1));
      return { repeat: at + 1, resolved, graded };
    }),
    ...costsOf(runs, counts.resolved),
    tokensInput: sum(runs.map(({ tokensInput }) => tokensInput)),
    tokensOutput: sum(runs.map(({ tokensOutput }) => tokensOutput)),
    durationMs: median(runs.flatMap(({ outcome, durationMs }) => (isGraded(outcome) ? (durationMs ?? []) : []))),
    onFrontier: null,
  };
};

/** Runs by a key, in the order in which the keys come. */
const groupBy = (runs: readonly Run[], key: (run: Run) => string): Map<string, Run[]> => {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const group = groups.get(key(run));
    if (group) group.push(run);
    else groups.set(key(run), [run]);
  }
  return groups;
};

/**
 * All that a benchmark says, from what its runs came to. Nothing in it depends on time or chance: the same runs give
 * the same results.
 */
export const resultsOf = (
  { suite, contenders, repeats }: { suite: string; contenders: readonly Contender[]; repeats: number },
  runs: readonly Run[],
): Results => {
  const byCase = groupBy(runs, (run) => run.case);
  const of = (contender: Contender, among: readonly Run[]): Run[] =>
    among.filter(({ agent }) => agent === contender.name);
  const agents = contenders.map((contender) => {
    const cases = [...byCase.values()].map((group) => of(contender, group));
    return agentResult(contender, of(contender, runs), cases, repeats);
  });
  const priced = agents.map(({ costPerRunUsd, passAt1 }) => ({ cost: costPerRunUsd, quality: passAt1?.value ?? null }));
  const worth = frontier(priced);
  agents.forEach((agent, at) => {
    agent.onFrontier = worth[at]!;
  });
  const cases = [...byCase].map(([name, group]) => ({
    case: name,
    agents: contenders.map((contender) => {
      const own = of(contender, group);
      return { agent: contender.name, counts: countsOf(own), ...tallyOf(own) };
    }),
  }));
  const flaky = cases.flatMap(({ case: name, agents: tallies }) =>
    tallies
      .filter(({ resolved, graded }) => resolved > 0 && resolved < graded)
      .map(({ agent, resolved, graded }) => ({ case: name, agent, resolved, graded })),
  );
  const { resolved, graded } = tallyOf(runs);
  const whole = { suite, total: runs.length, resolved, graded, counts: countsOf(runs), repeats };
  return { ...whole, agents, pairs: compareAll(contenders, cases), flaky, cases, runs: [...runs] };
};
