import { readFileSync } from 'node:fs';
import { compareWithReport, type OfficialReport, type ReportComparison } from '../../bench/official-report.ts';
import { agentsIn, type GradedRun, ownOutcomes, readRuns } from '../../bench/own-outcomes.ts';
import { AppError } from '../../errors.ts';
import { readOfficialReport } from './read-official-report.ts';

export interface OfficialComparison extends ReportComparison {
  agent: string;
  repeat: number;
  /** What the official harness says of those that only one of both resolved: its word for the cause, where it has one. */
  reasons: Record<string, string>;
}

const invalid = (file: string, says: string): AppError =>
  new AppError('report.invalid', `${file} ${says}.`, {
    hint: 'Take the results.json that `amp-sessions bench --out` wrote.',
  });

const runsIn = (file: string): GradedRun[] => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw invalid(file, 'is no JSON');
    throw new AppError('file.missing', `${file} cannot be read (${code}).`, { hint: 'Look at its name.' });
  }
  const runs = readRuns(value);
  if (runs === undefined) throw invalid(file, 'holds no results of a benchmark');
  if (runs.length === 0) throw invalid(file, 'holds no run');
  return runs;
};

const chooseAgent = (runs: GradedRun[], given: string | undefined): string => {
  const agents = agentsIn(runs);
  if (given !== undefined && agents.includes(given)) return given;
  if (given === undefined && agents.length === 1) return agents[0]!;
  const hint = `Name one with --agent: ${agents.join(', ')}.`;
  if (given !== undefined) throw new AppError('usage.invalid', `No agent ${given} took part.`, { hint });
  throw new AppError('usage.invalid', `${agents.length} agents took part.`, { hint });
};

const reasonsOf = ({ reasons }: OfficialReport, ids: string[]): Record<string, string> =>
  Object.fromEntries(ids.flatMap((id) => (reasons.has(id) ? [[id, reasons.get(id)!]] : [])));

/**
 * Our verdicts beside those of the official harness, which graded the same predictions.
 * @throws AppError file.missing, report.invalid, usage.invalid
 */
export const compareOfficial = (
  files: { results: string; report: string },
  choice: { agent?: string; repeat: number },
): OfficialComparison => {
  const runs = runsIn(files.results);
  const agent = chooseAgent(runs, choice.agent);
  const ours = ownOutcomes(runs, { agent, repeat: choice.repeat });
  if (ours.size === 0)
    throw new AppError('usage.invalid', `${agent} has no repeat ${choice.repeat}.`, { hint: 'Repeats count from 1.' });
  const report = readOfficialReport(files.report);
  const compared = compareWithReport(ours, report);
  return {
    agent,
    repeat: choice.repeat,
    ...compared,
    reasons: reasonsOf(report, [...compared.onlyHere, ...compared.onlyThere]),
  };
};
