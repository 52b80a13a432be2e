import { join, resolve } from 'node:path';
import type { BatchPlan } from '../../batch/plan.ts';
import { isInShard, type Shard, unitOf } from '../../batch/schedule.ts';
import { contendersOf, type NamedAgent } from '../../bench/contenders.ts';
import type { Contender } from '../../bench/results.ts';
import { inShell } from '../../errors.ts';
import { refuseUnpriced } from '../batch/create.ts';
import { openBatchHome, readBatch } from '../batch/home.ts';
import { requireTrustedFile, type TrustWish } from '../batch/trust.ts';
import type { BatchView } from '../batch/view.ts';
import { makeOutFolder } from '../export/out-folder.ts';
import type { Interrupts } from '../interrupts.ts';
import { requireKnownAgent } from './known-agent.ts';
import { type BenchFileWish, readBench } from './read-bench.ts';
import { type BenchRun, isolationOf, planOf, runBench } from './run-bench.ts';
import type { Bench } from './suite.ts';
import { type LostPatch, patchesOf, writeAllPredictions } from './write-predictions.ts';

/** What a person may say beside the file, whether it is run or only planned. */
export interface BenchChoice {
  /** Where the user stands: the run's log is kept in the repository there, outside of any with the user's data. */
  dir: string;
  /** As the user named them; scripts as seen from there. */
  agents: readonly string[];
  models: readonly string[];
  repeats?: number;
  concurrency?: number;
  /** Only this part of the run. */
  shard?: Shard;
  /** What the run is called; undefined: a part is of the run that file and flags name, else one is made. */
  runId?: string;
}

export interface BenchOptions extends BenchChoice, Pick<TrustWish, 'trust' | 'ask'> {
  resume?: string;
  /** Folder for the runs' repositories; undefined: with the user's data. */
  work?: string;
  /** What is graded keeps its worktree. */
  keepWorktrees?: boolean;
  /** Folder for the predictions; undefined: none are written. */
  out?: string;
  interrupts: Interrupts;
  view: BatchView;
  warn(text: string): void;
}

export interface BenchResult extends Omit<BenchRun, 'batch'> {
  outcome: BenchRun['batch']['outcome'];
  budget: string | null;
  /** How the agents' processes were held together. */
  isolation: string | null;
  /** ISO-8601 UTC. */
  at: string;
  /** Files of predictions, absolute. */
  predictions: string[];
  /** Answers that are in none of them. */
  lost: LostPatch[];
}

const agentOf = (dir: string, given: string): NamedAgent => {
  requireKnownAgent(given);
  const script = 'scripted:';
  return { agent: given.startsWith(script) ? `${script}${resolve(dir, given.slice(script.length))}` : given };
};

/** Where the repositories of a suite's runs are, unless somebody says otherwise. */
export const workOf = (data: string, suite: string): string => join(data, 'bench', suite);

/**
 * Reads a file of cases, asks whether what it names may run, and runs it.
 * @throws AppError as `readBench` and `runBench`; `batch.untrusted`
 */
export const bench = async (file: Omit<BenchFileWish, 'env'>, options: BenchOptions): Promise<BenchResult> => {
  const { dir, agents, trust, ask, warn, work, out, ...how } = options;
  const chosen = agents.map((given) => agentOf(dir, given));
  const home = await openBatchHome({ dir, warn });
  try {
    const read = await readBench({ ...file, env: home.env });
    const command = `amp-sessions bench ${inShell(file.file)}`;
    const toTrust = { file: read.file, trustSha256: read.trustSha256, programs: read.programs };
    await requireTrustedFile(toTrust, home.home, { trust, ask, command });
    // A run takes hours: what its results cannot be written to is told before.
    if (out !== undefined) makeOutFolder(out);
    const place = work ?? workOf(home.home.data, read.name);
    const wish = { ...how, bench: read, agents: chosen, work: place, trust: { trust, ask } };
    const { batch, ...run } = await runBench(home, wish);
    const after = await readBatch(home, run.id);
    const patchOf = patchesOf(home, after, run.work);
    const { files, lost } = out ? await writeAllPredictions(out, run.results, patchOf) : { files: [], lost: [] };
    const { outcome, budget } = batch;
    return { ...run, outcome, budget, isolation: isolationOf(after), at: home.clock.now(), predictions: files, lost };
  } finally {
    await home.store.close();
  }
};

/** What would be run, and by whom. */
export interface BenchPlan {
  bench: Bench;
  plan: BatchPlan;
  contenders: Contender[];
  repeats: number;
  shard: Shard | null;
  /** Of the part that was asked for. */
  items: BatchPlan['items'];
}

/**
 * The plan of a benchmark: everything that its file names has been looked up, nothing was started, asked or written.
 * @throws AppError as `readBench` and `planOf`; `budget.unknowable`
 */
export const planBenchFile = async (
  file: Omit<BenchFileWish, 'env'>,
  { dir, agents, models, ...how }: BenchChoice,
): Promise<BenchPlan> => {
  const chosen = agents.map((given) => agentOf(dir, given));
  const read = await readBench({ ...file, env: process.env });
  const plan = planOf({ ...how, bench: read, agents: chosen, models });
  refuseUnpriced(plan);
  const { shard = null } = how;
  const unit = unitOf(plan.options.kind, plan.items);
  const items = plan.items.filter((_, at) => shard === null || isInShard(at, unit, shard));
  const contenders = contendersOf(chosen.length > 0 ? chosen : read.agents, models.length > 0 ? models : read.models);
  return { bench: read, plan, contenders, repeats: how.repeats ?? read.repeats, shard, items };
};
