import type { Agent } from '../../agents/agent.ts';
import {
  addSpend,
  limitText,
  NOTHING_SPENT,
  reached,
  type Spend,
  spentByBatch,
  spentByItem,
} from '../../batch/budget.ts';
import { countsOf, etaMs, workedMs } from '../../batch/conclusions.ts';
import type { Shard } from '../../batch/schedule.ts';
import { type Batch, type BatchItem, type FinalState, itemOf } from '../../batch/state.ts';
import type { Draft } from '../../events/catalogue.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import type { InterruptSwitch, Interrupts } from '../interrupts.ts';
import type { StopReason } from './attempt-end.ts';
import { Today } from './day-budget.ts';
import type { BatchJournal } from './journal.ts';
import type { Repositories } from './repositories.ts';
import type { BatchView } from './view.ts';

/** What a benchmark does differently. */
export interface ItemHooks {
  /** The repository that an item is worked on in; default: the one it names. */
  open?(item: BatchItem): Promise<Context>;
  /** Where that repository is, or will be: what is on record of an attempt that is about to begin. */
  place?(item: BatchItem, attempt: number): string;
  /** Stands in for the agent that the item names. */
  agent?(item: BatchItem, ctx: Context): Agent | undefined;
  /** Is begun only when nothing else of the run is left to begin, or at work in this clone. */
  waits?(item: BatchItem): boolean;
  /** What the agent is told, where it is not what is on record. */
  prompt?(item: BatchItem): string | undefined;
  /**
   * After the agent's end and before that is on record, also for an attempt whose process died after it: what it
   * records here is there when the attempt's end is.
   */
  after?(item: BatchItem, attempt: number, what: AfterAttempt): Promise<void>;
}

export interface AfterAttempt {
  ctx: Context;
  session: string;
  /** Undefined where the session was never made. */
  found: Session | undefined;
  state: FinalState;
  record(drafts: Draft[]): Promise<void>;
}

export interface RunOptions {
  interrupts: Interrupts;
  view: BatchView;
  reason?: 'start' | 'resume' | 'retry' | 'worker';
  /** Only this part of the batch. */
  shard?: Shard;
  /** Only these items, by id. */
  items?: string[];
  /** One item, then the end. */
  once?: boolean;
  /** Slots; default: as the batch was made. */
  concurrency?: number;
  hooks?: ItemHooks;
  /** How long an agent rests after its provider has turned it away; doubled each time. */
  backOff?: { firstMs: number; mostMs: number };
}

/** An attempt that this process runs. */
export interface Running {
  readonly item: string;
  readonly interrupts: InterruptSwitch;
  stop: StopReason | null;
  /** What it has told so far. */
  spend: Spend;
  /** Its agent is at work; before and after, nothing is used up but time. */
  isAtWork: boolean;
  /** Its next iteration is not to be. */
  noMore: StopReason | null;
}

const HEADER_MS = 250;
const INTERRUPTED: StopReason = { code: 'interrupted', message: 'Somebody stopped it.' };

/** What the slots of one run share. */
export class RunState {
  readonly home: Context;
  readonly journal: BatchJournal;
  readonly options: RunOptions;
  readonly repositories: Repositories;
  readonly running = new Map<string, Running>();
  /** Items this process has the lock of. */
  readonly held = new Set<string>();
  /** Nothing new is begun; null: all goes on. */
  stopping: 'drained' | 'now' | 'budget' | null = null;
  fatal: unknown;
  readonly only: ReadonlySet<string> | undefined;
  readonly #wakers = new Set<() => void>();
  #shownAt = -HEADER_MS;
  #shown: NodeJS.Timeout | undefined;
  readonly #today: Today;

  constructor(home: Context, journal: BatchJournal, repositories: Repositories, options: RunOptions) {
    this.home = home;
    this.journal = journal;
    this.repositories = repositories;
    this.options = options;
    this.only = options.items && new Set(options.items);
    this.#today = new Today(home);
  }

  get batch(): Batch {
    return this.journal.batch;
  }

  get scope(): { shard: Shard | undefined; items: ReadonlySet<string> | undefined } {
    return { shard: this.options.shard, items: this.only };
  }

  say(text: string): void {
    this.options.view.line(text);
  }

  /** Something may have become possible. */
  wake(): void {
    for (const waker of this.#wakers) waker();
    this.#wakers.clear();
    this.show();
  }

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(go);
        resolve();
      };
      const timer = setTimeout(go, ms);
      this.#wakers.add(go);
    });
  }

  /** The first lets what runs come to its end, the second does not. */
  interrupt(how: 'gently' | 'now'): void {
    if (how === 'gently' && this.stopping === null) {
      this.stopping = 'drained';
      const { size } = this.running;
      if (size > 0)
        this.say(
          `Stopping: ${size} running ${size === 1 ? 'item' : 'items'} may finish. Once more ends ${size === 1 ? 'it' : 'them'}.`,
        );
    } else if (how === 'now') {
      this.stopping = 'now';
      this.stopAll(INTERRUPTED);
    }
    this.wake();
  }

  /** Something is wrong that no item has to do with, such as a full disk. */
  fail(error: unknown): void {
    this.fatal ??= error;
    this.stopping = 'now';
    this.stopAll(INTERRUPTED);
    this.wake();
  }

  stopAll(reason: StopReason): void {
    for (const one of this.running.values()) this.stopOne(one, reason);
  }

  /** For an attempt that was claimed just before everything was stopped. */
  stopLate(one: Running): void {
    this.stopOne(one, this.overBudget ? { code: 'budget.exceeded', message: this.overBudget.message } : INTERRUPTED);
  }

  /**
   * A budget is used up: an agent at work is stopped, one that has come to its end keeps its result. Most agents tell
   * what they cost only then.
   */
  stopSpending(one: Running, reason: StopReason): void {
    if (one.isAtWork) this.stopOne(one, reason);
    else one.noMore ??= reason;
  }

  atWork(one: Running, isAtWork: boolean): void {
    one.isAtWork = isAtWork;
    if (isAtWork && one.noMore) this.stopOne(one, one.noMore);
  }

  stopOne(one: Running, reason: StopReason): void {
    one.stop ??= reason;
    one.interrupts.stop();
  }

  /** What an attempt has told it used, beyond what is on record: is it too much? */
  spent(one: Running, spend: Spend): void {
    one.spend = spend;
    this.checkBudgets(one);
    this.show();
  }

  /** Stops what a budget does not bear any more. */
  checkBudgets(one: Running): void {
    const { budget, dayBudget } = this.batch.options;
    const item = itemOf(this.batch, one.item)!;
    const own =
      item.plan.budget &&
      reached({ ...item.plan.budget, wallClockSec: Infinity }, addSpend(spentByItem(item), one.spend), 0);
    if (own) {
      const text = limitText(item.plan.budget!, own);
      this.stopSpending(one, { code: 'budget.exceeded', message: `It has used up its budget of ${text}.` });
    }
    const all = budget && reached(budget, this.total(), workedMs(this.batch, this.home.clock.now()));
    if (all)
      this.endBudget(`The batch has used up its budget of ${limitText(budget!, all)}.`, {
        hard: all === 'wallClockSec',
      });
    const today = dayBudget && reached(dayBudget, this.today(), this.#today.spent.durationMs);
    if (today) this.endBudget(`Today's budget of ${limitText(dayBudget!, today)} is used up.`, { isDay: true });
  }

  /**
   * @param isDay the rest waits for another day; a batch's own budget ends it
   * @param hard it is time that is used up: what runs ends whatever it does
   */
  endBudget(message: string, { isDay = false, hard = false } = {}): void {
    if (this.stopping === 'now' || this.overBudget) return;
    this.overBudget = { message, isDay };
    this.stopping = 'budget';
    this.say(message);
    const reason: StopReason = { code: 'budget.exceeded', message };
    for (const one of this.running.values())
      if (hard) this.stopOne(one, reason);
      else this.stopSpending(one, reason);
    this.wake();
  }

  overBudget: { message: string; isDay: boolean } | null = null;

  /** An attempt's end is in the book of the day. */
  daySettled(spend: Spend, durationMs: number): void {
    this.#today.add(spend, durationMs);
  }

  /** By everybody when this run, or the day, began, and by this run since. */
  today(): Spend {
    return addSpend(this.#today.spent, this.live());
  }

  live(): Spend {
    return [...this.running.values()].reduce((sum, { spend }) => addSpend(sum, spend), NOTHING_SPENT);
  }

  /** On record, and what running attempts have told. */
  total(): Spend {
    return addSpend(spentByBatch(this.batch), this.live());
  }

  /** Not more often than a person can read. */
  show(): void {
    const since = this.home.clock.elapsed() - this.#shownAt;
    if (since >= HEADER_MS) this.#showNow();
    else this.#shown ??= setTimeout(() => this.#showNow(), HEADER_MS - since).unref();
  }

  finishShowing(): void {
    this.#showNow();
    clearTimeout(this.#shown);
  }

  #showNow(): void {
    clearTimeout(this.#shown);
    this.#shown = undefined;
    this.#shownAt = this.home.clock.elapsed();
    const { batch } = this;
    const now = this.home.clock.now();
    const slots = this.options.concurrency ?? batch.options.concurrency;
    const { usd, tokens, isLowerBound } = this.total();
    const until = Object.values(batch.pauses)
      .map((pause) => pause.until)
      .filter((moment) => moment > now)
      .sort()[0];
    const counts = countsOf(batch);
    this.options.view.header({
      counts,
      running: counts.running,
      spentUsd: usd,
      spentTokens: tokens,
      costIsLowerBound: isLowerBound,
      etaMs: etaMs(batch, { slots, now }),
      ...(until !== undefined && { pausedUntil: until }),
    });
  }
}
