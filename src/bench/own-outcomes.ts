import { isGraded, OUTCOMES, type Outcome } from './outcome.ts';

/** What is needed of a run in `results.json`. */
export interface GradedRun {
  case: string;
  agent: string;
  repeat: number;
  outcome: Outcome;
}

type Entry = Record<string, unknown>;

const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null;

const isRun = (value: unknown): value is GradedRun =>
  isEntry(value) &&
  typeof value['case'] === 'string' &&
  typeof value['agent'] === 'string' &&
  typeof value['repeat'] === 'number' &&
  OUTCOMES.includes(value['outcome'] as Outcome);

/** The runs of a `results.json`; undefined when it is none. */
export const readRuns = (value: unknown): GradedRun[] | undefined => {
  const runs = isEntry(value) ? value['runs'] : undefined;
  return Array.isArray(runs) && runs.every(isRun) ? runs : undefined;
};

/** Agents that took part, in their order. */
export const agentsIn = (runs: readonly GradedRun[]): string[] => [...new Set(runs.map(({ agent }) => agent))];

/** How each case came out for one agent, once; null: it was not graded. */
export const ownOutcomes = (
  runs: readonly GradedRun[],
  { agent, repeat }: { agent: string; repeat: number },
): Map<string, boolean | null> =>
  new Map(
    runs
      .filter((run) => run.agent === agent && run.repeat === repeat)
      .map((run) => [run.case, isGraded(run.outcome) ? run.outcome === 'resolved' : null]),
  );
