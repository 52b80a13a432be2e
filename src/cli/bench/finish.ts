import { join } from 'node:path';
import type { Results } from '../../bench/results.ts';
import { AppError, inShell } from '../../errors.ts';
import { formatCount } from '../format.ts';
import { jsonText } from '../print.ts';
import { benchDocument } from '../report/bench-document.ts';
import { reportMarkdown } from '../report/markdown.ts';
import { writeWhole } from '../whole-file.ts';
import { excludedText } from './words.ts';

export interface Finished {
  id: string;
  /** Of the suite, as the user gave it. */
  file: string;
  results: Results;
  outcome: 'finished' | 'drained' | 'stopped' | 'budget';
  /** Which budget ended it, in a sentence. */
  budget: string | null;
  isolation: string | null;
  /** ISO-8601 UTC. */
  at: string;
}

export const benchAnswer = ({ id, results, isolation }: Finished, files: string[]): Record<string, unknown> => ({
  id,
  isolation,
  files,
  ...results,
});

/** Writes results.json, which is what `--json` prints, and report.md. @returns the files, absolute */
export const writeReports = (out: string, finished: Finished, predictions: string[]): string[] => {
  const [results, report] = [join(out, 'results.json'), join(out, 'report.md')];
  const files = [...predictions, results, report];
  const answer = { schema: 'amp-sessions/bench/v1', ...benchAnswer(finished, files) };
  writeWhole(results, `${jsonText(answer)}\n`, { replace: true });
  writeWhole(report, reportMarkdown(benchDocument(finished.results, finished)), { replace: true });
  return files;
};

/** What the command ends with where not every run was graded; undefined: all is well. */
export const benchFailure = (finished: Finished, answer: Record<string, unknown>): AppError | undefined => {
  const { id, file, results, outcome, budget } = finished;
  const { counts, total } = results;
  const extras = (hint: string) => ({ hint, answer });
  const goOn = `Go on with it: amp-sessions bench ${inShell(file)} --resume ${id}`;
  if (outcome === 'drained' || outcome === 'stopped')
    return new AppError(
      'interrupted',
      `Stopped: ${counts.unfinished} of ${formatCount(total, 'run')} are left.`,
      extras(goOn),
    );
  if (outcome === 'budget')
    return new AppError(
      'budget.exceeded',
      budget ?? 'A budget is used up.',
      extras('What was graded until then counts.'),
    );
  if (counts.error + counts.unfinished === 0) return undefined;
  const broken = results.runs.find((run) => run.outcome === 'error');
  const why = broken?.cause?.message ?? broken?.reason ?? '';
  return new AppError(
    'bench.incomplete',
    `Of ${formatCount(total, 'run')} not all could be judged: ${excludedText({ ...counts, ungraded: 0 })}.`,
    extras(broken ? `The first: ${broken.case} by ${broken.agent}: ${why}` : goOn),
  );
};
