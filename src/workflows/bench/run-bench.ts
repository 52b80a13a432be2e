import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../agents/agent.ts';
import type { BatchPlan } from '../../batch/plan.ts';
import type { Batch, BatchItem } from '../../batch/state.ts';
import { contendersOf, type NamedAgent } from '../../bench/contenders.ts';
import { resultsOfBatch, UNGRADED } from '../../bench/from-batch.ts';
import { planBench } from '../../bench/plan-bench.ts';
import type { Contender, Results } from '../../bench/results.ts';
import { AppError } from '../../errors.ts';
import type { Draft } from '../../events/catalogue.ts';
import { replaceFile } from '../../git/files.ts';
import { createBatch } from '../batch/create.ts';
import { findBatch, readBatch } from '../batch/home.ts';
import { openBatchJournal } from '../batch/journal.ts';
import { type BatchResult, runBatch } from '../batch/run.ts';
import type { AfterAttempt, ItemHooks } from '../batch/run-state.ts';
import type { BatchView } from '../batch/view.ts';
import { parseAgent } from '../choices.ts';
import { type Context, openContext } from '../context.ts';
import { type Interrupts, isStopped } from '../interrupts.ts';
import { readSession } from '../summaries.ts';
import type { BenchCase } from './bench-case.ts';
import { makeCaseRepository } from './case-repository.ts';
import { gradeCase } from './grade.ts';
import { modelPatch } from './model-patch.ts';
import { emptyAgent, goldAgent, isReferenceAgent } from './reference-agents.ts';
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

/** How one benchmark's items are worked on and judged. */
class Hooks implements Required<Omit<ItemHooks, 'prompt'>> {
  readonly #home: Context;
  readonly #wish: BenchRunWish;
  readonly #work: string;
  readonly #cases: Map<string, BenchCase>;
  readonly #opened = new Set<Context>();

  constructor(home: Context, wish: BenchRunWish, work: string) {
    this.#home = home;
    this.#wish = wish;
    this.#work = work;
    this.#cases = new Map(wish.bench.cases.map((one) => [one.id, one]));
  }

  #caseOf({ plan }: BatchItem): BenchCase {
    const one = this.#cases.get(plan.labels?.['case'] ?? '');
    if (one) return one;
    throw new AppError('case.missing', `The suite has no case ${plan.labels?.['case']}.`, {
      hint: 'Go on with the suite that the run was started with.',
    });
  }

  get #seeds(): string {
    return join(this.#work, 'seeds');
  }

  /** A repository of its own for each attempt: nobody sees what another agent, or an earlier attempt, has made. */
  open = async (item: BatchItem): Promise<Context> => {
    const { env, clock, warn } = this.#home;
    const dir = this.place(item, item.attempts.at(-1)!.attempt);
    if (!existsSync(dir)) {
      const { from, commit } = this.#caseOf(item);
      // It has its name only when it is whole: the process may die over it.
      const making = `${dir}.making`;
      rmSync(making, { recursive: true, force: true, maxRetries: 5 });
      mkdirSync(this.#work, { recursive: true });
      await makeCaseRepository({ from, commit, dir: making, seeds: this.#seeds });
      renameSync(making, dir);
    }
    const ctx = await openContext({ dir, env, clock, warn });
    this.#opened.add(ctx);
    return ctx;
  };

  place = ({ plan: { item } }: BatchItem, attempt: number): string => join(this.#work, `${item}.${attempt}`);

  agent = (item: BatchItem, { clock }: Context): Agent | undefined => {
    const { name } = item.plan.agent;
    if (!isReferenceAgent(name)) return undefined;
    return name === 'gold' ? goldAgent(this.#caseOf(item).solution, clock) : emptyAgent(clock);
  };

  after = async (item: BatchItem, attempt: number, ended: AfterAttempt): Promise<void> => {
    const { ctx, session, found, state, record } = ended;
    try {
      if (!found) return;
      const one = this.#caseOf(item);
      const { patch } = await modelPatch(ctx, session, { base: one.commit, testPatch: one.testPatch });
      replaceFile(patchFile(this.#work, item.plan.item), patch);
      if (state !== 'passed' && state !== 'failed') return;
      const about = { item: item.plan.item, attempt, session };
      const told = await this.#grade(one, patch, about, item.plan.agent.name === 'empty');
      if (told) await record([told]);
    } finally {
      this.#opened.delete(ctx);
      await ctx.store.close();
    }
  };

  /** Undefined when it was interrupted: whoever goes on with the run grades it. */
  async #grade(
    one: BenchCase,
    patch: Buffer,
    about: { item: string; attempt: number; session: string },
    evenEmpty: boolean,
  ): Promise<Draft | undefined> {
    const none = { passed: 0, total: 0 };
    if (one.graded === null)
      return graded({
        ...about,
        resolved: null,
        failToPass: none,
        passToPass: none,
        reason: UNGRADED,
        patchSha256: null,
        patchBytes: patch.length,
      });
    const { env, clock } = this.#home;
    const { from } = one;
    const where = { from, work: join(this.#work, 'grading'), seeds: this.#seeds };
    const grade = await gradeCase({
      case: one.graded,
      patch,
      ...where,
      env,
      clock,
      evenEmpty,
      interrupts: this.#wish.interrupts,
    });
    const { resolved, failToPass, passToPass, reason, message, patchSha256, patchBytes, log } = grade;
    if (reason === 'interrupted') return undefined;
    const tally = ({ passed, total }: typeof failToPass) => ({ passed, total });
    return graded({
      ...about,
      resolved,
      failToPass: tally(failToPass),
      passToPass: tally(passToPass),
      reason: resolved === true ? null : reason === 'tests' ? message : `${reason}: ${message}`,
      patchSha256,
      patchBytes,
      ...(log !== '' && { log: log.slice(-MOST_LOG) }),
    });
  }

  /** What an agent has ended and nobody has judged: grading was interrupted, or went wrong. */
  async gradeLeft(batch: Batch, record: AfterAttempt['record'], say: (text: string) => void): Promise<void> {
    for (const item of batch.items) {
      const last = item.attempts.at(-1);
      const isLeft = (item.state === 'passed' || item.state === 'failed') && item.graded?.session !== last?.session;
      if (!last || !isLeft || isStopped(this.#wish.interrupts)) continue;
      try {
        const ctx = await this.open(item);
        const found = await readSession(ctx, last.session);
        await this.after(item, last.attempt, {
          ctx,
          session: last.session,
          found,
          state: item.state as 'passed',
          record,
        });
      } catch (error) {
        say(
          `${item.plan.item} ${item.plan.name} could not be graded: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }

  async close(): Promise<void> {
    for (const ctx of this.#opened) await ctx.store.close();
  }
}

/** Characters of a test run's output that are kept; the end tells most. */
const MOST_LOG = 1 << 20;

const graded = (data: Extract<Draft, { type: 'batch-case.graded' }>['data']): Draft => ({
  type: 'batch-case.graded',
  by: 'program',
  data,
});

/** Where what an agent made of an item is kept. */
export const patchFile = (work: string, item: string): string => join(work, `${item}.patch`);

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
  const hooks = new Hooks(home, wish, work);
  try {
    const { interrupts, view, concurrency } = wish;
    const reason = wish.resume === undefined ? 'start' : 'resume';
    const batch = await runBatch(home, id, { interrupts, view, concurrency, reason, hooks });
    await hooks.gradeLeft(await readBatch(home, id), recorder(home, id), view.line);
    return { id, work, batch, results: resultsOfBatch(await readBatch(home, id)) };
  } finally {
    await hooks.close();
  }
};
