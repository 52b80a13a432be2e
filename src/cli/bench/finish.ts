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
  /** Flags that belong to the run, as `againOf` has them; nothing where they are not known. */
  again?: string;
  /** Which part of the run it was; null: all of it. */
  shard: { index: number; of: number } | null;
  results: Results;
  outcome: 'finished' | 'drained' | 'stopped' | 'budget';
  /** Which budget ended it, in a sentence. */
  budget: string | null;
  isolation: string | null;
  /** ISO-8601 UTC. */
  at: string;
  /** Files of predictions, absolute. */
  predictions: readonly string[];
  /** Answers that are in none of them. */
  lost: readonly Lost[];
}

interface Lost {
  item: string;
  case: string;
  agent: string;
  why: 'redacted' | 'large' | 'missing';
}

export const benchAnswer = (
  { id, shard, results, isolation, lost }: Finished,
  files: string[],
): Record<string, unknown> => ({ id, shard, isolation, files, lost, ...results });

/** Writes results.json, which is what `--json` prints, and report.md. @returns all files of the run, absolute */
export const writeReports = (out: string, finished: Finished): string[] => {
  const [results, report] = [join(out, 'results.json'), join(out, 'report.md')];
  const files = [...finished.predictions, results, report];
  const answer = { schema: 'amp-sessions/bench/v1', ...benchAnswer(finished, files) };
  writeWhole(results, `${jsonText(answer)}\n`, { replace: true });
  writeWhole(report, reportMarkdown(benchDocument(finished.results, finished)), { replace: true });
  return files;
};

const LOST = {
  redacted:
    'what looks like a secret was taken out of the record, and another patch is no answer; it is whole on the machine that made it',
  large: 'too large for the record; it is on the machine that made it',
  missing: 'neither on this machine nor on record',
} as const;

/** So many are named. */
const MOST_NAMED = 5;

/** Why an answer is in no file of predictions, in one sentence for each reason. */
export const lostTexts = (lost: readonly Lost[]): string[] =>
  (['redacted', 'large', 'missing'] as const).flatMap((why) => {
    const items = lost.filter((one) => one.why === why).map((one) => `${one.item} (${one.case} by ${one.agent})`);
    if (items.length === 0) return [];
    const more = items.length > MOST_NAMED ? ` and ${items.length - MOST_NAMED} more` : '';
    return [`In no file of predictions: ${items.slice(0, MOST_NAMED).join(', ')}${more}: ${LOST[why]}.`];
  });

/** What the command ends with where not every run was graded; undefined: all is well. */
export const benchFailure = (finished: Finished, answer: Record<string, unknown>): AppError | undefined => {
  const { id, file, again = '', shard, results, outcome, budget } = finished;
  const { counts, total } = results;
  const extras = (hint: string) => ({ hint, answer });
  const part = shard === null ? '' : ` --shard ${shard.index}/${shard.of}`;
  const goOn = `Go on with it: amp-sessions bench ${inShell(file)}${again} --resume ${inShell(id)}${part}`;
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
    extras(
      broken
        ? `The first: ${broken.case} by ${broken.agent}: ${why}`
        : `What other machines did comes by \`amp-sessions sync\`. ${goOn}`,
    ),
  );
};

/**
 * Writes the reports of a run and says what it came to.
 * @param out folder for the reports; undefined: none are written
 * @throws AppError as `benchFailure` has it, when all is said
 */
export const tellBench = (
  finished: Finished,
  { out, warn, print }: { out: string | undefined; warn(text: string): void; print(): void },
): Record<string, unknown> => {
  const answer = benchAnswer(finished, out === undefined ? [] : writeReports(out, finished));
  for (const text of lostTexts(finished.lost)) warn(text);
  print();
  const failure = benchFailure(finished, answer);
  if (failure) throw failure;
  return answer;
};
