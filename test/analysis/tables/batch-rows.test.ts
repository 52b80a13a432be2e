import { describe, expect, it } from 'vitest';
import { rowsOfBatch } from '../../../src/analysis/tables/batch-rows.ts';
import { rowsOfLog } from '../../../src/analysis/tables/rows.ts';
import type { Row } from '../../../src/analysis/tables/table.ts';
import type { LogEvent } from '../../../src/events/catalogue.ts';
import { end, made, planned } from '../../batch/world.ts';
import { created, draft, eventsOf } from '../../support/events.ts';
import { expectShape } from './shape.ts';

const rows = (told: ReturnType<typeof made>) => rowsOfBatch('batches/b1', told.events);

/** Some columns of each row, in the order of the rows. */
const columns = (of: Row[], ...names: string[]) => of.map((row) => names.map((name) => row[name]));

describe('a batch as rows', () => {
  it('has every item, begun or not', () => {
    const told = made([
      planned(1, { prompt: 'One', test: 'make' }),
      planned(2, { base: 'next', labels: { case: 'c', repeat: '1' } }),
    ]);
    const { batches, batch_items: items } = rows(told);
    expect(batches).toMatchObject([
      {
        batch: 'b1',
        name: 'nightly',
        kind: 'batch',
        file: '/b.yaml',
        concurrency: 2,
        items: 2,
        queued: 2,
        passed: 0,
        attempts: 0,
      },
    ]);
    expect(batches[0]).toMatchObject({ cost_usd: null, tokens_input: null, finished_at: null, budget_usd: null });
    expect(columns(items, 'item', 'state', 'session', 'prompt', 'test', 'base', 'labels')).toEqual([
      ['001', 'queued', null, 'One', 'make', null, null],
      ['002', 'queued', null, 'Do it', null, 'next', '{"case":"c","repeat":"1"}'],
    ]);
  });

  it('adds up what all attempts of an item used, and names the newest session', () => {
    const told = made([planned(1, { retries: 1 })]);
    told.play('001', end('error', { code: 'agent.failed', costUsd: 0.25 }));
    const session = told.start('001', 'second');
    told.finish(
      '001',
      session,
      end('passed', { costUsd: 0.1, durationMs: 500.5, commit: 'c'.repeat(40), verdict: 'passed' }),
    );
    told.ask({ do: 'finish' });
    const { batches, batch_items: items } = rows(told);
    expect(items).toMatchObject([
      {
        session: 'second',
        state: 'passed',
        cause: null,
        attempts: 2,
        duration_ms: 1500.5,
        tokens_input: 20,
        tokens_output: 40,
        tokens_cache_read: 800,
        tokens_cache_write: 10,
        cost_usd: '0.350000',
        cost_is_lower_bound: false,
        commit: 'c'.repeat(40),
        verdict: 'passed',
      },
    ]);
    expect(batches).toMatchObject([
      { passed: 1, attempts: 2, cost_usd: '0.350000', finished_at: told.batch.finishedAt },
    ]);
  });

  it('says how each ended, and counts each once', () => {
    const states = ['passed', 'failed', 'error', 'timeout', 'budget'] as const;
    const told = made(states.map((_, at) => planned(at + 1, { retryOn: [] })));
    for (const [at, state] of states.entries())
      told.play(`00${at + 1}`, end(state, state === 'error' ? { code: 'agent.login' } : {}));
    const { batches, batch_items: items } = rows(told);
    expect(columns(items, 'state', 'cause', 'cause_message')).toEqual([
      ['passed', null, null],
      ['failed', null, null],
      ['error', 'agent.login', 'because of agent.login'],
      ['timeout', null, null],
      ['budget', null, null],
    ]);
    const counted = columns(batches, 'items', 'queued', 'passed', 'failed', 'errors', 'timeouts', 'over_budget');
    expect(counted).toEqual([[5, 0, 1, 1, 1, 1, 1]]);
  });

  it('a cost that nobody told makes the sum a lower bound, and is not 0', () => {
    const told = made([planned(1), planned(2)]);
    told.play('001', end('passed', { costUsd: null }));
    expect(columns(rows(told).batch_items, 'cost_usd', 'cost_is_lower_bound')).toEqual([
      [null, true],
      [null, false],
    ]);
    told.play('002', end('passed', { costUsd: 2 }));
    expect(columns(rows(told).batches, 'cost_usd', 'cost_is_lower_bound')).toEqual([['2.000000', true]]);
  });

  it('knows what was merged, refused and judged', () => {
    const told = made([planned(1, { mergeOnPass: true }), planned(2, { mergeOnPass: true })]);
    for (const item of ['001', '002']) told.play(item, end('passed'));
    const [one, two] = told.batch.items.map(({ attempts }) => attempts[0]!.session);
    told.tell([
      { type: 'batch-item.merged', by: 'program', data: { item: '001', session: one!, commit: 'd'.repeat(40) } },
      {
        type: 'batch-merge.refused',
        by: 'program',
        data: { item: '002', session: two!, code: 'landing.conflict', message: 'no' },
      },
      {
        type: 'batch-case.graded',
        by: 'program',
        data: {
          item: '002',
          attempt: 1,
          session: two!,
          resolved: true,
          failToPass: { passed: 1, total: 1 },
          passToPass: { passed: 0, total: 0 },
          reason: null,
          patchSha256: null,
          patchBytes: 0,
        },
      },
    ]);
    expect(columns(rows(told).batch_items, 'merged_commit', 'merge_refused', 'resolved')).toEqual([
      ['d'.repeat(40), null, null],
      [null, 'landing.conflict', true],
    ]);
  });

  it('budgets are there as far as they were given', () => {
    const told = made([planned(1)], { budget: { usd: 1.5, wallClockSec: 60 } });
    expect(rows(told).batches).toMatchObject([{ budget_usd: 1.5, budget_tokens: null, budget_sec: 60 }]);
  });
});

describe('rows of any log', () => {
  it('of a batch are those of its two tables and of its events, all of the right shape', () => {
    const told = made([planned(1), planned(2, { labels: { case: 'x' } })]);
    told.play('001', end('passed'));
    const all = rowsOfLog('batches/b1', told.events);
    expectShape(all);
    const filled = Object.entries(all).filter(([, some]) => some.length > 0);
    expect(filled.map(([name, some]) => [name, some.length])).toEqual([
      ['batches', 1],
      ['batch_items', 2],
      ['events', told.events.length],
    ]);
    expect(all['events']!.every(({ session, log }) => session === null && log === 'batches/b1')).toBe(true);
  });

  it('of a log that says nonsense are whole rows or none', () => {
    const told = made([planned(1)]);
    const garbage = (type: string, data: unknown): LogEvent => ({ ...told.events[0]!, seq: 99, type, data }) as never;
    for (const data of [
      null,
      7,
      {},
      { item: 7 },
      { item: '001', plan: [] },
      { options: null },
      { item: '001', end: 3 },
    ])
      for (const type of [
        'batch.created',
        'batch-item.planned',
        'batch-attempt.finished',
        'batch-item.merged',
        'nonsense',
      ])
        expectShape(rowsOfLog('batches/b1', [...told.events, garbage(type, data)]));
    expect(rowsOfBatch('batches/b1', [])).toEqual({ batches: [], batch_items: [] });
    expect(rowsOfBatch('batches/b1', [garbage('batch.started', {})])).toEqual({ batches: [], batch_items: [] });
  });

  it('of a session name the batch that asked for it', () => {
    const of = (more: object) =>
      columns(
        rowsOfLog('sessions/s000000001', eventsOf([draft('session.created', { ...created(), ...more })]))['sessions']!,
        'batch',
        'batch_item',
        'batch_attempt',
      );
    expect(of({ batch: { id: 'b1', item: '007', attempt: 2 } })).toEqual([['b1', '007', 2]]);
    expect(of({})).toEqual([[null, null, null]]);
    expect(of({ batch: 'b1' })).toEqual([[null, null, null]]);
  });
});
