import { join } from 'node:path';
import type { Batch } from '../../batch/state.ts';
import { itemOf } from '../../batch/state.ts';
import type { Outcome } from '../../bench/outcome.ts';
import type { Prediction } from '../../bench/predictions.ts';
import type { Results, Run } from '../../bench/results.ts';
import type { Context } from '../context.ts';
import { type FoundPatch, findPatch, type LostWhy } from './find-patch.ts';
import { writePredictions } from './predictions.ts';

/** A file's name may have 255 bytes, and there is more in it; an agent is called after its command line. */
const MOST_SLUG = 80;

/** A name that is part of a file's, here and in the official harness. */
const slugOf = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, MOST_SLUG)
    .replace(/-+$/, '') || 'agent';

/** The agent came to an end of its own, or to its limit: what it had made then is its answer. */
const ANSWERS: readonly Outcome[] = ['resolved', 'unresolved', 'ungraded', 'timeout', 'budget', 'agent-failed'];

const hasAnswer = (run: Run): boolean =>
  // What could not be graded here may well be graded there.
  ANSWERS.includes(run.outcome) || (run.outcome === 'error' && run.cause === null);

/** An answer that is in no file, as its patch is not to be had here. */
export interface LostPatch {
  item: string;
  case: string;
  agent: string;
  why: LostWhy;
}

/** The patches of a run, from this machine's work folder or from the run's log. */
export const patchesOf =
  (home: Context, batch: Batch, work: string) =>
  (item: string): Promise<FoundPatch> =>
    findPatch(home, { id: batch.id, item: itemOf(batch, item)!, work });

/**
 * Writes what the agents made as the official harness takes it: `preds.jsonl`, and where several agents or repeats were
 * run a file for each, as its reader knows an instance once. Runs that an error ended are left out: there they would
 * count as an empty answer.
 * @returns the files, absolute, and the answers that are in none
 */
export const writeAllPredictions = async (
  out: string,
  { agents, repeats, runs }: Pick<Results, 'agents' | 'repeats' | 'runs'>,
  patchOf: (item: string) => Promise<FoundPatch>,
): Promise<{ files: string[]; lost: LostPatch[] }> => {
  const taken = new Set<string>();
  const files: string[] = [];
  const lost: LostPatch[] = [];
  for (const { name } of agents) {
    let slug = slugOf(name);
    while (taken.has(slug.toLowerCase())) slug += '-';
    taken.add(slug.toLowerCase());
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const predictions: Prediction[] = [];
      for (const run of runs) {
        if (run.agent !== name || run.repeat !== repeat || !hasAnswer(run)) continue;
        const found = await patchOf(run.item);
        if ('lost' in found) lost.push({ item: run.item, case: run.case, agent: name, why: found.lost });
        else predictions.push({ instanceId: run.case, model: slug, patch: found.patch.toString('utf8') });
      }
      const middle = `${agents.length > 1 ? `.${slug}` : ''}${repeats > 1 ? `.${repeat}` : ''}`;
      const file = join(out, `preds${middle}.jsonl`);
      writePredictions(file, predictions);
      files.push(file);
    }
  }
  return { files, lost };
};
