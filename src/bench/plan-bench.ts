import type { BatchOptions, BatchPlan, Budget, PlannedItem } from '../batch/plan.ts';
import type { Contender } from './results.ts';

/** What a plan needs to know of a case. */
export interface PlannedCase {
  id: string;
  prompt: string;
  /** Absolute path of the repository that has the history. */
  from: string;
  setup: string | null;
  timeoutSec: number | null;
}

export interface BenchWish {
  /** null: one is made. */
  id: string | null;
  options: Omit<BatchOptions, 'kind'>;
  cases: readonly PlannedCase[];
  contenders: readonly (Contender & { choice: PlannedItem['agent'] })[];
  repeats: number;
  /** Further attempts after an error. */
  retries: number;
  /** Of one agent in one case. */
  runBudget: Budget | null;
}

/**
 * Every agent in every case, as often as wished: the whole first repeat before the second, so that what is stopped
 * half-way has something whole to tell. A time-out is not tried again: that would be more time than the others get.
 */
export const planBench = ({ id, options, cases, contenders, repeats, retries, runBudget }: BenchWish): BatchPlan => {
  const total = cases.length * contenders.length * repeats;
  const digits = Math.max(3, String(total).length);
  const items: PlannedItem[] = [];
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const one of cases)
      for (const contender of contenders) {
        const item = String(items.length + 1).padStart(digits, '0');
        const who = contenders.length > 1 ? ` ${contender.name}` : '';
        items.push({
          item,
          name: `${one.id}${who}${repeats > 1 ? ` ${repeat}` : ''}`,
          repo: one.from,
          prompt: one.prompt,
          base: null,
          agent: contender.choice,
          test: null,
          setup: one.setup,
          timeoutSec: one.timeoutSec,
          untilPass: false,
          maxIterations: 1,
          retries,
          retryOn: ['error'],
          mergeOnPass: false,
          budget: runBudget,
          labels: { case: one.id, agent: contender.name, repeat: String(repeat) },
        });
      }
  return { id, options: { ...options, kind: 'bench' }, items };
};
