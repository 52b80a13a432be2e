import type { Answer } from '../answers/answers.ts';

type Metrics = Answer<'metrics'>;

/** Figures as `metrics --json` has them at its top. */
export type Figures = Pick<
  Metrics,
  | 'sessions'
  | 'iterations'
  | 'durationMs'
  | 'iterationP50Ms'
  | 'iterationP95Ms'
  | 'tokensInput'
  | 'tokensOutput'
  | 'tokensCacheRead'
  | 'tokensCacheWrite'
  | 'costUsd'
  | 'costSource'
  | 'costIsLowerBound'
  | 'costUnknownIterations'
  | 'prices'
  | 'toolCalls'
  | 'toolFailures'
  | 'testRuns'
  | 'testPasses'
  | 'testPassRate'
  | 'testsNewlyFailing'
  | 'testMs'
  | 'commits'
  | 'files'
  | 'insertions'
  | 'deletions'
  | 'landedCommits'
  | 'landedLines'
  | 'costPerLandedLineUsd'
  | 'shareDiscarded'
  | 'operations'
  | 'rebases'
  | 'conflictRate'
  | 'errors'
  | 'errorsRecovered'
>;
export type Lists = Pick<Metrics, 'models' | 'tools' | 'failures'>;

/** A row of a table, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface PageFacts extends Lists {
  session: string;
  story: Row[];
}

/** What a report is made of; see `src/analysis/report.ts`. */
export interface Facts {
  metrics: Lists & { total: Figures };
  days: { day: string; figures: Figures }[];
  sessions: { session: string; row: Row; figures: Figures }[];
  slowest: Row[];
  dearest: Row[];
  slowestCalls: Row[];
  pages: PageFacts[];
}

/** What was asked for. */
export interface Asked {
  /** Names of sessions, where some were named. */
  names?: string[];
  since?: string;
  until?: string;
  repositories: string[];
  /** When it was made. */
  at: string;
  warnings: string[];
}
