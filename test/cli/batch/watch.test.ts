import { Chalk } from 'chalk';
import { afterEach, expect, it, vi } from 'vitest';
import { ITEM_STATES } from '../../../src/batch/plan.ts';
import type { Status } from '../../../src/cli/batch/status-text.ts';
import { watchBatch } from '../../../src/cli/batch/watch.ts';

afterEach(() => vi.restoreAllMocks());

const color = new Chalk({ level: 0 });
const status = (state: string, passed: number): Status => ({
  id: 'b',
  name: 'b',
  state,
  counts: { ...Object.fromEntries(ITEM_STATES.map((one) => [one, 0])), passed, queued: 2 - passed } as Status['counts'],
  items: [],
  spent: { usd: null, tokens: 0, isLowerBound: false },
  budget: null,
  dayBudget: null,
  etaMs: null,
  workers: [],
  pauses: [],
});

/** What is written for these looks, one after the other. */
const watched = async (looks: Status[], over: { silent?: boolean; signal?: AbortSignal } = {}) => {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let at = 0;
    const look = async (): Promise<Status> => looks[at++]!;
    const { signal = new AbortController().signal, silent = false } = over;
    const work = watchBatch({ look, text: ({ state }) => `all of it: ${state}`, signal, silent, color });
    await vi.advanceTimersByTimeAsync(60_000);
    return { last: await work, text: written.join(''), looks: at };
  } finally {
    vi.useRealTimers();
  }
};

it('in a pipe it is a line a change, and the whole at the end', async () => {
  const { last, text } = await watched([
    status('running', 0),
    status('running', 0),
    status('running', 1),
    status('finished', 2),
  ]);
  expect(last.state).toBe('finished');
  expect(text).toBe('0 of 2 done · 2 queued\n1 of 2 done · 1 queued, 1 passed\nall of it: finished\n');
});

it('what nobody works on is shown once', async () => {
  const { text, looks } = await watched([status('stopped', 1), status('stopped', 2)]);
  expect([text, looks]).toEqual(['all of it: stopped\n', 1]);
});

it('with --json it only waits', async () => {
  const { text, last } = await watched([status('running', 0), status('finished', 2)], { silent: true });
  expect([text, last.state]).toEqual(['', 'finished']);
});

it('Ctrl-C ends the watching, not the batch', async () => {
  const signal = AbortSignal.abort();
  const { text, looks } = await watched([status('running', 1), status('running', 2)], { signal });
  expect([text, looks]).toEqual(['all of it: running\n', 1]);
});
