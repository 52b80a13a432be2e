import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addSpend, NOTHING_SPENT, reservedBy, spentByBatch } from '../../src/batch/budget.ts';
import { isDone } from '../../src/batch/conclusions.ts';
import { replay } from '../../src/batch/evolve.ts';
import type { AgentLimit, BatchOptions, PlannedItem } from '../../src/batch/plan.ts';
import { inScope, type Shard, schedule } from '../../src/batch/schedule.ts';
import { type BatchItem, openAttempt } from '../../src/batch/state.ts';
import { end, made, planned, type Told } from './world.ts';

const RUNS = { seed: 20_261_123, numRuns: 40 };
const MINUTE = 60;

/** What becomes of each try: how it ends, what it costs as a share of its item's budget, how long it takes. */
interface Fate {
  how: 'passed' | 'failed' | 'error' | 'limited' | 'cancelled';
  share: number;
  seconds: number;
}

interface World {
  items: PlannedItem[];
  options: Partial<BatchOptions>;
  fates: Fate[];
  slots: number;
}

const fate = fc.record<Fate>({
  how: fc.constantFrom('passed', 'passed', 'failed', 'error', 'limited', 'cancelled'),
  share: fc.constantFrom(0, 0.25, 0.5, 1),
  seconds: fc.integer({ min: 1, max: 50 }),
});

const item = fc.record({
  repo: fc.constantFrom('/a', '/b', '/c'),
  agent: fc.constantFrom('amp', 'scripted').map((name) => ({ name, mode: null })),
  retries: fc.nat(2),
  budget: fc.integer({ min: 1, max: 4 }).map((usd) => ({ usd })),
});

const limit = fc.record<AgentLimit>(
  { concurrency: fc.integer({ min: 1, max: 3 }), perMinute: fc.constantFrom(0.5, 1, 2, 3.7) },
  { requiredKeys: [] },
);

const worlds = ({ limited = false, budgeted = false } = {}) =>
  fc.record<World>({
    items: fc.array(item, { minLength: 1, maxLength: 9 }).map((all) => all.map((over, n) => planned(n + 1, over))),
    options: fc.record({
      budget: budgeted ? fc.integer({ min: 1, max: 12 }).map((usd) => ({ usd })) : fc.constant(null),
      limits: limited ? fc.record({ amp: limit, scripted: limit }) : fc.constant({}),
    }),
    fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
    slots: fc.integer({ min: 1, max: 5 }),
  });

interface Running {
  item: string;
  session: string;
  until: number;
  fate: Fate;
}

/** Looks on, right before an item begins. */
type Look = (told: Told, next: BatchItem) => void;

/** Plays a batch to its end as a run does: begins what may begin, waits as it is told, ends what is due. */
const play = ({ items, options, fates, slots }: World, { look, shard }: { look?: Look; shard?: Shard } = {}): Told => {
  const told = made(items, options);
  const running: Running[] = [];
  let tries = 0;
  const finishNext = (): void => {
    const next = running.splice(running.indexOf(running.reduce((a, b) => (b.until < a.until ? b : a))), 1)[0]!;
    told.seconds = Math.max(told.seconds, next.until);
    const costUsd = items.find((one) => one.item === next.item)!.budget!.usd! * next.fate.share;
    const { how } = next.fate;
    const code = { limited: 'agent.rejected', error: 'agent.failed', failed: 'tests.failed' }[how as string];
    const over = { costUsd, durationMs: next.fate.seconds * 1000, ...(code !== undefined && { code }) };
    told.finish(next.item, next.session, end(how === 'limited' ? 'error' : how, over));
  };
  for (let step = 0; step < 2000; step++) {
    const next = running.length < slots ? schedule(told.batch, { now: told.now, shard }) : { wait: null };
    if ('begin' in next) {
      const { item: id } = next.begin.plan;
      look?.(told, next.begin);
      // In the end all goes well, or it would never end.
      const lot = tries < 40 ? fates[tries % fates.length]! : ({ how: 'passed', share: 0.5, seconds: 5 } as const);
      tries += 1;
      const session = told.start(id);
      running.push({ item: id, session, until: told.seconds + lot.seconds, fate: lot });
    } else if ('none' in next && running.length === 0) return told;
    else if ('over' in next) {
      while (running.length > 0) finishNext();
      told.ask({ do: 'giveUp', state: 'budget', cause: null });
      return told;
    } else if (running.length > 0) finishNext();
    else {
      const { wait } = next as { wait: number | null };
      // With nothing at work there is nothing to wait for but the time.
      expect(wait).toBeGreaterThan(0);
      told.seconds += Math.ceil(wait! / 1000);
    }
  }
  throw new Error('it never ended');
};

const startsOf = (told: Told, agent: string): number[] =>
  told.batch.items
    .filter(({ plan }) => plan.agent.name === agent)
    .flatMap(({ attempts }) => attempts.map(({ startedAt }) => Date.parse(startedAt) / 1000))
    .sort((a, b) => a - b);

describe('a batch played to its end', () => {
  it('gives every item one result, and says once that it is finished; its log says the same again', () => {
    fc.assert(
      fc.property(worlds({ limited: true, budgeted: true }), (world) => {
        const told = play(world);
        expect(isDone(told.batch)).toBe(true);
        const results = told.events.filter(({ type }) => type === 'batch-item.finished').map(({ data }) => data);
        expect(results.map((data) => (data as { item: string }).item).sort()).toEqual(
          world.items.map((one) => one.item),
        );
        expect(told.ask({ do: 'finish' })).toEqual(['batch.finished']);
        expect(told.ask({ do: 'finish' })).toEqual([]);
        expect(told.batch.malformedEvents).toBe(0);
        expect(replay(told.events)).toEqual(told.batch);
      }),
      RUNS,
    );
  });

  it('tries an item as often as its retries say, but for limits and stops', () => {
    fc.assert(
      fc.property(worlds({ limited: true }), (world) => {
        for (const { plan, attempts, state } of play(world).batch.items) {
          const own = attempts.filter(
            ({ end: how }) => how!.state !== 'cancelled' && how!.cause?.code !== 'agent.rejected',
          );
          expect(own.length).toBeLessThanOrEqual(plan.retries + 1);
          expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, n) => n + 1));
          expect(state).toBe(attempts.at(-1)!.end!.state);
        }
      }),
      RUNS,
    );
  });
});

describe('a budget', () => {
  it('is given out once: what was spent, set aside and asked for fits, or one item alone has what is left', () => {
    fc.assert(
      fc.property(worlds({ budgeted: true }), (world) => {
        const most = world.options.budget!.usd!;
        const look: Look = ({ batch }, next) => {
          const bound = [spentByBatch(batch), reservedBy(batch)].reduce(addSpend, NOTHING_SPENT).usd;
          expect(spentByBatch(batch).usd).toBeLessThan(most);
          if (batch.items.some(openAttempt)) expect(bound + next.plan.budget!.usd!).toBeLessThanOrEqual(most);
        };
        const spent = spentByBatch(play(world, { look }).batch).usd;
        expect(spent).toBeLessThan(most + Math.max(...world.items.map(({ budget }) => budget!.usd!)));
      }),
      RUNS,
    );
  });

  it('that bears all is no hindrance', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const rich = { ...world, options: { ...world.options, budget: { usd: 1e6 } } };
        const order = (told: Told) => told.events.map(({ type, data }) => [type, (data as { item?: string }).item]);
        expect(order(play(rich))).toEqual(order(play(world)));
      }),
      RUNS,
    );
  });
});

describe('limits of an agent', () => {
  it('hold at every moment: so many at once, so many in any minute', () => {
    fc.assert(
      fc.property(worlds({ limited: true }), (world) => {
        const limits = world.options.limits!;
        const look: Look = ({ batch }, next) => {
          const { name } = next.plan.agent;
          const busy = batch.items.filter((one) => one.plan.agent.name === name && openAttempt(one)).length;
          expect(busy).toBeLessThan(limits[name]?.concurrency ?? Infinity);
        };
        const told = play(world, { look });
        for (const [agent, { perMinute }] of Object.entries(limits)) {
          if (perMinute === undefined) continue;
          const [most, span] = perMinute < 1 ? [1, MINUTE / perMinute] : [Math.floor(perMinute), MINUTE];
          const starts = startsOf(told, agent);
          for (const [n, at] of starts.slice(most).entries()) expect(at - starts[n]!).toBeGreaterThanOrEqual(span);
        }
      }),
      RUNS,
    );
  });

  it('rests are kept: nothing of the agent begins before their end', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const look: Look = ({ batch, now }, { plan }) => {
          const until = batch.pauses[plan.agent.name]?.until;
          expect(until === undefined || Date.parse(until) <= Date.parse(now)).toBe(true);
        };
        play(world, { look });
      }),
      RUNS,
    );
  });
});

describe('fairness', () => {
  it('no repository has two more at work than another that waits', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const calm = { ...world, fates: world.fates.map((one) => ({ ...one, how: 'passed' as const })) };
        const look: Look = ({ batch }, next) => {
          const at = (repo: string) => batch.items.filter((one) => one.plan.repo === repo && openAttempt(one)).length;
          const waiting = batch.items.filter(({ state }) => state === 'queued').map(({ plan }) => plan.repo);
          expect(at(next.plan.repo)).toBe(Math.min(...waiting.map(at)));
        };
        play(calm, { look });
      }),
      RUNS,
    );
  });
});

describe('shards', () => {
  it('are a partition in the order of the file, as even as can be, and each can be played alone', () => {
    fc.assert(
      fc.property(worlds({ limited: true }), fc.integer({ min: 1, max: 6 }), (world, of) => {
        const whole = made(world.items).batch;
        const parts = Array.from({ length: of }, (_, n) => inScope(whole, { shard: { index: n + 1, of } }));
        expect(
          parts
            .flat()
            .map(({ plan }) => plan.item)
            .sort(),
        ).toEqual(world.items.map((one) => one.item));
        const sizes = parts.map((part) => part.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const done = play(world, { shard: { index: of, of } }).batch.items.filter(({ state }) => state !== 'queued');
        expect(done.map(({ plan }) => plan.item)).toEqual(parts.at(-1)!.map(({ plan }) => plan.item));
      }),
      RUNS,
    );
  });
});
