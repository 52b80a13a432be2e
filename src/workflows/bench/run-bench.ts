import { join } from 'node:path';
import type { BatchPlan } from '../../batch/plan.ts';
import { contendersOf, type NamedAgent } from '../../bench/contenders.ts';
import { resultsOfBatch } from '../../bench/from-batch.ts';
import { planBench } from '../../bench/plan-bench.ts';
import type { Contender, Results } from '../../bench/results.ts';
import { AppError } from '../../errors.ts';
import { createBatch } from '../batch/create.ts';
import { findBatch, readBatch } from '../batch/home.ts';
import { openBatchJournal } from '../batch/journal.ts';
import { type BatchResult, runBatch } from '../batch/run.ts';
import type { AfterAttempt } from '../batch/run-state.ts';
import type { BatchView } from '../batch/view.ts';
import { parseAgent } from '../choices.ts';
import type { Context } from '../context.ts';
import type { Interrupts } from '../interrupts.ts';
import { BenchHooks } from './bench-hooks.ts';
import type { Bench } from './suite.ts';

export interface BenchRunWish {
  bench: Bench;
  /** Instead of those of the suite. */
  agents: readonly NamedAgent[];
  models: readonly string[];
  repeats?: number;
  concurrency?: number;
  /** Id of a run that is to be gone on with. */
  resume?: string;
  /** Where the cases' repositories come to stand. */
  work: string;
  interrupts: Interrupts;
  view: BatchView;
  onStart?(id: string): void;
}

export interface BenchRun {
  id: string;
  /** Folder of this run: a repository a run of a case, and what each agent made as `<item>.patch`. */
  work: string;
  results: Results;
  batch: BatchResult;
}

type Chosen = Contender & { choice: ReturnType<typeof parseAgent> };

/** @throws AppError `usage.invalid` without any agent, or with `gold` where a case has no solution */
const chooseContenders = ({ bench, ...wish }: Pick<BenchRunWish, 'bench' | 'agents' | 'models'>): Chosen[] => {
  const agents = wish.agents.length > 0 ? wish.agents : bench.agents;
  if (agents.length === 0)
    throw new AppError('usage.invalid', 'No agent is named.', {
      hint: 'Add --agent amp (may repeat), or --agent gold to check the cases themselves.',
    });
  const unsolved = bench.cases.find(({ solution }) => solution === null);
  if (unsolved && agents.some(({ agent }) => agent === 'gold'))
    throw new AppError('usage.invalid', `Case ${unsolved.id} has no solution for the agent gold.`, {
      hint: 'Give each case a `solution`, or choose cases that have one with --case.',
    });
  const models = wish.models.length > 0 ? wish.models : bench.models;
  return contendersOf(agents, models).map((one) => ({ ...one, choice: parseAgent(one.agent, one.model) }));
};

/** Records the plan, or finds the one that is gone on with. */
const openRun = async (home: Context, wish: BenchRunWish): Promise<string> => {
  const { bench, resume } = wish;
  if (resume === undefined) return createBatch(home, planOf(wish));
  const id = await findBatch(home, resume);
  requireSame(await readBatch(home, id), bench);
  return id;
};

/** @throws AppError `usage.invalid`, as in `chooseContenders` */
export const planOf = (wish: Omit<BenchRunWish, 'work' | 'interrupts' | 'view'>): BatchPlan => {
  const { bench } = wish;
  const { name, file, sha256, budget, dayBudget, limits } = bench;
  const concurrency = wish.concurrency ?? bench.concurrency ?? 1;
  return planBench({
    id: null,
    options: { name, file, sha256, concurrency, budget, dayBudget, limits },
    cases: bench.cases,
    contenders: chooseContenders(wish),
    repeats: wish.repeats ?? bench.repeats,
    retries: bench.retries,
    runBudget: bench.runBudget,
  });
};

const requireSame = (
  { id, options }: { id: string; options: { kind: string; sha256: string } },
  bench: Bench,
): void => {
  if (options.kind !== 'bench')
    throw new AppError('batch.missing', `${id} is no run of a benchmark.`, { hint: `amp-sessions batch resume ${id}` });
  if (options.sha256 === bench.sha256) return;
  throw new AppError(
    'suite.changed',
    `${bench.file}, or how its cases are to be graded, has changed since run ${id} began.`,
    {
      hint: 'Results of two versions are not comparable: start a new run, or bring the old version back.',
    },
  );
};

/** What runs to its end has passed nothing yet. */
const worded = (view: BatchView): BatchView => ({
  ...view,
  line: (text) => view.line(text.replace(/ passed(?= \()/, ' done')),
});
const recorder =
  (home: Context, id: string): AfterAttempt['record'] =>
  async (drafts) => {
    const journal = openBatchJournal(home, id);
    try {
      await journal.turn((turn) => turn.record(drafts));
    } finally {
      await journal.close();
    }
  };

/**
 * Runs a benchmark, or goes on with one: each agent in each case, as often as wished, in a repository that ends at the
 * case's base commit; each result is judged by tests that the agent has not seen.
 * @throws AppError `usage.invalid`, `suite.changed`, `batch.missing`, …; what goes wrong in a run is in the results
 */
export const runBench = async (home: Context, wish: BenchRunWish): Promise<BenchRun> => {
  const id = await openRun(home, wish);
  wish.onStart?.(id);
  const work = join(wish.work, id);
  const hooks = new BenchHooks(home, { cases: wish.bench.cases, interrupts: wish.interrupts, view: wish.view }, work);
  try {
    const { interrupts, view, concurrency } = wish;
    const reason = wish.resume === undefined ? 'start' : 'resume';
    const batch = await runBatch(home, id, { interrupts, view: worded(view), concurrency, reason, hooks });
    await hooks.gradeLeft(await readBatch(home, id), recorder(home, id), view.line);
    return { id, work, batch, results: resultsOfBatch(await readBatch(home, id)) };
  } finally {
    await hooks.close();
  }
};
