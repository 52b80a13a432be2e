import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../agents/agent.ts';
import type { Batch, BatchItem } from '../../batch/state.ts';
import { UNGRADED } from '../../bench/from-batch.ts';
import { AppError } from '../../errors.ts';
import type { Draft } from '../../events/catalogue.ts';
import { replaceFile } from '../../git/files.ts';
import type { AfterAttempt, ItemHooks } from '../batch/run-state.ts';
import type { BatchView } from '../batch/view.ts';
import { type Context, openContext } from '../context.ts';
import { type Interrupts, isStopped } from '../interrupts.ts';
import { readSession } from '../summaries.ts';
import type { BenchCase } from './bench-case.ts';
import { makeCaseRepository } from './case-repository.ts';
import { gradeCase } from './grade.ts';
import { modelPatch } from './model-patch.ts';
import { emptyAgent, goldAgent, isReferenceAgent } from './reference-agents.ts';

export interface HooksWish {
  cases: readonly BenchCase[];
  interrupts: Interrupts;
  view: BatchView;
}

/** How one benchmark's items are worked on and judged. */
export class BenchHooks implements Required<Omit<ItemHooks, 'prompt'>> {
  readonly #home: Context;
  readonly #wish: HooksWish;
  readonly #work: string;
  readonly #cases: Map<string, BenchCase>;
  readonly #opened = new Set<Context>();

  constructor(home: Context, wish: HooksWish, work: string) {
    this.#home = home;
    this.#wish = wish;
    this.#work = work;
    this.#cases = new Map(wish.cases.map((one) => [one.id, one]));
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
      if (!told) return;
      await record([told]);
      this.#wish.view.line(`${item.plan.item} ${item.plan.name}: ${verdictOf(told.data)}`);
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
  ): Promise<Graded | undefined> {
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

type Graded = Extract<Draft, { type: 'batch-case.graded' }>;

const verdictOf = ({ resolved, reason }: Graded['data']): string => {
  if (resolved === true) return 'resolved';
  if (reason === UNGRADED) return 'not graded, as no success command is given';
  return `${resolved === false ? 'not resolved' : 'could not be graded'}${reason === null ? '' : ` (${reason})`}`;
};

const graded = (data: Graded['data']): Graded => ({
  type: 'batch-case.graded',
  by: 'program',
  data,
});

/** Where what an agent made of an item is kept. */
export const patchFile = (work: string, item: string): string => join(work, `${item}.patch`);
