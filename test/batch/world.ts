import type { BatchIntent } from '../../src/batch/decide.ts';
import { decide, isRefusal } from '../../src/batch/decide.ts';
import { replay } from '../../src/batch/evolve.ts';
import type { BatchOptions, BatchPlan, PlannedItem } from '../../src/batch/plan.ts';
import { type AttemptEnd, type Batch, initialBatch } from '../../src/batch/state.ts';
import type { Draft, LogEvent } from '../../src/events/catalogue.ts';
import { GENESIS } from '../../src/events/envelope.ts';

export const planned = (n: number, over: Partial<PlannedItem> = {}): PlannedItem => ({
  item: String(n).padStart(3, '0'),
  name: `item ${n}`,
  repo: '/repos/a',
  prompt: 'Do it',
  base: null,
  agent: { name: 'scripted', mode: null },
  test: null,
  setup: null,
  timeoutSec: null,
  untilPass: false,
  maxIterations: 1,
  retries: 0,
  retryOn: ['error', 'timeout'],
  mergeOnPass: false,
  budget: null,
  ...over,
});

export const optionsOf = (over: Partial<BatchOptions> = {}): BatchOptions => ({
  name: 'nightly',
  file: '/b.yaml',
  sha256: 'f'.repeat(64),
  concurrency: 2,
  budget: null,
  dayBudget: null,
  limits: {},
  kind: 'batch',
  ...over,
});

export const planOf = (items: PlannedItem[], over: Partial<BatchOptions> = {}): BatchPlan => ({
  id: null,
  options: optionsOf(over),
  items,
});

export const end = (state: AttemptEnd['state'], over: Partial<AttemptEnd> & { code?: string } = {}): AttemptEnd => {
  const { code, ...rest } = over;
  return {
    state,
    cause: code === undefined ? null : { code, message: `because of ${code}` },
    usage: { tokensInput: 10, tokensOutput: 20, tokensCacheRead: 400, tokensCacheWrite: 5 },
    costUsd: 0.5,
    durationMs: 1000,
    commit: null,
    verdict: 'none',
    ...rest,
  };
};

/** A batch that is asked and told, a second an event, by one writer or several. */
export class Told {
  batch: Batch = initialBatch;
  readonly events: LogEvent[] = [];
  seconds = 0;

  get now(): string {
    return new Date(Date.UTC(2026, 10, 22, 13, 0, this.seconds)).toISOString();
  }

  tell(drafts: Draft[], writer = 'w1'): LogEvent[] {
    const events = drafts.map(({ type, by, data }): LogEvent => {
      this.seconds += 1;
      const seq = this.events.length + 1;
      return { v: 1, log: 'batches/b1', writer, seq, clock: seq, at: this.now, by, type, data, prev: GENESIS };
    });
    this.events.push(...events);
    this.batch = replay(events, this.batch);
    return events;
  }

  ask(intent: BatchIntent, writer = 'w1'): string[] {
    const decision = decide(this.batch, intent);
    if (isRefusal(decision)) return [decision.refused];
    return this.tell(decision, writer).map(({ type }) => type);
  }

  start(item: string, session = `s-${item}-${this.events.length}`): string {
    this.ask({ do: 'startAttempt', item, session, repository: '/repos/a' });
    return session;
  }

  finish(item: string, session: string, how: AttemptEnd): string[] {
    const pauseUntil = (times: number): string => new Date(Date.parse(this.now) + times * 60_000).toISOString();
    return this.ask({ do: 'finishAttempt', item, session, end: how, pauseUntil });
  }

  /** One attempt from its beginning to its end. */
  play(item: string, how: AttemptEnd): string[] {
    return this.finish(item, this.start(item), how);
  }

  state(item: string): string {
    return this.batch.items.find(({ plan }) => plan.item === item)!.state;
  }
}

export const made = (items: PlannedItem[], over: Partial<BatchOptions> = {}): Told => {
  const told = new Told();
  told.ask({ do: 'create', id: 'b1', plan: planOf(items, over) });
  return told;
};
