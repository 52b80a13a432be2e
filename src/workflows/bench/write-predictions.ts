import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../../bench/outcome.ts';
import type { Prediction } from '../../bench/predictions.ts';
import type { Run } from '../../bench/results.ts';
import { patchFile } from './bench-hooks.ts';
import { writePredictions } from './predictions.ts';
import type { BenchRun } from './run-bench.ts';

/** A name that is part of a file's, here and in the official harness. */
const slugOf = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|-+$/g, '') || 'agent';

/** The agent came to an end of its own, or to its limit: what it had made then is its answer. */
const ANSWERS: readonly Outcome[] = ['resolved', 'unresolved', 'ungraded', 'timeout', 'budget', 'agent-failed'];

const patchOf = (work: string, item: string): string | undefined => {
  try {
    return readFileSync(patchFile(work, item), 'utf8');
  } catch {
    return undefined;
  }
};

const hasAnswer = (run: Run): boolean =>
  // What could not be graded here may well be graded there.
  ANSWERS.includes(run.outcome) || (run.outcome === 'error' && run.cause === null);

/**
 * Writes what the agents made as the official harness takes it: `preds.jsonl`, and where several agents or repeats were
 * run a file for each, as its reader knows an instance once. Runs that an error ended are left out: there they would
 * count as an empty answer.
 * @returns the files, absolute
 */
export const writeAllPredictions = (out: string, { work, results }: Pick<BenchRun, 'work' | 'results'>): string[] => {
  const { agents, repeats, runs } = results;
  const taken = new Set<string>();
  const files: string[] = [];
  for (const { name } of agents) {
    let slug = slugOf(name);
    while (taken.has(slug.toLowerCase())) slug += '-';
    taken.add(slug.toLowerCase());
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const own = runs.filter((run) => run.agent === name && run.repeat === repeat && hasAnswer(run));
      const predictions = own.flatMap((run): Prediction[] => {
        const patch = patchOf(work, run.item);
        return patch === undefined ? [] : [{ instanceId: run.case, model: slug, patch }];
      });
      const middle = `${agents.length > 1 ? `.${slug}` : ''}${repeats > 1 ? `.${repeat}` : ''}`;
      const file = join(out, `preds${middle}.jsonl`);
      writePredictions(file, predictions);
      files.push(file);
    }
  }
  return files;
};
