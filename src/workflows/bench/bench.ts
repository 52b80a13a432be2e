import { join, resolve } from 'node:path';
import type { NamedAgent } from '../../bench/contenders.ts';
import { inShell } from '../../errors.ts';
import { openBatchHome, readBatch } from '../batch/home.ts';
import { requireTrustedFile, type TrustWish } from '../batch/trust.ts';
import type { BatchView } from '../batch/view.ts';
import type { Interrupts } from '../interrupts.ts';
import { requireKnownAgent } from './known-agent.ts';
import { type BenchFileWish, readBench } from './read-bench.ts';
import { type BenchRun, runBench } from './run-bench.ts';

export interface BenchOptions extends Pick<TrustWish, 'trust' | 'ask'> {
  /** Where the user stands: the run's log is kept in the repository there, outside of any with the user's data. */
  dir: string;
  /** As the user named them; scripts as seen from there. */
  agents: readonly string[];
  models: readonly string[];
  repeats?: number;
  concurrency?: number;
  resume?: string;
  /** Folder for the runs' repositories; undefined: with the user's data. */
  work?: string;
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
}

const agentOf = (dir: string, given: string): NamedAgent => {
  requireKnownAgent(given);
  const script = 'scripted:';
  return { agent: given.startsWith(script) ? `${script}${resolve(dir, given.slice(script.length))}` : given };
};

/**
 * Reads a file of cases, asks whether what it names may run, and runs it.
 * @throws AppError as `readBench` and `runBench`; `batch.untrusted`
 */
export const bench = async (file: Omit<BenchFileWish, 'env'>, options: BenchOptions): Promise<BenchResult> => {
  const { dir, agents, trust, ask, warn, work, ...how } = options;
  const chosen = agents.map((given) => agentOf(dir, given));
  const home = await openBatchHome({ dir, warn });
  try {
    const read = await readBench({ ...file, env: home.env });
    const command = `amp-sessions bench ${inShell(file.file)}`;
    const toTrust = { file: read.file, trustSha256: read.trustSha256, programs: read.programs };
    await requireTrustedFile(toTrust, home.home, { trust, ask, command });
    const place = work ?? join(home.home.data, 'bench', read.name);
    const { batch, ...run } = await runBench(home, { ...how, bench: read, agents: chosen, work: place });
    const { workers } = await readBatch(home, run.id);
    const { outcome, budget } = batch;
    return { ...run, outcome, budget, isolation: workers.at(-1)?.isolation ?? null, at: home.clock.now() };
  } finally {
    await home.store.close();
  }
};
