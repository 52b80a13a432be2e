import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BatchPlan } from '../../batch/plan.ts';
import { inScope, type Shard } from '../../batch/schedule.ts';
import type { Batch } from '../../batch/state.ts';
import { contendersOf, type NamedAgent } from '../../bench/contenders.ts';
import { resultsOfBatch } from '../../bench/from-batch.ts';
import { planBench } from '../../bench/plan-bench.ts';
import type { Contender, Results } from '../../bench/results.ts';
import { AppError, inShell } from '../../errors.ts';
import { createBatch } from '../batch/create.ts';
import { findBatch, readBatch } from '../batch/home.ts';
import { openBatchJournal } from '../batch/journal.ts';
import { type BatchResult, runBatch } from '../batch/run.ts';
import type { AfterAttempt } from '../batch/run-state.ts';
import { requireTrustedBatch, type TrustWish } from '../batch/trust.ts';
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
  /** Only this part of the run. */
  shard?: Shard;
  /** What the run is called: who names it alike works on the same. Without it a part is of the run that its file names. */
  runId?: string;
  /** Where the cases' repositories come to stand. */
  work: string;
  interrupts: Interrupts;
  view: BatchView;
  /** What is graded keeps its worktree, which is else removed. */
  keepWorktrees?: boolean;
  /** Who is asked about what another clone has planned; undefined: nobody, as nothing of it is foreign. */
  trust?: Pick<TrustWish, 'trust' | 'ask'>;
  onStart?(id: string): void;
}

export interface BenchRun {
  id: string;
  /** The part that was asked for; null: all of it. Outcome and results are those of the part. */
  shard: Shard | null;
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

/**
 * Machines that know nothing of each other make the same run of the same file and flags. Where a script lies is no part
 * of it, as that differs from one machine to the other.
 */
const sharedId = (bench: Bench, contenders: readonly Contender[], repeats: number): string => {
  const who = contenders.map(({ name, agent, model }) => [
    name,
    agent.startsWith('scripted:') ? 'scripted' : agent,
    model,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([bench.sha256, who, repeats]))
    .digest('hex')
    .slice(0, 10);
};

/** @throws AppError `usage.invalid`, as in `chooseContenders` */
export const planOf = (wish: Omit<BenchRunWish, 'work' | 'interrupts' | 'view'>): BatchPlan => {
  const { bench, shard, runId } = wish;
  const { name, file, sha256, budget, dayBudget, limits } = bench;
  const concurrency = wish.concurrency ?? bench.concurrency ?? 1;
  const contenders = chooseContenders(wish);
  const repeats = wish.repeats ?? bench.repeats;
  return planBench({
    id: runId ?? (shard ? sharedId(bench, contenders, repeats) : null),
    options: { name, file, sha256, concurrency, budget, dayBudget, limits },
    cases: bench.cases,
    contenders,
    repeats,
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
    `${bench.file}, or what its cases start from, or how they are to be graded, has changed since run ${id} began.`,
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

/** How agents were held together: of all that worked on it, as parts may have been done on other machines. */
export const isolationOf = ({ workers }: Batch): string | null =>
  workers.length === 0 ? null : [...new Set(workers.map(({ isolation }) => isolation))].join(', ');

/** What a run came to, or a part of it: from its log alone. */
export const resultsIn = (batch: Batch, shard: Shard | null): Results =>
  resultsOfBatch(shard ? { ...batch, items: inScope(batch, { shard }) } : batch);

/** A run that another clone planned runs nothing here that nobody here has allowed. */
const requireTrusted = async (home: Context, { id, trust, bench }: BenchRunWish & { id: string }): Promise<void> => {
  const batch = await readBatch(home, id);
  const waits = batch.items.some(({ state }) => state === 'queued' || state === 'running');
  const command = `amp-sessions bench ${inShell(bench.file)} --resume ${inShell(id)}`;
  if (trust && waits) await requireTrustedBatch(home, batch, { ...trust, command });
};

/**
 * Runs a benchmark, or goes on with one: each agent in each case, as often as wished, in a repository that ends at the
 * case's base commit; each result is judged by tests that the agent has not seen.
 * @throws AppError `usage.invalid`, `suite.changed`, `batch.missing`, `batch.exists`, `batch.untrusted`, …; what goes
 * wrong in a run is in the results
 */
export const runBench = async (home: Context, wish: BenchRunWish): Promise<BenchRun> => {
  const id = await openRun(home, wish);
  await requireTrusted(home, { ...wish, id });
  wish.onStart?.(id);
  const work = join(wish.work, id);
  const { interrupts, view, concurrency, shard, keepWorktrees } = wish;
  const hooks = new BenchHooks(home, { cases: wish.bench.cases, interrupts, view, keepWorktrees }, work);
  try {
    const reason = wish.resume === undefined ? 'start' : 'resume';
    const batch = await runBatch(home, id, { interrupts, view: worded(view), concurrency, shard, reason, hooks });
    await hooks.gradeLeft(id, inScope(await readBatch(home, id), { shard }), recorder(home, id));
    const part = shard ?? null;
    return { id, shard: part, work, batch, results: resultsIn(await readBatch(home, id), part) };
  } finally {
    await hooks.close();
  }
};
