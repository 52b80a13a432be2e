import { describe, expect, it } from 'vitest';
import {
  countedTokens,
  estimate,
  limitText,
  mayBegin,
  NOTHING_SPENT,
  reached,
  spentByBatch,
  spentByItem,
  unpricedAgents,
} from '../../src/batch/budget.ts';
import { etaMs } from '../../src/batch/conclusions.ts';
import { inScope, isInShard, schedule, unitOf, type Wish } from '../../src/batch/schedule.ts';
import { end, made, planned, type Told } from './world.ts';

/** Begins as much as may be begun, and says what, in order. */
const begun = (told: Told, wish: Partial<Wish> = {}, most = 20): string[] => {
  const items: string[] = [];
  for (let n = 0; n < most; n++) {
    const next = schedule(told.batch, { now: told.now, ...wish });
    if (!('begin' in next)) break;
    items.push(next.begin.plan.item);
    told.start(next.begin.plan.item);
  }
  return items;
};

describe('what comes next', () => {
  it('goes round the repositories, in each by the order of the file', () => {
    const repos = ['/a', '/a', '/a', '/b', '/b', '/c'];
    const told = made(repos.map((repo, n) => planned(n + 1, { repo })));
    expect(begun(told)).toEqual(['001', '004', '006', '002', '005', '003']);
  });

  it('goes to the repository with the least running, and tries again last', () => {
    const told = made([1, 2, 3, 4].map((n) => planned(n, { repo: n < 3 ? '/a' : '/b', retries: 1 })));
    const first = told.start('001');
    expect(begun(told, {}, 1)).toEqual(['003']);
    told.finish('001', first, end('error', { code: 'agent.failed' }));
    expect(begun(told)).toEqual(['002', '004', '001']);
  });

  it('keeps to a shard, to what is wished for, and off what is held', () => {
    const told = made([1, 2, 3, 4, 5].map((n) => planned(n)));
    const of = (index: number) => inScope(told.batch, { shard: { index, of: 3 } }).map(({ plan }) => plan.item);
    expect([of(1), of(2), of(3)]).toEqual([['001', '004'], ['002', '005'], ['003']]);
    expect(begun(told, { items: new Set(['002', '005']), without: new Set(['002']) })).toEqual(['005']);
    expect(schedule(told.batch, { now: told.now, items: new Set(['005']) })).toEqual({ none: true });
  });

  it('parts of a benchmark have all agents of a case and repeat: machines are not what is compared', () => {
    const agents = ['amp', 'idle'];
    const items = [1, 2, 3].flatMap((at) =>
      agents.map((agent, nth) => planned(2 * at + nth - 1, { labels: { case: `c${at}`, agent, repeat: '1' } })),
    );
    const told = made(items, { kind: 'bench' });
    const of = (index: number, all: number) =>
      inScope(told.batch, { shard: { index, of: all } }).map(({ plan }) => plan.item);
    expect([of(1, 2), of(2, 2)]).toEqual([
      ['001', '002', '005', '006'],
      ['003', '004'],
    ]);
    expect(of(5, 5)).toEqual([]);
    // The same items in a batch are parted one by one.
    expect(inScope(made(items).batch, { shard: { index: 1, of: 2 } }).map(({ plan }) => plan.item)).toEqual([
      '001',
      '003',
      '005',
    ]);
  });

  it('one agent, or one case: a unit is never nothing', () => {
    const plans = (agents: string[]) => agents.map((agent) => ({ labels: { agent } }));
    expect(unitOf('bench', plans(['amp', 'amp', 'amp']))).toBe(1);
    expect(unitOf('bench', plans(['amp', 'idle', 'gold']))).toBe(3);
    expect(unitOf('bench', [])).toBe(1);
    expect(unitOf('batch', plans(['amp', 'idle', 'amp']))).toBe(1);
    expect([0, 1, 2, 3, 4, 5].filter((at) => isInShard(at, 3, { index: 2, of: 2 }))).toEqual([3, 4, 5]);
  });

  it('holds an agent to so many at once, and lets others pass', () => {
    const amp = { name: 'amp', mode: null };
    const told = made([planned(1, { agent: amp }), planned(2, { agent: amp }), planned(3)], {
      limits: { amp: { concurrency: 1 } },
    });
    expect(begun(told)).toEqual(['001', '003']);
    expect(schedule(told.batch, { now: told.now })).toEqual({ wait: null });
  });

  it('holds an agent to so many a minute', () => {
    const told = made(
      [1, 2, 3].map((n) => planned(n)),
      { limits: { scripted: { perMinute: 2 } } },
    );
    const from = told.seconds;
    expect(begun(told)).toEqual(['001', '002']);
    expect(schedule(told.batch, { now: told.now })).toEqual({ wait: 59_000 });
    told.seconds = from + 61;
    expect(begun(told)).toEqual(['003']);
  });

  it('and to less than one a minute', () => {
    const told = made(
      [1, 2].map((n) => planned(n)),
      { limits: { scripted: { perMinute: 0.5 } } },
    );
    begun(told);
    expect(schedule(told.batch, { now: told.now })).toEqual({ wait: 120_000 });
  });

  it('waits while an agent rests', () => {
    const told = made([planned(1), planned(2)]);
    told.play('001', end('error', { code: 'agent.rejected' }));
    const until = Date.parse(told.batch.pauses['scripted']!.until);
    expect(schedule(told.batch, { now: told.now })).toEqual({ wait: until - Date.parse(told.now) });
    expect(schedule(told.batch, { now: new Date(until).toISOString() })).toMatchObject({
      begin: { plan: { item: '002' } },
    });
  });
});

describe('budgets', () => {
  it('count what is paid for as new, and call dollars a lower bound where one did not tell', () => {
    expect(countedTokens({ tokensInput: 1, tokensOutput: 2, tokensCacheWrite: 4 })).toBe(7);
    const told = made([planned(1), planned(2)]);
    told.play('001', end('passed'));
    expect(spentByBatch(told.batch)).toEqual({ usd: 0.5, tokens: 35, isLowerBound: false });
    told.play('002', end('passed', { costUsd: null }));
    expect(spentByBatch(told.batch)).toEqual({ usd: 0.5, tokens: 70, isLowerBound: true });
  });

  it('of an item hold for all its attempts, and begin anew when it is queued again', () => {
    const told = made([planned(1, { retries: 1 })]);
    for (let n = 0; n < 2; n++) told.play('001', end('error', { code: 'agent.failed' }));
    expect(spentByItem(told.batch.items[0]!)).toMatchObject({ usd: 1, tokens: 70 });
    told.ask({ do: 'requeue', items: 'failed' });
    expect(spentByItem(told.batch.items[0]!)).toEqual(NOTHING_SPENT);
  });

  it('are reached at the very figure', () => {
    const spend = { usd: 2, tokens: 100, isLowerBound: false };
    expect(reached(null, spend, 1e9)).toBeUndefined();
    expect(reached({ usd: 2.01, tokens: 101, wallClockSec: 10 }, spend, 9999)).toBeUndefined();
    expect(reached({ usd: 2 }, spend, 0)).toBe('usd');
    expect(reached({ tokens: 100 }, spend, 0)).toBe('tokens');
    expect(reached({ wallClockSec: 10 }, spend, 10_000)).toBe('wallClockSec');
    expect([
      limitText({ usd: 2 }, 'usd'),
      limitText({ tokens: 100 }, 'tokens'),
      limitText({ wallClockSec: 10 }, 'wallClockSec'),
    ]).toEqual(['2 US dollars', '100 tokens', '10 seconds']);
  });

  it('let what runs set aside what it may need: its own budget, else the mean of those before', () => {
    const told = made([planned(1), planned(2, { budget: { usd: 3 } }), planned(3)]);
    expect(estimate(told.batch, told.batch.items[2]!)).toMatchObject({ usd: 0, tokens: 0 });
    told.play('001', end('passed'));
    expect(estimate(told.batch, told.batch.items[2]!)).toMatchObject({ usd: 0.5, tokens: 35 });
    expect(estimate(told.batch, told.batch.items[1]!)).toMatchObject({ usd: 3, tokens: 35 });
  });

  it('begin nothing that what is left cannot bear, but give the last of it to one alone', () => {
    const spend = (usd: number) => ({ usd, tokens: 0, isLowerBound: false });
    const may = (spent: number, reserved: number, next: number) =>
      mayBegin({ usd: 10 }, { spent: spend(spent), reserved: spend(reserved), next: spend(next), workedMs: 0 });
    expect([may(0, 5, 5), may(0, 5, 6), may(6, 0, 6), may(10, 0, 1)]).toEqual(['yes', 'wait', 'yes', 'no']);
  });

  it('of a batch end it when they are used up', () => {
    const told = made(
      [1, 2, 3, 4].map((n) => planned(n)),
      { budget: { usd: 1 } },
    );
    told.play('001', end('passed'));
    expect(begun(told)).toEqual(['002']);
    expect(schedule(told.batch, { now: told.now })).toEqual({ wait: null });
    told.finish('002', told.batch.items[1]!.attempts[0]!.session, end('passed'));
    expect(schedule(told.batch, { now: told.now })).toEqual({ over: 'budget' });
  });

  it('in dollars are no use for an agent that never tells', () => {
    const command = { name: 'command', mode: null };
    const items = [planned(1), planned(2, { agent: command })];
    const none = { budget: null, dayBudget: null };
    expect(unpricedAgents(none, items)).toEqual([]);
    expect(unpricedAgents({ ...none, budget: { tokens: 5 } }, items)).toEqual([]);
    expect(unpricedAgents({ ...none, budget: { usd: 5 } }, items)).toEqual(['command']);
    expect(unpricedAgents({ ...none, dayBudget: { usd: 5 } }, items)).toEqual(['command']);
    expect(unpricedAgents(none, [planned(1, { agent: command, budget: { usd: 1 } })])).toEqual(['command']);
  });
});

describe('the time to the end', () => {
  it('is unknown before the first has ended, then what is left at the mean, over the slots', () => {
    const told = made([1, 2, 3, 4, 5].map((n) => planned(n)));
    expect(etaMs(told.batch, { slots: 2, now: told.now })).toBeNull();
    told.play('001', end('passed', { durationMs: 10_000 }));
    told.start('002');
    told.seconds += 4;
    expect(etaMs(told.batch, { slots: 2, now: told.now })).toBe((6_000 + 30_000) / 2);
  });
});
