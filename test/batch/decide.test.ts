import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countsOf, isDone, waitsForMerge } from '../../src/batch/conclusions.ts';
import { decide, isAgentGone, isOverdue, isRefusal } from '../../src/batch/decide.ts';
import { replay, replayStep } from '../../src/batch/evolve.ts';
import type { Batch } from '../../src/batch/state.ts';
import { catalogue } from '../../src/events/catalogue.ts';
import { end, made, optionsOf, planned, planOf } from './world.ts';

const FINAL = ['passed', 'failed', 'error', 'timeout', 'budget', 'cancelled'] as const;

describe('what a clone that is gone left running', () => {
  it('is given up by name, and queued again; that counts neither as a crash nor as a try', () => {
    const told = made([planned(1), planned(2), planned(3)]);
    told.ask({ do: 'startAttempt', item: '001', session: 'a', repository: '/r' }, 'gone');
    told.ask({ do: 'startAttempt', item: '002', session: 'b', repository: '/r' }, 'here');
    expect(told.ask({ do: 'abandon', writer: 'nobody' }, 'here')).toEqual([]);
    expect(told.ask({ do: 'abandon', writer: 'gone', only: new Set(['003']) }, 'here')).toEqual([]);
    expect(told.ask({ do: 'abandon', writer: 'gone' }, 'here')).toEqual(['batch-attempt.finished']);
    const { by, data } = told.events.at(-1)!;
    expect([by, data]).toMatchObject(['user', { item: '001', session: 'a', state: 'cancelled' }]);
    expect(JSON.stringify(data)).toContain('gone began it at 2026-11-22T13:');
    expect([told.state('001'), told.state('002'), told.state('003')]).toEqual(['queued', 'running', 'queued']);
    expect(told.ask({ do: 'abandon', writer: 'gone' }, 'here')).toEqual([]);
    const again = told.start('001', 'c');
    expect(told.finish('001', again, end('passed'))).toEqual(['batch-attempt.finished', 'batch-item.finished']);
  });

  it('what it tells later all the same counts for nothing', () => {
    const told = made([planned(1)]);
    told.ask({ do: 'startAttempt', item: '001', session: 'a', repository: '/r' }, 'gone');
    told.ask({ do: 'abandon', writer: 'gone' }, 'here');
    const late = { item: '001', attempt: 1, session: 'a', retryable: false, ...end('passed') };
    told.tell([{ type: 'batch-attempt.finished', by: 'program', data: late }], 'gone');
    expect([told.state('001'), told.batch.malformedEvents]).toEqual(['queued', 1]);
  });
});

describe('creating', () => {
  it('plans every item in order, and again with the same file adds nothing', () => {
    const told = made([planned(1), planned(2)]);
    expect(told.events.map(({ type }) => type)).toEqual(['batch.created', 'batch-item.planned', 'batch-item.planned']);
    expect(told.ask({ do: 'create', id: 'b1', plan: planOf([planned(1), planned(2)]) })).toEqual([]);
  });

  it.each([
    ['another file', planOf([planned(1)], { sha256: 'e'.repeat(64) })],
    ['fewer items', planOf([])],
    ['another item', planOf([planned(1, { name: 'other' })])],
  ])('refuses %s under the same id, and says how to go on', (_, plan) => {
    const decision = decide(made([planned(1)]).batch, { do: 'create', id: 'b1', plan });
    expect(isRefusal(decision) && [decision.refused, decision.hint]).toEqual([
      'batch.exists',
      'Go on with it as it was: `amp-sessions batch resume b1`; or give this one another runId.',
    ]);
  });

  it('of a benchmark it says how that is gone on with', () => {
    const told = made([planned(1)], { kind: 'bench' });
    const decision = decide(told.batch, { do: 'create', id: 'b1', plan: planOf([], { kind: 'bench' }) });
    expect(isRefusal(decision) && decision.hint).toContain('Give this one another --run-id; or go on');
  });

  it('a second writer may plan the same; what differs is counted, and the first stays', () => {
    const told = made([planned(1, { repo: '/here' })]);
    told.tell([{ type: 'batch.created', by: 'user', data: { id: 'b1', options: optionsOf() } }], 'w2');
    told.tell([{ type: 'batch-item.planned', by: 'user', data: planned(1, { repo: '/there' }) }], 'w2');
    expect(told.batch).toMatchObject({
      malformedEvents: 0,
      items: [{ places: { w1: '/here', w2: '/there' }, planners: ['w1', 'w2'] }],
    });
    const other = optionsOf({ sha256: 'e'.repeat(64), name: 'other' });
    told.tell([{ type: 'batch.created', by: 'user', data: { id: 'b1', options: other } }], 'w3');
    told.tell([{ type: 'batch-item.planned', by: 'user', data: planned(1, { name: 'other' }) }], 'w3');
    expect(told.batch).toMatchObject({ malformedEvents: 2, options: { name: 'nightly' } });
    expect(told.batch.items[0]!.plan.name).toBe('item 1');
  });
});

describe('an attempt', () => {
  it.each(FINAL.filter((state) => state !== 'cancelled'))('that ends %s is the end of its item', (state) => {
    const told = made([planned(1)]);
    expect(told.play('001', end(state, { code: 'x' }))).toEqual(['batch-attempt.finished', 'batch-item.finished']);
    expect([told.state('001'), told.batch.items[0]!.cause?.code]).toEqual([state, 'x']);
  });

  it('that somebody stopped leaves its item queued', () => {
    const told = made([planned(1)]);
    expect(told.play('001', end('cancelled', { code: 'interrupted' }))).toEqual(['batch-attempt.finished']);
    expect(told.state('001')).toBe('queued');
  });

  it('is not ended twice, and not by another session', () => {
    const told = made([planned(1, { retries: 3 })]);
    const session = told.start('001');
    expect(told.finish('001', 'another', end('passed'))).toEqual([]);
    told.finish('001', session, end('error', { code: 'agent.failed' }));
    expect(told.finish('001', session, end('passed'))).toEqual([]);
    expect(told.state('001')).toBe('queued');
  });

  it('cannot begin while its item is running or has its result', () => {
    const told = made([planned(1)]);
    const session = told.start('001');
    const again = () => decide(told.batch, { do: 'startAttempt', item: '001', session: 'x', repository: '/' });
    expect(again).toThrow('is running');
    told.finish('001', session, end('passed'));
    expect(again).toThrow('is passed');
  });
});

describe('trying again', () => {
  const tries = (over: Parameters<typeof planned>[1], how: Parameters<typeof end>): number => {
    const told = made([planned(1, over)]);
    let count = 0;
    while (told.state('001') === 'queued' && count < 50) {
      told.play('001', end(...how));
      count += 1;
    }
    return count;
  };

  it.each([
    ['an error, twice more', { retries: 2 }, ['error', { code: 'agent.failed' }], 3],
    ['a time-out', { retries: 1 }, ['timeout', { code: 'agent.timeout' }], 2],
    [
      'failed tests, where that is wished',
      { retries: 1, retryOn: ['failed'] },
      ['failed', { code: 'tests.failed' }],
      2,
    ],
    ['not failed tests else', { retries: 2 }, ['failed', { code: 'tests.failed' }], 1],
    ['not an agent that is not there', { retries: 2 }, ['error', { code: 'agent.missing' }], 1],
    ['not what the settings forbid', { retries: 2 }, ['error', { code: 'config.untrusted' }], 1],
    ['not what a budget ended', { retries: 2 }, ['budget', { code: 'budget.exceeded' }], 1],
    ['not what has used up its own budget', { retries: 5, budget: { usd: 1 } }, ['error', { code: 'agent.failed' }], 2],
    ['nor its time', { retries: 5, budget: { wallClockSec: 3 } }, ['error', { code: 'agent.failed' }], 3],
    ['a crash without asking, three times', { retries: 0 }, ['error', { code: 'batch.crashed' }], 4],
    ['a provider that turns it away, four times', { retries: 0 }, ['error', { code: 'agent.rejected' }], 5],
  ] as const)('%s', (_, over, how, count) => {
    expect(tries(over as never, how as never)).toBe(count);
  });

  it('neither crashes nor rests nor stops use up retries', () => {
    const told = made([planned(1, { retries: 1 })]);
    for (const [state, code] of [
      ['error', 'batch.crashed'],
      ['error', 'agent.offline'],
      ['cancelled', 'interrupted'],
      ['error', 'agent.failed'],
    ] as const)
      told.play('001', end(state, { code }));
    expect(told.state('001')).toBe('queued');
    told.play('001', end('error', { code: 'agent.failed' }));
    expect(told.state('001')).toBe('error');
  });

  it('rests are longer each time, until something else than a limit is the end', () => {
    const told = made([planned(1), planned(2)]);
    const until = () => told.batch.pauses['scripted'];
    expect(told.play('001', end('error', { code: 'agent.credits' }))).toEqual([
      'batch-attempt.finished',
      'batch-agent.paused',
    ]);
    told.play('002', end('error', { code: 'agent.credits' }));
    expect(until()).toMatchObject({ times: 2, reason: 'agent.credits' });
    told.play('001', end('cancelled'));
    expect(until()?.times).toBe(2);
    told.play('001', end('passed'));
    expect(until()).toBeUndefined();
  });

  it('queues again what went wrong, or what is named, and counts its attempts anew', () => {
    const told = made([planned(1), planned(2), planned(3, { retries: 1 }), planned(4)]);
    told.play('001', end('passed'));
    told.play('002', end('failed'));
    for (let n = 0; n < 2; n++) told.play('003', end('error', { code: 'agent.failed' }));
    expect(told.ask({ do: 'requeue', items: 'failed' })).toEqual(['batch-item.requeued', 'batch-item.requeued']);
    expect(countsOf(told.batch)).toMatchObject({ passed: 1, queued: 3 });
    expect(told.play('003', end('error', { code: 'agent.failed' }))).toEqual(['batch-attempt.finished']);
    expect(told.batch.items[2]!.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(told.ask({ do: 'requeue', items: ['item 1', '001', '004'] })).toEqual(['batch-item.requeued']);
    expect(told.ask({ do: 'requeue', items: ['999'] })).toEqual(['batch.missing']);
  });

  it('says what is overdue: the last attempt ended, and its process died before it said so', () => {
    const told = made([planned(1)]);
    const session = told.start('001');
    const [event] = told.tell([
      {
        type: 'batch-attempt.finished',
        by: 'program',
        data: { item: '001', attempt: 1, session, ...end('passed'), retryable: false },
      },
    ]);
    expect(event).toBeDefined();
    expect(isOverdue(told.batch.items[0]!)).toBe(true);
    expect(told.ask({ do: 'settle', item: '001' })).toEqual(['batch-item.finished']);
    expect([told.state('001'), told.ask({ do: 'settle', item: '001' })]).toEqual(['passed', []]);
  });
});

describe('the rest of an agent that is gone', () => {
  it('ends with the same cause, without a session; those of others stay', () => {
    const told = made([planned(1), planned(2), planned(3, { agent: { name: 'amp', mode: null } })]);
    const gone = end('error', { code: 'agent.login' });
    told.play('001', gone);
    expect(isAgentGone(told.batch, told.batch.items[0]!.plan.agent, gone)).toBe(true);
    told.ask({ do: 'giveUp', state: 'error', cause: gone.cause, agent: 'scripted' });
    expect(told.batch.items.map(({ state, cause }) => [state, cause?.code])).toEqual([
      ['error', 'agent.login'],
      ['error', 'agent.login'],
      ['queued', undefined],
    ]);
    expect(told.batch.items[1]!.attempts).toEqual([]);
  });

  it('is not said of the agent `command`, whose programs are many, nor after a few rests', () => {
    const told = made([planned(1)]);
    expect(isAgentGone(told.batch, { name: 'command', mode: null }, end('error', { code: 'agent.missing' }))).toBe(
      false,
    );
    const away = end('error', { code: 'agent.rejected' });
    const paused = (times: number): Batch => ({
      ...told.batch,
      pauses: { scripted: { until: told.now, reason: 'agent.rejected', times } },
    });
    const agent = { name: 'scripted', mode: null };
    expect([isAgentGone(paused(7), agent, away), isAgentGone(paused(8), agent, away)]).toEqual([false, true]);
  });
});

describe('the end', () => {
  it('is said once, when every item has its result and every merge was tried', () => {
    const told = made([planned(1, { mergeOnPass: true }), planned(2)]);
    told.ask({ do: 'start', data: { reason: 'start', host: 'h', pid: 1, isolation: 'group' } });
    told.play('001', end('passed'));
    expect(told.ask({ do: 'finish' })).toEqual([]);
    told.play('002', end('failed'));
    expect([isDone(told.batch), waitsForMerge(told.batch.items[0]!)]).toEqual([false, true]);
    told.tell([
      {
        type: 'batch-merge.refused',
        by: 'program',
        data: { item: '001', session: 's', code: 'landing.conflict', message: 'no' },
      },
    ]);
    expect(told.ask({ do: 'finish' })).toEqual(['batch.finished']);
    expect(told.ask({ do: 'finish' })).toEqual([]);
    expect(told.ask({ do: 'stop', how: 'drained' })).toEqual([]);
    expect(told.batch).toMatchObject({ malformedEvents: 0, stopped: null, finishedAt: told.now });
    told.ask({ do: 'requeue', items: ['002'] });
    expect(told.batch.finishedAt).toBeNull();
  });

  it('a stop leaves the rest queued; the next beginning takes it back, and the time between does not count', () => {
    const told = made([planned(1), planned(2)]);
    const data = { reason: 'start', host: 'h', pid: 1, isolation: 'group' } as const;
    told.ask({ do: 'start', data });
    told.play('001', end('passed'));
    told.ask({ do: 'stop', how: 'drained' });
    expect(told.batch.stopped).toBe('drained');
    const worked = told.seconds;
    told.seconds += 3600;
    told.ask({ do: 'start', data: { ...data, reason: 'resume' } });
    expect([told.batch.stopped, told.batch.workedMs]).toEqual([null, (worked - 4) * 1000]);
  });
});

describe('whatever a log says', () => {
  it('a second end of the same thing, and ends of what never began, are counted and change nothing', () => {
    const told = made([planned(1), planned(2)]);
    told.play('001', end('passed'));
    const before = told.batch;
    const data = { item: '001', attempt: 1, state: 'failed', cause: null } as const;
    told.tell([{ type: 'batch-item.finished', by: 'program', data }], 'w2');
    told.tell([{ type: 'batch-item.finished', by: 'program', data: { ...data, item: '777' } }]);
    const start = { item: '001', attempt: 2, session: 'x', repository: '/' };
    told.tell([{ type: 'batch-attempt.started', by: 'program', data: start }]);
    told.tell([{ type: 'batch-item.requeued', by: 'user', data: { item: '002', reason: 'retry' } }]);
    expect(told.batch.malformedEvents).toBe(4);
    expect(told.batch.items).toEqual(before.items);
  });

  it('nothing throws, a fold says the same as a replay, and what was there stays as it is', () => {
    const types = catalogue.map(({ type }) => type).filter((type) => type.startsWith('batch'));
    const data = fc.record(
      {
        item: fc.constantFrom('001', '002', 'x'),
        session: fc.constantFrom('s', 't'),
        state: fc.constantFrom(...FINAL),
      },
      { requiredKeys: [] },
    );
    const told = made([planned(1), planned(2)]);
    const frozen = JSON.stringify(told.batch);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...types, 'batch.dreamt'), fc.oneof(data, fc.jsonValue()))),
        (rows) => {
          const more = rows.map(([type, what], n) => ({ ...told.events[0]!, seq: 10 + n, type, data: what }));
          const whole = replay(more, told.batch);
          expect(whole.events).toBe(told.batch.events + more.length);
          expect([...told.events, ...more].reduce(replayStep, undefined as Batch | undefined)).toEqual(whole);
          expect(JSON.stringify(told.batch)).toBe(frozen);
        },
      ),
      { seed: 6, numRuns: 60 },
    );
  });
});
