import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spentByBatch } from '../../src/batch/budget.ts';
import { countsOf, isDone, workedMs } from '../../src/batch/conclusions.ts';
import { replay, replayStep } from '../../src/batch/evolve.ts';
import { ITEM_STATES, type PlannedItem } from '../../src/batch/plan.ts';
import { schedule } from '../../src/batch/schedule.ts';
import { type Batch, itemOf, openAttempt } from '../../src/batch/state.ts';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { end, made, optionsOf, planned, Told } from './world.ts';

const COMMIT = 'c'.repeat(40);
const ENDED = { ...end('failed', { code: 'tests.failed' }), retryable: true };

/** Something that a log says, whatever it is. */
const tell = (told: Told, type: string, data: unknown, writer?: string): Told => {
  told.tell([{ type, by: 'program', data } as never], writer);
  return told;
};

const begin = (told: Told, item: string, session: string, writer?: string): Told =>
  tell(told, 'batch-attempt.started', { item, attempt: 1, session, repository: '/r' }, writer);

const finish = (told: Told, item: string, session: string, over: object = {}): Told =>
  tell(told, 'batch-attempt.finished', { item, attempt: 1, session, ...ENDED, ...over });

const settle = (told: Told, item: string, state = 'failed'): Told =>
  tell(told, 'batch-item.finished', { item, attempt: 1, state, cause: null });

/** The batch without the figures that every event changes. */
const facts = ({ batch }: Told) => {
  const { events: _, lastActivityAt: __, malformedEvents: ___, unknownEvents: ____, ...rest } = batch;
  return rest;
};

describe('each event', () => {
  it('batch.created: the batch exists, with its options and the time', () => {
    const told = tell(new Told(), 'batch.created', { id: 'b1', options: optionsOf({ concurrency: 7 }) });
    expect(told.batch).toMatchObject({ id: 'b1', exists: true, options: { concurrency: 7 }, items: [] });
    expect(told.batch.createdAt).toBe(told.events[0]!.at);
  });

  it('batch-item.planned: an item that is queued, in the order of the log', () => {
    const { batch } = made([planned(2), planned(1)]);
    expect(batch.items.map(({ plan, state, attempts }) => [plan.item, state, attempts])).toEqual([
      ['002', 'queued', []],
      ['001', 'queued', []],
    ]);
    expect([itemOf(batch, '001')?.plan.name, itemOf(batch, '002')?.plan.name]).toEqual(['item 1', 'item 2']);
    expect([itemOf(batch, '003'), itemOf(batch, ''), itemOf(batch, '1')]).toEqual([undefined, undefined, undefined]);
  });

  it('batch-attempt.started: it runs, by whom and where is kept', () => {
    const told = begin(made([planned(1)]), '001', 's1', 'w9');
    expect(told.batch.items[0]).toMatchObject({ state: 'running', finishedAt: null });
    expect(openAttempt(told.batch.items[0]!)).toEqual({
      attempt: 1,
      session: 's1',
      repository: '/r',
      writer: 'w9',
      startedAt: told.events.at(-1)!.at,
      finishedAt: null,
      end: null,
    });
  });

  it('batch-attempt.finished: it is queued with the end of its attempt, and its cause', () => {
    const told = finish(begin(made([planned(1)]), '001', 's1'), '001', 's1');
    const [item] = told.batch.items;
    expect(item).toMatchObject({ state: 'queued', cause: { code: 'tests.failed' }, finishedAt: null });
    expect(item!.attempts[0]).toMatchObject({ finishedAt: told.events.at(-1)!.at, end: ENDED });
    expect(item!.attempts[0]!.end).not.toHaveProperty('session');
  });

  it('batch-item.finished: its result and its time', () => {
    const told = settle(finish(begin(made([planned(1)]), '001', 's1'), '001', 's1'), '001', 'timeout');
    expect(told.batch.items[0]).toMatchObject({ state: 'timeout', cause: null, finishedAt: told.events.at(-1)!.at });
    expect(told.batch.finishedAt).toBeNull();
  });

  it('batch-item.requeued: all of its result is gone, its attempts stay, and the batch is open again', () => {
    const told = settle(finish(begin(made([planned(1)]), '001', 's1'), '001', 's1'), '001', 'passed');
    tell(told, 'batch-item.merged', { item: '001', session: 's1', commit: COMMIT });
    tell(told, 'batch.finished', { counts: {} });
    tell(told, 'batch-item.requeued', { item: '001', reason: 'retry' });
    expect(told.batch.items[0]).toMatchObject({
      state: 'queued',
      since: 1,
      cause: null,
      merged: null,
      graded: null,
      finishedAt: null,
    });
    expect([told.batch.items[0]!.attempts.length, told.batch.finishedAt]).toEqual([1, null]);
  });

  it('batch-item.planned: a clone that would run something else is no planner of what counts', () => {
    const told = made([planned(1, { test: 'make' })]);
    const again = (over: Partial<PlannedItem>, writer: string) =>
      told.tell([{ type: 'batch-item.planned', by: 'user', data: planned(1, { test: 'make', ...over }) }], writer);
    again({ repo: '/else', retries: 3 }, 'w2');
    again({ test: 'curl' }, 'w3');
    again({ prompt: 'Another' }, 'w4');
    again({ agent: { name: 'command', mode: null, command: 'x' } }, 'w5');
    again({}, 'w2');
    const [item] = told.batch.items;
    expect([item!.planners, item!.plan.test]).toEqual([['w1', 'w2'], 'make']);
    expect(Object.keys(item!.places)).toEqual(['w1', 'w2', 'w3', 'w4', 'w5']);
  });

  it('batch-case.answered and batch-case.graded: of two clones that did the same, the one whose attempt counts', () => {
    const told = begin(made([planned(1)]), '001', 's1');
    const answer = (session: string) => ({ item: '001', attempt: 1, session, patch: session, sha256: 'e', bytes: 2 });
    const none = { passed: 0, total: 0 };
    const grade = (session: string, resolved: boolean) => {
      const about = { item: '001', attempt: 1, session, resolved, failToPass: none, passToPass: none };
      return { ...about, reason: null, patchSha256: null, patchBytes: 2 };
    };
    tell(told, 'batch-case.answered', answer('other'));
    tell(told, 'batch-case.answered', answer('s1'));
    tell(told, 'batch-case.answered', answer('late'));
    tell(told, 'batch-case.graded', grade('s1', true));
    tell(told, 'batch-case.graded', grade('other', false));
    expect(told.batch.items[0]).toMatchObject({ answer: { session: 's1' }, graded: { session: 's1', resolved: true } });
    settle(finish(told, '001', 's1'), '001', 'passed');
    tell(told, 'batch-item.requeued', { item: '001', reason: 'retry' });
    expect(told.batch.items[0]).toMatchObject({ answer: null, graded: null });
  });

  it('batch-item.merged and batch-merge.refused: the later one counts, but a merge stays a merge', () => {
    const told = made([planned(1)]);
    tell(told, 'batch-merge.refused', { item: '001', session: 's1', code: 'merge.conflict', message: 'no' });
    expect(told.batch.items[0]).toMatchObject({ merged: null, mergeRefused: { code: 'merge.conflict' } });
    tell(told, 'batch-item.merged', { item: '001', session: 's1', commit: COMMIT });
    expect(told.batch.items[0]).toMatchObject({ merged: { commit: COMMIT }, mergeRefused: null });
  });

  it('batch-agent.paused: counts on until another end than a limit; a stop is no such end', () => {
    const told = made([planned(1), planned(2)]);
    for (const until of ['2026-11-22T14:00:00.000Z', '2026-11-22T15:00:00.000Z'])
      tell(told, 'batch-agent.paused', { agent: 'scripted', reason: 'agent.rejected', until });
    const pause = { until: '2026-11-22T15:00:00.000Z', reason: 'agent.rejected', times: 2 };
    expect(told.batch.pauses).toEqual({ scripted: pause });
    finish(begin(told, '001', 's1'), '001', 's1', { state: 'cancelled', cause: null });
    finish(begin(told, '001', 's2'), '001', 's2', { state: 'error', cause: { code: 'agent.offline', message: '' } });
    expect(told.batch.pauses).toEqual({ scripted: pause });
    finish(begin(told, '002', 's3'), '002', 's3');
    expect(told.batch.pauses).toEqual({});
  });

  it('batch-agent.paused of an agent called like a thing of every object', () => {
    const agent = { name: 'constructor', mode: null };
    const told = made([planned(1, { agent })]);
    finish(begin(told, '001', 's1'), '001', 's1');
    expect([told.batch.pauses, told.batch.malformedEvents]).toEqual([{}, 0]);
    tell(told, 'batch-agent.paused', { agent: 'constructor', reason: 'x', until: told.now });
    expect(told.batch.pauses['constructor']!.times).toBe(1);
  });

  it('batch-case.graded: how it was judged', () => {
    const graded = { item: '001', attempt: 1, session: 's1', resolved: true, reason: null };
    expect(tell(made([planned(1)]), 'batch-case.graded', graded).batch.items[0]!.graded).toEqual(graded);
  });

  it('batch.started and batch.stopped: who works on it, and for how long', () => {
    const told = made([planned(1)]);
    const start = { reason: 'start', host: 'h', pid: 1, isolation: 'group' };
    tell(told, 'batch.started', start);
    told.seconds += 9;
    tell(told, 'batch.stopped', { how: 'drained' });
    expect([told.batch.stopped, workedMs(told.batch, told.now)]).toEqual(['drained', 10_000]);
    told.seconds += 3600;
    tell(told, 'batch.started', { ...start, reason: 'resume', shard: { index: 2, of: 3 } }, 'w2');
    expect(told.batch).toMatchObject({ stopped: null, workedMs: 10_000, workingSince: told.now });
    expect(told.batch.workers.map(({ reason, shard, writer }) => [reason, shard, writer])).toEqual([
      ['start', null, 'w1'],
      ['resume', { index: 2, of: 3 }, 'w2'],
    ]);
  });

  it('batch.finished: once, and what was stopped is forgotten', () => {
    const told = made([planned(1)]);
    tell(told, 'batch.stopped', { how: 'now' });
    tell(told, 'batch.finished', { counts: {} });
    expect(told.batch).toMatchObject({ stopped: null, finishedAt: told.now });
    const at = told.now;
    tell(told, 'batch.finished', { counts: {} });
    expect(told.batch).toMatchObject({ finishedAt: at, malformedEvents: 1 });
  });
});

describe('what cannot be is counted, and changes nothing', () => {
  const running = () => begin(made([planned(1), planned(2)]), '001', 's1');
  const waiting = () => finish(running(), '001', 's1');
  const over = () => settle(waiting(), '001');
  const item = { item: '001', attempt: 1 };
  it.each<[string, () => Told, string, unknown]>([
    ['a second beginning', running, 'batch-attempt.started', { ...item, session: 's2', repository: '/r' }],
    ['a beginning after the result', over, 'batch-attempt.started', { ...item, session: 's2', repository: '/r' }],
    ['the end of another session', running, 'batch-attempt.finished', { ...item, session: 's2', ...ENDED }],
    ['an end told twice', waiting, 'batch-attempt.finished', { ...item, session: 's1', ...ENDED }],
    ['a result while it runs', running, 'batch-item.finished', { ...item, state: 'passed', cause: null }],
    ['a second result', over, 'batch-item.finished', { ...item, state: 'passed', cause: null }],
    ['doing again what runs', running, 'batch-item.requeued', { item: '001', reason: 'retry' }],
    ['doing again what is queued', waiting, 'batch-item.requeued', { item: '001', reason: 'retry' }],
    ['a merge of no item', over, 'batch-item.merged', { item: '009', session: 's1', commit: COMMIT }],
    ['another batch of the same id', over, 'batch.created', { id: 'b1', options: optionsOf({ sha256: 'e' }) }],
    ['another item of the same number', over, 'batch-item.planned', planned(1, { name: 'other' })],
  ])('%s', (_, before, type, data) => {
    const told = before();
    const was = facts(told);
    const { lastActivityAt } = told.batch;
    tell(told, type, data);
    expect(facts(told)).toEqual(was);
    expect(told.batch).toMatchObject({ malformedEvents: 1, unknownEvents: 0, lastActivityAt });
  });

  it('events of a newer program, and of a session, are counted apart', () => {
    const told = made([planned(1)]);
    const was = facts(told);
    for (const type of ['batch.dreamt', 'session.created', 'toString', '__proto__', '']) tell(told, type, {});
    expect(facts(told)).toEqual(was);
    expect(told.batch).toMatchObject({ malformedEvents: 0, unknownEvents: 5, events: 7 });
  });
});

describe('two clones with the same plan', () => {
  const twice = () => {
    const told = made([planned(1, { repo: '/here' }), planned(2, { repo: '/here' })]);
    tell(told, 'batch.created', { id: 'b1', options: optionsOf({ file: '/there/b.yaml' }) }, 'w2');
    for (const n of [1, 2]) tell(told, 'batch-item.planned', planned(n, { repo: '/there' }), 'w2');
    return told;
  };

  it('are one batch: the first one’s options, both places, each item once', () => {
    const { batch } = twice();
    expect(batch).toMatchObject({ malformedEvents: 0, options: { file: '/b.yaml' } });
    expect(batch.items.map(({ plan, places }) => [plan.item, plan.repo, places])).toEqual([
      ['001', '/here', { w1: '/here', w2: '/there' }],
      ['002', '/here', { w1: '/here', w2: '/there' }],
    ]);
  });

  it('that did the same item without knowing of each other: the first on record counts, with its end', () => {
    const told = begin(begin(twice(), '001', 'a', 'w1'), '001', 'b', 'w2');
    finish(told, '001', 'b', { state: 'passed', cause: null });
    expect(told.batch.items[0]).toMatchObject({ state: 'running', attempts: [{ session: 'a', end: null }] });
    settle(finish(told, '001', 'a'), '001', 'failed');
    settle(told, '001', 'passed');
    expect(told.batch.items[0]).toMatchObject({ state: 'failed', attempts: [{ session: 'a', writer: 'w1' }] });
    expect([told.batch.malformedEvents, told.batch.items[0]!.attempts.length]).toEqual([3, 1]);
  });

  it('may plan again in the midst of the work, which goes on', () => {
    const told = begin(made([planned(1)]), '001', 's1');
    tell(told, 'batch-item.planned', planned(1, { repo: '/there', prompt: 'another' }), 'w2');
    expect(told.batch.items[0]).toMatchObject({ state: 'running', plan: { prompt: 'Do it', repo: '/repos/a' } });
    expect(told.batch.items[0]!.places).toEqual({ w1: '/repos/a', w2: '/there' });
  });
});

describe('any log', () => {
  const RUNS = { seed: 20_261_122, numRuns: 40 };
  const id = fc.constantFrom('001', '002', '003', '004');
  const session = fc.constantFrom('s1', 's2', 's3');
  const state = fc.constantFrom('passed', 'failed', 'error', 'timeout', 'budget', 'cancelled');
  const said = (type: string, data: object) => ({ type, data });
  const fact = fc.oneof(
    fc
      .tuple(id, session)
      .map(([item, s]) => said('batch-attempt.started', { item, attempt: 1, session: s, repository: '/r' })),
    fc
      .tuple(id, session, state)
      .map(([item, s, how]) => said('batch-attempt.finished', { item, attempt: 1, session: s, ...ENDED, state: how })),
    fc
      .tuple(id, state)
      .map(([item, how]) => said('batch-item.finished', { item, attempt: 1, state: how, cause: null })),
    id.map((item) => said('batch-item.requeued', { item, reason: 'retry' })),
    id.map((item) => said('batch-item.merged', { item, session: 's1', commit: COMMIT })),
    id.map((item) => said('batch-item.planned', planned(Number(item)))),
    id.map((item) => said('batch-item.planned', planned(Number(item), { name: 'another' }))),
    fc.constantFrom(
      said('batch.created', { id: 'b1', options: optionsOf() }),
      said('batch.started', { reason: 'start', host: 'h', pid: 1, isolation: 'none' }),
      said('batch-agent.paused', { agent: 'scripted', reason: 'x', until: '2026-11-22T13:00:30.000Z' }),
      said('batch.stopped', { how: 'now' }),
      said('batch.finished', { counts: {} }),
      said('batch.dreamt', {}),
    ),
  );
  const logs = fc.array(fc.tuple(fact, fc.constantFrom('w1', 'w2')), { maxLength: 40 }).map((facts) => {
    const told = made([planned(1), planned(2), planned(3)]);
    for (const [{ type, data }, writer] of facts) tell(told, type, data, writer);
    return told.events;
  });

  const sound = (batch: Batch, count: number): void => {
    expect(batch.events).toBe(count);
    expect(new Set(batch.items.map(({ plan }) => plan.item)).size).toBe(batch.items.length);
    for (const item of batch.items) {
      expect(ITEM_STATES).toContain(item.state);
      expect(item.state === 'running').toBe(openAttempt(item) !== undefined);
      expect(item.attempts.slice(0, -1).every((attempt) => attempt.end !== null)).toBe(true);
      expect(item.since).toBeLessThanOrEqual(item.attempts.length);
      expect(item.finishedAt === null).toBe(item.state === 'queued' || item.state === 'running');
    }
    const counts = Object.values(countsOf(batch)).reduce((sum, n) => sum + n, 0);
    expect(counts).toBe(batch.items.length);
    const { usd } = spentByBatch(batch);
    expect(usd).toBe(batch.items.flatMap(({ attempts }) => attempts).filter((one) => one.end).length * 0.5);
  };

  it('in two parts says the same as in one, and what was there stays as it was', () => {
    fc.assert(
      fc.property(logs, fc.nat(45), (events, cut) => {
        const first = replay(events.slice(0, cut));
        const kept = structuredClone(first);
        const whole = replay(events);
        expect(replay(events.slice(cut), first)).toEqual(whole);
        expect(first).toEqual(kept);
        expect(events.reduce<Batch | undefined>(replayStep, undefined)).toEqual(whole);
        sound(whole, events.length);
      }),
      RUNS,
    );
  });

  it('in any order, with events doubled and lost, is a batch that can be gone on with', () => {
    const mixed = logs.chain((events) => fc.array(fc.constantFrom(...events), { maxLength: 60 }));
    fc.assert(
      fc.property(mixed, (events: LogEvent[]) => {
        const batch = replay(events);
        sound(batch, events.length);
        expect(() => schedule(batch, { now: '2026-11-22T14:00:00.000Z' })).not.toThrow();
        expect(isDone(batch)).toBe(batch.items.every((item) => !['queued', 'running'].includes(item.state)));
      }),
      RUNS,
    );
  });

  it('where each event comes twice at once, items are as if it came once', () => {
    fc.assert(
      fc.property(logs, (events) => {
        const twice = replay(events.flatMap((event) => [event, event]));
        expect(twice.items).toEqual(replay(events).items);
        expect(twice).toMatchObject({ exists: true, events: events.length * 2 });
      }),
      RUNS,
    );
  });
});
