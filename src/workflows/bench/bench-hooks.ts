import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../agents/agent.ts';
import type { BatchItem } from '../../batch/state.ts';
import { UNGRADED } from '../../bench/from-batch.ts';
import { AppError } from '../../errors.ts';
import type { Draft } from '../../events/catalogue.ts';
import { replaceFile } from '../../git/files.ts';
import type { AfterAttempt, ItemHooks } from '../batch/run-state.ts';
import type { BatchView } from '../batch/view.ts';
import { type Context, openContext } from '../context.ts';
import { type Interrupts, isStopped, onlyAtOnce } from '../interrupts.ts';
import { readSession } from '../summaries.ts';
import type { BenchCase } from './bench-case.ts';
import { makeCaseRepository } from './case-repository.ts';
import { findPatch, type LostWhy, patchFile } from './find-patch.ts';
import { gradeCase } from './grade.ts';
import { modelPatch } from './model-patch.ts';
import { putAwayCase } from './put-away-case.ts';
import { emptyAgent, goldAgent, isReferenceAgent } from './reference-agents.ts';

export interface HooksWish {
  cases: readonly BenchCase[];
  interrupts: Interrupts;
  view: BatchView;
  /** What is graded keeps its worktree. */
  keepWorktrees?: boolean;
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

  /** Its solution is in no repository, and in no record, while another agent of the run is at work beside it. */
  waits = ({ plan }: BatchItem): boolean => plan.agent.name === 'gold';

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
      const about = { item: item.plan.item, attempt, session };
      const told = answered(about, patch);
      const isTold = item.answer?.session === session && item.answer.sha256 === told.data.sha256;
      if (!isTold) await record([told]);
      if (state !== 'passed' && state !== 'failed') return;
      const isJudged = await this.#judge(item, about, patch, record);
      if (isJudged && !this.#wish.keepWorktrees) await putAwayCase(ctx, found, join(this.#seeds, one.commit));
    } finally {
      this.#opened.delete(ctx);
      await ctx.store.close();
    }
  };

  /** Puts on record what the tests say of a patch. @returns false when it was interrupted */
  async #judge(item: BatchItem, about: About, patch: Buffer, record: AfterAttempt['record']): Promise<boolean> {
    const told = await this.#grade(this.#caseOf(item), patch, about, item.plan.agent.name === 'empty');
    if (!told) return false;
    await record([told]);
    this.#wish.view.line(`${item.plan.item} ${item.plan.name}: ${verdictOf(told.data)}`);
    return true;
  }

  /** Undefined when it was interrupted: whoever goes on with the run grades it. */
  async #grade(one: BenchCase, patch: Buffer, about: About, evenEmpty: boolean): Promise<Graded | undefined> {
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
      interrupts: onlyAtOnce(this.#wish.interrupts),
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

  /**
   * What an agent has ended and nobody has judged: grading was interrupted, or went wrong; on another machine, too, as
   * its patch is on record.
   * @param items those that this process is to see done
   */
  async gradeLeft(id: string, items: readonly BatchItem[], record: AfterAttempt['record']): Promise<void> {
    const say = this.#wish.view.line;
    for (const item of items) {
      const last = item.attempts.at(-1);
      const isLeft = (item.state === 'passed' || item.state === 'failed') && item.graded?.session !== last?.session;
      if (!last || !isLeft || isStopped(this.#wish.interrupts)) continue;
      const { attempt, session } = last;
      try {
        const found = await findPatch(this.#home, { id, item, work: this.#work });
        if ('lost' in found && found.lost === 'missing' && existsSync(this.place(item, attempt)))
          await this.#again(item, last, record);
        else if ('lost' in found) say(`${item.plan.item} ${item.plan.name} cannot be graded here: ${LOST[found.lost]}`);
        else await this.#judge(item, { item: item.plan.item, attempt, session }, found.patch, record);
      } catch (error) {
        say(
          `${item.plan.item} ${item.plan.name} could not be graded: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }

  /** What its agent made was never read off its repository. */
  async #again(
    item: BatchItem,
    { attempt, session }: Omit<About, 'item'>,
    record: AfterAttempt['record'],
  ): Promise<void> {
    const ctx = await this.open(item);
    const found = await readSession(ctx, session);
    await this.after(item, attempt, { ctx, session, found, state: item.state as 'passed', record });
  }

  async close(): Promise<void> {
    for (const ctx of this.#opened) await ctx.store.close();
  }
}

/** Characters of a test run's output that are kept; the end tells most. */
const MOST_LOG = 1 << 20;

/** Which attempt something is said of. */
interface About {
  item: string;
  attempt: number;
  session: string;
}

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

/** A larger patch is a mistake, such as a folder of built things; it is graded, and does not travel. */
const MOST_PATCH = 16 << 20;

const answered = (about: About, patch: Buffer): Extract<Draft, { type: 'batch-case.answered' }> => ({
  type: 'batch-case.answered',
  by: 'agent',
  data: {
    ...about,
    patch: patch.length > MOST_PATCH ? null : patch.toString('utf8'),
    sha256: createHash('sha256').update(patch).digest('hex'),
    bytes: patch.length,
  },
});

const LOST: Record<LostWhy, string> = {
  redacted: 'what looks like a secret was taken out of the record of its patch.',
  large: 'its patch was too large for the record.',
  missing: 'its patch is not on this machine.',
};
