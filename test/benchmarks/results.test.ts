import { describe, expect, it } from 'vitest';
import { type EndedRun, type Outcome, outcomeOf } from '../../src/bench/outcome.ts';
import { type Contender, type Run, resultsOf } from '../../src/bench/results.ts';
import { wilson } from '../../src/bench/statistics/wilson.ts';

const contender = (name: string): Contender => ({ name, agent: name, model: null });

let nth = 0;
const run = (name: string, agent: string, repeat: number, outcome: Outcome, over: Partial<Run> = {}): Run => {
  nth += 1;
  return {
    item: String(nth).padStart(3, '0'),
    case: name,
    agent,
    repeat,
    outcome,
    cause: null,
    session: `session${nth}`,
    attempts: 1,
    failToPass: null,
    passToPass: null,
    reason: null,
    patchBytes: null,
    costUsd: null,
    tokensInput: null,
    tokensOutput: null,
    durationMs: null,
    ...over,
  };
};

const LETTERS: Record<string, Outcome> = {
  r: 'resolved',
  u: 'unresolved',
  t: 'timeout',
  b: 'budget',
  a: 'agent-failed',
  e: 'error',
  n: 'unfinished',
};

/** `{ case: { agent: 'ru' } }`: resolved in the first repeat, not in the second. */
const world = (cases: Record<string, Record<string, string>>, over: (agent: string) => Partial<Run> = () => ({})) => {
  const names = [...new Set(Object.values(cases).flatMap((agents) => Object.keys(agents)))];
  const runs = Object.entries(cases).flatMap(([name, agents]) =>
    Object.entries(agents).flatMap(([agent, letters]) =>
      [...letters].map((letter, at) => run(name, agent, at + 1, LETTERS[letter]!, over(agent))),
    ),
  );
  const repeats = Math.max(...runs.map(({ repeat }) => repeat));
  return resultsOf({ suite: 'tried', contenders: names.map(contender), repeats }, runs);
};

describe('how a run came out', () => {
  const ended = (over: Partial<EndedRun>): EndedRun => ({
    state: 'passed',
    cause: null,
    began: true,
    resolved: undefined,
    ...over,
  });

  it.each<[string, Partial<EndedRun>, Outcome]>([
    ['graded well', { resolved: true }, 'resolved'],
    ['graded badly', { resolved: false }, 'unresolved'],
    ['could not be graded', { resolved: null }, 'error'],
    ['was never graded', {}, 'error'],
    ['no success command is known', { resolved: 'ungraded' }, 'ungraded'],
    ['its own tests failed, the hidden ones passed', { state: 'failed', resolved: true }, 'resolved'],
    ['the agent took too long', { state: 'timeout', cause: 'agent.timeout' }, 'timeout'],
    ['the agent said nothing for too long', { state: 'timeout', cause: 'agent.silent' }, 'timeout'],
    ['a time-out without a cause', { state: 'timeout' }, 'timeout'],
    ['git took too long', { state: 'timeout', cause: 'git.timeout' }, 'error'],
    ['its budget was used up', { state: 'budget' }, 'budget'],
    ['the day’s budget was gone before it began', { state: 'budget', began: false }, 'unfinished'],
    ['the agent failed', { state: 'error', cause: 'agent.failed' }, 'agent-failed'],
    ['the provider was away', { state: 'error', cause: 'agent.offline' }, 'error'],
    ['the provider turned it away', { state: 'error', cause: 'agent.rejected' }, 'error'],
    ['nobody was logged in', { state: 'error', cause: 'agent.login' }, 'error'],
    ['we crashed', { state: 'error', cause: 'batch.crashed' }, 'error'],
    [
      'an error that was graded as failed is still an error',
      { state: 'error', cause: 'store.full', resolved: false },
      'error',
    ],
    ['it was cancelled', { state: 'cancelled' }, 'unfinished'],
    ['it waits', { state: 'queued', began: false }, 'unfinished'],
    ['it runs', { state: 'running' }, 'unfinished'],
  ])('%s', (_, over, outcome) => expect(outcomeOf(ended(over))).toBe(outcome));
});

describe('results', () => {
  it('errors and what was not run are in no rate, limits in the strict one only', () => {
    const { agents, counts, total, resolved, graded } = world({
      one: { amp: 'r' },
      two: { amp: 'u' },
      three: { amp: 't' },
      four: { amp: 'b' },
      five: { amp: 'a' },
      six: { amp: 'e' },
      seven: { amp: 'n' },
    });
    expect({ total, resolved, graded }).toEqual({ total: 7, resolved: 1, graded: 2 });
    expect(counts).toEqual({
      resolved: 1,
      unresolved: 1,
      timeout: 1,
      budget: 1,
      'agent-failed': 1,
      error: 1,
      unfinished: 1,
      ungraded: 0,
    });
    expect(agents[0]!.passAt1).toEqual({ value: 0.5, cases: 2, method: 'wilson', ...wilson(1, 2) });
    expect(agents[0]!.passAt1Strict).toEqual({ value: 0.2, cases: 5, method: 'wilson', ...wilson(1, 5) });
  });

  it('nothing graded is no rate, not 0', () => {
    const { agents, graded } = world({ one: { amp: 'e' }, two: { amp: 'n' } });
    expect(graded).toBe(0);
    expect(agents[0]).toMatchObject({ passAt1: null, passAt1Strict: null, passAtK: [] });
  });

  it('a case counts once, however often it was tried', () => {
    // By run it were 5 of 7.
    const { agents } = world({ easy: { amp: 'rrrr' }, hard: { amp: 'ruu' } });
    expect(agents[0]!.passAt1!.value).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(agents[0]!.passAt1!.method).toBe('bootstrap');
  });

  it('pass@k is over cases with k graded runs, and says how many those are', () => {
    const { agents } = world({ a: { amp: 'ruu' }, b: { amp: 'uuu' }, c: { amp: 'ree' } });
    const at = new Map(agents[0]!.passAtK.map((one) => [one.k, one]));
    expect([...at.keys()]).toEqual([1, 2, 3]);
    expect([at.get(1)!.cases, at.get(2)!.cases, at.get(3)!.cases]).toEqual([3, 2, 2]);
    // 1 − C(2,2)/C(3,2) = 2/3 and 0; then 1 and 0.
    expect(at.get(2)!.value).toBeCloseTo(1 / 3, 12);
    expect(at.get(3)!.value).toBe(0.5);
  });

  it('tells each repeat by itself', () => {
    const { agents } = world({ a: { amp: 'ru' }, b: { amp: 'rr' }, c: { amp: 'et' } });
    expect(agents[0]!.byRepeat).toEqual([
      { repeat: 1, resolved: 2, graded: 2 },
      { repeat: 2, resolved: 1, graded: 2 },
    ]);
  });

  it('names flaky cases by agent: neither always nor never', () => {
    const { flaky } = world({
      always: { amp: 'rr', other: 'rr' },
      never: { amp: 'uu', other: 'uu' },
      sometimes: { amp: 'ru', other: 'rr' },
      once: { amp: 're', other: 'ut' },
    });
    expect(flaky).toEqual([{ case: 'sometimes', agent: 'amp', resolved: 1, graded: 2 }]);
  });

  it('the same runs give the same results, in every detail', () => {
    const cases = { a: { x: 'ruu', y: 'rrr' }, b: { x: 'uru', y: 'ruu' }, c: { x: 'rrr', y: 'uur' } };
    nth = 0;
    const first = JSON.stringify(world(cases));
    nth = 0;
    expect(JSON.stringify(world(cases))).toBe(first);
  });
});

describe('cost and time', () => {
  it('adds up what is known and says what is not', () => {
    const { agents } = resultsOf({ suite: 's', contenders: [contender('amp')], repeats: 1 }, [
      run('a', 'amp', 1, 'resolved', { costUsd: 0.25, durationMs: 1000, tokensInput: 10, tokensOutput: 5 }),
      run('b', 'amp', 1, 'unresolved', { costUsd: 0.75, durationMs: 3000, tokensInput: 20 }),
      run('c', 'amp', 1, 'error', { costUsd: null, durationMs: 90_000, attempts: 0 }),
    ]);
    expect(agents[0]).toMatchObject({
      costUsd: 1,
      costUnknownRuns: 0,
      costPerRunUsd: 0.5,
      costPerResolvedUsd: 1,
      tokensInput: 30,
      tokensOutput: 5,
      durationMs: 2000,
    });
  });

  it('one run of unknown cost makes the sum a lower bound, and the mean unknown', () => {
    const { agents } = resultsOf({ suite: 's', contenders: [contender('amp')], repeats: 1 }, [
      run('a', 'amp', 1, 'resolved', { costUsd: 0.25 }),
      run('b', 'amp', 1, 'resolved'),
    ]);
    expect(agents[0]).toMatchObject({ costUsd: 0.25, costUnknownRuns: 1, costPerRunUsd: null, onFrontier: null });
  });

  it('only agents whose cost is known are held against each other', () => {
    const price: Record<string, number | null> = { cheap: 0.1, dear: 1, worse: 2, unknown: null };
    const { agents } = world(
      {
        a: { cheap: 'r', dear: 'r', worse: 'r', unknown: 'r' },
        b: { cheap: 'u', dear: 'r', worse: 'u', unknown: 'r' },
      },
      (agent) => ({ costUsd: price[agent]! }),
    );
    expect(agents.map(({ name, onFrontier }) => [name, onFrontier])).toEqual([
      ['cheap', true],
      ['dear', true],
      ['worse', false],
      ['unknown', null],
    ]);
  });
});

describe('comparison', () => {
  it('is over the cases that both have a graded run of', () => {
    const { pairs } = world({
      both: { a: 'r', b: 'r' },
      neither: { a: 'u', b: 'u' },
      one: { a: 'r', b: 'u' },
      two: { a: 'r', b: 'u' },
      three: { a: 'u', b: 'r' },
      lost: { a: 'r', b: 'e' },
      late: { a: 't', b: 'r' },
    });
    expect(pairs).toHaveLength(1);
    expect(pairs[0]).toMatchObject({ a: 'a', b: 'b', cases: 5, both: 1, onlyA: 2, onlyB: 1, neither: 1, undecided: 0 });
    expect(pairs[0]!.difference).toBeCloseTo(0.2, 12);
    // A fair coin thrown three times never falls more evenly than 2 : 1.
    expect(pairs[0]!.p).toBe(1);
  });

  it('by repeats a case goes to whom more than half of the runs go, and half is undecided', () => {
    const { pairs } = world({
      clear: { a: 'rru', b: 'uur' },
      half: { a: 'ru', b: 'rr' },
      alike: { a: 'rur', b: 'rrr' },
    });
    expect(pairs[0]).toMatchObject({ cases: 3, both: 1, onlyA: 1, onlyB: 0, neither: 0, undecided: 1 });
    expect(pairs[0]!.difference).toBeCloseTo((1 / 3 - 1 / 2 - 1 / 3) / 3, 12);
  });

  it('ten cases that only one resolves are no chance: p = 2/2^10', () => {
    const cases = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`c${at}`, { a: 'r', b: 'u' }]));
    expect(world(cases).pairs[0]).toMatchObject({ p: 2 / 1024, pHolm: 2 / 1024, difference: 1, low: null, high: null });
  });

  it('three agents are three comparisons, each corrected for the others', () => {
    const cases = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`c${at}`, { a: 'r', b: 'u', c: 'u' }]));
    const { pairs } = world(cases);
    expect(pairs.map(({ a, b, p, pHolm }) => [a, b, p, pHolm])).toEqual([
      ['a', 'b', 2 / 1024, 6 / 1024],
      ['a', 'c', 2 / 1024, 6 / 1024],
      ['b', 'c', 1, 1],
    ]);
  });

  it('without a common case nothing is said', () => {
    const { pairs } = world({ one: { a: 'r', b: 'e' }, two: { a: 'e', b: 'r' } });
    expect(pairs[0]).toMatchObject({ cases: 0, difference: null, low: null, p: 1 });
  });

  it('one agent alone is compared with nobody', () => expect(world({ one: { a: 'r' } }).pairs).toEqual([]));
});
