import { describe, expect, it } from 'vitest';
import { spentByBatch } from '../../src/batch/budget.ts';
import { countsOf, etaMs, isDone } from '../../src/batch/conclusions.ts';
import { schedule } from '../../src/batch/schedule.ts';
import { batchEvents } from '../../src/events/batch-events.ts';
import { end, made, optionsOf, planned, Told } from './world.ts';

/** Everything that looks at a batch can still do so, and comes to figures. */
const look = ({ batch, now }: Told): void => {
  expect(Object.values(countsOf(batch)).reduce((sum, n) => sum + n, 0)).toBe(batch.items.length);
  expect(Number.isFinite(spentByBatch(batch).usd + spentByBatch(batch).tokens)).toBe(true);
  expect(etaMs(batch, { slots: 1, now })).not.toBeNaN();
  expect(isDone(batch)).toBe(false);
  const next = schedule(batch, { now });
  if ('wait' in next) expect(next.wait).not.toBeNaN();
};

const running = (): Told => {
  const told = made([planned(1), planned(2), planned(3)]);
  told.play('001', end('passed'));
  told.start('002', 's2');
  return told;
};

const ended = { item: '002', attempt: 1, session: 's2', ...end('passed'), retryable: false };

describe('events of which parts are missing or of another kind: another program wrote them, or a hand', () => {
  it.each(batchEvents.map(({ type }) => type))('%s without data', (type) => {
    for (const data of [null, undefined, 7, 'text', [], {}]) {
      const told = running();
      told.tell([{ type, by: 'program', data } as never], 'w2');
      look(told);
      expect(told.batch.items.map(({ plan, state }) => [plan.item, state])).toEqual([
        ['001', 'passed'],
        ['002', 'running'],
        ['003', 'queued'],
      ]);
    }
  });

  it.each<[string, string, object]>([
    ['an end without usage', 'batch-attempt.finished', { ...ended, usage: undefined }],
    ['an end with half of it', 'batch-attempt.finished', { ...ended, usage: { tokensInput: 1 } }],
    ['an end without a duration', 'batch-attempt.finished', { ...ended, durationMs: undefined }],
    ['an end in a state of its own', 'batch-attempt.finished', { ...ended, state: 'splendid' }],
    ['an end that is none', 'batch-attempt.finished', { ...ended, state: 'running' }],
    ['a result that is none', 'batch-item.finished', { item: '003', attempt: 0, state: 'queued', cause: null }],
    ['a result unheard of', 'batch-item.finished', { item: '003', attempt: 0, state: 'splendid', cause: null }],
    ['an item without a number', 'batch-item.planned', { ...planned(4), item: undefined }],
    ['an item without an agent', 'batch-item.planned', { ...planned(4), agent: undefined }],
    ['an item whose agent has no name', 'batch-item.planned', { ...planned(4), agent: {} }],
    ['an item that says nothing of retries', 'batch-item.planned', { ...planned(4), retryOn: undefined }],
    ['a rest until nobody knows when', 'batch-agent.paused', { agent: 'scripted', reason: 'x', until: 'soon' }],
  ])('%s is counted, and nothing changes', (_, type, data) => {
    const told = running();
    const { items, pauses } = told.batch;
    told.tell([{ type, by: 'program', data } as never]);
    look(told);
    expect(told.batch).toMatchObject({ malformedEvents: 1, pauses });
    expect(told.batch.items).toEqual(items);
  });

  it.each([{}, { options: {} }, { options: { ...optionsOf(), limits: null } }, { options: { sha256: 'f' } }])(
    'a batch made of %j is none, and may be made still',
    (data) => {
      const told = new Told();
      told.tell([{ type: 'batch.created', by: 'user', data } as never]);
      expect(told.batch).toMatchObject({ exists: false, malformedEvents: 1, options: { name: '', limits: {} } });
      told.tell([{ type: 'batch.created', by: 'user', data: { id: 'b1', options: optionsOf() } }]);
      expect(told.batch).toMatchObject({ exists: true, options: { name: 'nightly' } });
    },
  );
});
