import { describe, expect, it } from 'vitest';
import type { PlannedItem } from '../../src/batch/plan.ts';
import { type Attempt, type Batch, type BatchItem, initialBatch } from '../../src/batch/state.ts';
import { resultsOfBatch, UNGRADED } from '../../src/bench/from-batch.ts';
import { planBench } from '../../src/bench/plan-bench.ts';

const contenders = [
  { name: 'amp (smart)', agent: 'amp', model: 'smart', choice: { name: 'amp', mode: 'smart' } },
  { name: 'quick', agent: 'command:quick', model: null, choice: { name: 'command', mode: null, command: 'quick' } },
];
const options = {
  name: 'calc',
  file: '/s.yaml',
  sha256: 'x',
  concurrency: 2,
  budget: null,
  dayBudget: null,
  limits: {},
};
const cases = ['sub', 'add'].map((id) => ({
  id,
  prompt: `Do ${id}`,
  from: `/repos/${id}`,
  setup: null,
  timeoutSec: 60,
}));
const plan = planBench({ id: null, options, cases, contenders, repeats: 2, retries: 1, runBudget: { tokens: 5 } });

describe('the plan of a benchmark', () => {
  it('is every agent in every case, the whole first repeat before the second', () => {
    const told = plan.items.map(({ item, labels }) => [item, labels!['case'], labels!['agent'], labels!['repeat']]);
    expect(told).toEqual([
      ['001', 'sub', 'amp (smart)', '1'],
      ['002', 'sub', 'quick', '1'],
      ['003', 'add', 'amp (smart)', '1'],
      ['004', 'add', 'quick', '1'],
      ['005', 'sub', 'amp (smart)', '2'],
      ['006', 'sub', 'quick', '2'],
      ['007', 'add', 'amp (smart)', '2'],
      ['008', 'add', 'quick', '2'],
    ]);
    expect(plan.options.kind).toBe('bench');
  });

  it('names each item once', () => {
    expect(new Set(plan.items.map(({ name }) => name)).size).toBe(8);
    expect(plan.items[5]!.name).toBe('sub quick 2');
    const alone = planBench({
      id: 'x',
      options,
      cases,
      contenders: contenders.slice(0, 1),
      repeats: 1,
      retries: 0,
      runBudget: null,
    });
    expect(alone.items.map(({ name }) => name)).toEqual(['sub', 'add']);
  });

  it('tries again after errors, never after a time-out: that would be more time than others get', () => {
    expect(plan.items[0]).toMatchObject({ retries: 1, retryOn: ['error'], timeoutSec: 60, budget: { tokens: 5 } });
  });

  it('tells the agent nothing of the success command, and merges nothing', () => {
    expect(plan.items.every(({ test, mergeOnPass, untilPass }) => test === null && !mergeOnPass && !untilPass)).toBe(
      true,
    );
  });
});

const attempt = (nth: number, over: Partial<NonNullable<Attempt['end']>> = {}): Attempt => ({
  attempt: nth,
  session: `s${nth}`,
  repository: '/work/1',
  writer: 'w',
  startedAt: '2026-11-23T00:00:00.000Z',
  finishedAt: null,
  end: {
    state: 'passed',
    cause: null,
    usage: { tokensInput: 10, tokensOutput: 2, tokensCacheRead: 0, tokensCacheWrite: 0 },
    costUsd: 0.5,
    durationMs: 1000,
    commit: null,
    verdict: 'none',
    retryable: false,
    ...over,
  },
});

const itemOf = (planned: PlannedItem, over: Partial<BatchItem> = {}): BatchItem => ({
  plan: planned as BatchItem['plan'],
  places: {},
  planners: [],
  state: 'passed',
  cause: null,
  attempts: [attempt(1)],
  since: 0,
  finishedAt: null,
  merged: null,
  mergeRefused: null,
  graded: null,
  answer: null,
  ...over,
});

const grade = (session: string, resolved: boolean | null, reason: string | null = null): BatchItem['graded'] => ({
  item: '001',
  attempt: 1,
  session,
  resolved,
  failToPass: { passed: 1, total: 1 },
  passToPass: { passed: 0, total: 0 },
  reason,
  patchSha256: 'p',
  patchBytes: 7,
});

const batchOf = (items: BatchItem[]): Batch => ({
  ...initialBatch,
  id: 'b',
  exists: true,
  options: { ...options, kind: 'bench' },
  items,
});
const first = (over: Partial<BatchItem>) => resultsOfBatch(batchOf([itemOf(plan.items[0]!, over)])).runs[0]!;

describe('results are read from the log alone', () => {
  it('by case, then agent, then repeat, whatever the order in which it was run', () => {
    const { runs, suite, repeats, agents } = resultsOfBatch(batchOf(plan.items.map((one) => itemOf(one))));
    expect(runs.map((one) => [one.case, one.agent, one.repeat])).toEqual(
      ['sub', 'add'].flatMap((name) =>
        ['amp (smart)', 'quick'].flatMap((agent) => [1, 2].map((repeat) => [name, agent, repeat])),
      ),
    );
    expect([suite, repeats]).toEqual(['calc', 2]);
    expect(agents.map(({ name, agent, model }) => [name, agent, model])).toEqual([
      ['amp (smart)', 'amp', 'smart'],
      ['quick', 'command:quick', null],
    ]);
  });

  it('with what grading said', () => {
    expect(first({ graded: grade('s1', true) })).toMatchObject({
      outcome: 'resolved',
      session: 's1',
      attempts: 1,
      failToPass: { passed: 1, total: 1 },
      patchBytes: 7,
      reason: null,
      costUsd: 0.5,
      tokensInput: 10,
      tokensOutput: 2,
      durationMs: 1000,
    });
    expect(first({ graded: grade('s1', false, '0 of 1') })).toMatchObject({ outcome: 'unresolved', reason: '0 of 1' });
    expect(first({ graded: grade('s1', null, 'environment: no python') })).toMatchObject({ outcome: 'error' });
    expect(first({ graded: grade('s1', null, UNGRADED) })).toMatchObject({ outcome: 'ungraded' });
    expect(first({})).toMatchObject({ outcome: 'error', reason: 'It was not graded.' });
  });

  it('the grade of an attempt before the last one says nothing', () => {
    const attempts = [attempt(1, { state: 'error' }), attempt(2)];
    expect(first({ attempts, graded: grade('s1', true) })).toMatchObject({ outcome: 'error', failToPass: null });
  });

  it('all attempts are paid for, the last one’s time counts', () => {
    const attempts = [attempt(1, { state: 'error', costUsd: 0.25 }), attempt(2, { durationMs: 9000 })];
    expect(first({ attempts })).toMatchObject({ costUsd: 0.75, tokensInput: 20, durationMs: 9000, attempts: 2 });
  });

  it('what was asked for again begins anew', () => {
    const attempts = [attempt(1), attempt(2)];
    expect(first({ attempts, since: 1 })).toMatchObject({ attempts: 1, costUsd: 0.5, session: 's2' });
  });

  it('an unknown cost stays unknown; what never came to a model cost nothing', () => {
    const none = { tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 0 };
    expect(first({ attempts: [attempt(1, { costUsd: null })] }).costUsd).toBeNull();
    expect(first({ attempts: [attempt(1, { costUsd: null }), attempt(2)] }).costUsd).toBeNull();
    const attempts = [attempt(1, { costUsd: null, usage: none, state: 'error' }), attempt(2)];
    expect(first({ attempts })).toMatchObject({ costUsd: 0.5 });
    expect(first({ attempts: [attempt(1, { costUsd: null, usage: none })] })).toMatchObject({
      costUsd: null,
      tokensInput: null,
    });
  });

  it('what an agent cost that never tells it stays unknown, however often it was tried', () => {
    const none = { tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 0 };
    const attempts = [1, 2].map((nth) => attempt(nth, { costUsd: null, usage: none, state: 'error' }));
    const { runs, agents } = resultsOfBatch(batchOf([itemOf(plan.items[1]!, { state: 'error', attempts })]));
    expect([runs[0]!.agent, runs[0]!.costUsd]).toEqual(['quick', null]);
    expect(agents[0]).toMatchObject({ costUsd: null, costUnknownRuns: 1, costPerRunUsd: null });
  });

  it('what was never begun is not run, with nothing known of it', () => {
    expect(first({ state: 'queued', attempts: [] })).toMatchObject({
      outcome: 'unfinished',
      session: null,
      attempts: 0,
      costUsd: null,
      durationMs: null,
    });
  });

  it('an item that ended badly is told with its cause', () => {
    const cause = { code: 'agent.timeout', message: 'Too long.' };
    expect(first({ state: 'timeout', cause })).toMatchObject({ outcome: 'timeout', cause });
  });
});
