import { describe, expect, it } from 'vitest';
import { compareAll } from '../../src/bench/compare-agents.ts';
import { contendersOf } from '../../src/bench/contenders.ts';
import { isGraded, isLimited, OUTCOMES, type Outcome, outcomeOf } from '../../src/bench/outcome.ts';
import { agentsIn, ownOutcomes, readRuns } from '../../src/bench/own-outcomes.ts';
import { type BenchWish, type PlannedCase, planBench } from '../../src/bench/plan-bench.ts';
import { predictionLine } from '../../src/bench/predictions.ts';
import type { CaseResult } from '../../src/bench/results.ts';
import { mcNemarExact } from '../../src/bench/statistics/mcnemar.ts';

describe('an outcome', () => {
  const ended = { state: 'passed', cause: null, began: true, resolved: undefined };
  type Ended = Parameters<typeof outcomeOf>[0];

  it.each<[Outcome, Partial<Ended>]>([
    ['resolved', { resolved: true }],
    ['unresolved', { resolved: false }],
    ['error', { resolved: null }],
    ['error', { resolved: undefined }],
    ['ungraded', { resolved: 'ungraded' }],
    ['resolved', { state: 'failed', resolved: true }],
    ['unresolved', { state: 'failed', resolved: false }],
    ['timeout', { state: 'timeout' }],
    ['timeout', { state: 'timeout', cause: 'agent.timeout' }],
    ['timeout', { state: 'timeout', cause: 'agent.silent' }],
    ['error', { state: 'timeout', cause: 'test.timeout' }],
    ['budget', { state: 'budget' }],
    ['unfinished', { state: 'budget', began: false }],
    ['agent-failed', { state: 'error', cause: 'agent.failed' }],
    ['error', { state: 'error', cause: 'agent.missing' }],
    ['error', { state: 'error' }],
    ['unfinished', { state: 'cancelled' }],
    ['unfinished', { state: 'queued', began: false }],
    ['unfinished', { state: 'running' }],
  ])('is %s after %j', (outcome, over) => expect(outcomeOf({ ...ended, ...over })).toBe(outcome));

  it('counts a verdict only when the item came to its end', () => {
    for (const state of ['timeout', 'budget', 'error', 'cancelled', 'queued', 'running'])
      expect(isGraded(outcomeOf({ ...ended, state, resolved: true })), state).toBe(false);
  });

  it('is of one of three kinds, never of two', () => {
    const kinds = OUTCOMES.map((outcome) => [isGraded(outcome), isLimited(outcome)].filter(Boolean).length);
    expect(kinds).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect(new Set(OUTCOMES).size).toBe(8);
  });
});

describe('our own verdicts, read again', () => {
  const run = (over: Record<string, unknown> = {}) => ({
    case: 'a-1',
    agent: 'amp',
    repeat: 1,
    outcome: 'resolved',
    ...over,
  });

  it('are those of one agent and one repeat', () => {
    const runs = readRuns({
      suite: 'x',
      runs: [
        run(),
        run({ case: 'a-2', outcome: 'unresolved' }),
        run({ case: 'a-3', outcome: 'budget' }),
        run({ repeat: 2, outcome: 'unresolved' }),
        run({ agent: 'other', outcome: 'error' }),
      ],
    })!;
    expect(agentsIn(runs)).toEqual(['amp', 'other']);
    const of = (agent: string, repeat: number) => Object.fromEntries(ownOutcomes(runs, { agent, repeat }));
    expect(of('amp', 1)).toEqual({ 'a-1': true, 'a-2': false, 'a-3': null });
    expect(of('amp', 2)).toEqual({ 'a-1': false });
    expect(of('other', 1)).toEqual({ 'a-1': null });
    expect(of('nobody', 1)).toEqual({});
  });

  it.each(OUTCOMES.map((outcome) => [outcome]))('know %s, and count it only when it was graded', (outcome) => {
    const runs = readRuns({ runs: [run({ outcome })] })!;
    const verdict = ownOutcomes(runs, { agent: 'amp', repeat: 1 }).get('a-1');
    expect(verdict).toBe(isGraded(outcome) ? outcome === 'resolved' : null);
  });

  it.each([
    [null],
    ['runs'],
    [[]],
    [{}],
    [{ runs: {} }],
    [{ runs: [null] }],
    [{ runs: [run(), run({ case: 1 })] }],
    [{ runs: [run({ agent: undefined })] }],
    [{ runs: [run({ repeat: '1' })] }],
    [{ runs: [run({ outcome: 'won' })] }],
  ])('%j is no such file', (value) => expect(readRuns(value)).toBeUndefined());

  it('may be of no run at all', () => expect(readRuns({ runs: [] })).toEqual([]));
});

describe('who takes part', () => {
  const names = (agents: Parameters<typeof contendersOf>[0], models: string[] = []) =>
    contendersOf(agents, models).map(({ name }) => name);

  it('is called by agent and model, by its script, or by its command', () => {
    expect(
      names([
        { agent: 'amp' },
        { agent: 'amp', model: 'smart' },
        { agent: 'scripted:/home/me/plays/good.yaml' },
        { agent: 'scripted:C:\\plays\\bad.yaml' },
        { agent: 'command:my-agent --fast' },
        { agent: 'amp', name: 'ours' },
      ]),
    ).toEqual(['amp', 'amp (smart)', 'scripted good.yaml', 'scripted bad.yaml', 'my-agent --fast', 'ours']);
  });

  it('is every agent with every model, but one with a model of its own, and those that check the harness', () => {
    const agents = [{ agent: 'amp' }, { agent: 'amp', model: 'deep' }, { agent: 'gold' }, { agent: 'empty' }];
    expect(contendersOf(agents, ['one', 'two'])).toEqual([
      { name: 'amp (one)', agent: 'amp', model: 'one' },
      { name: 'amp (two)', agent: 'amp', model: 'two' },
      { name: 'amp (deep)', agent: 'amp', model: 'deep' },
      { name: 'gold', agent: 'gold', model: null },
      { name: 'empty', agent: 'empty', model: null },
    ]);
    expect(names([{ agent: 'amp', name: 'ours' }], ['one', 'two'])).toEqual(['ours (one)', 'ours (two)']);
  });

  it('is never called as another', () => {
    const same = { agent: 'amp' };
    expect(names([same, same, same])).toEqual(['amp', 'amp #2', 'amp #3']);
    expect(names([same, { agent: 'x', name: 'amp #2' }, same])).toEqual(['amp', 'amp #2', 'amp #3']);
    expect(names([{ agent: 'scripted:a/x.yaml' }, { agent: 'scripted:b/x.yaml' }])).toEqual([
      'scripted x.yaml',
      'scripted x.yaml #2',
    ]);
  });

  it('is nobody where nobody is named', () => expect(contendersOf([], ['one'])).toEqual([]));
});

describe('the plan of a benchmark', () => {
  const options = { name: 's', file: null, sha256: '0', concurrency: 2, budget: null, dayBudget: null, limits: {} };
  const one = (id: string, over: Partial<PlannedCase> = {}): PlannedCase => ({
    id,
    prompt: `Mend ${id}.`,
    from: `/repos/${id}`,
    setup: null,
    timeoutSec: null,
    ...over,
  });
  const who = (name: string) => ({ name, agent: name, model: null, choice: { name, mode: null } });
  const plan = (over: Partial<BenchWish> = {}) =>
    planBench({
      id: null,
      options,
      cases: [one('a'), one('b', { setup: 'make', timeoutSec: 60 })],
      contenders: [who('x'), who('y')],
      repeats: 2,
      retries: 1,
      runBudget: { usd: 2 },
      ...over,
    });

  it('has the whole first repeat before the second', () => {
    const { items } = plan();
    expect(items.map(({ item, name }) => `${item} ${name}`)).toEqual([
      '001 a x 1',
      '002 a y 1',
      '003 b x 1',
      '004 b y 1',
      '005 a x 2',
      '006 a y 2',
      '007 b x 2',
      '008 b y 2',
    ]);
    expect(items.map(({ labels }) => labels)).toContainEqual({ case: 'b', agent: 'y', repeat: '2' });
  });

  it('says no more in a name than is needed', () => {
    expect(plan({ contenders: [who('x')], repeats: 1 }).items.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(plan({ contenders: [who('x')] }).items.map(({ name }) => name)).toEqual(['a 1', 'b 1', 'a 2', 'b 2']);
    expect(plan({ repeats: 1 }).items.map(({ name }) => name)).toEqual(['a x', 'a y', 'b x', 'b y']);
  });

  it('gives no agent more time, tries or knowledge than another', () => {
    for (const item of plan().items)
      expect(item).toMatchObject({
        base: null,
        test: null,
        untilPass: false,
        maxIterations: 1,
        retries: 1,
        retryOn: ['error'],
        mergeOnPass: false,
        budget: { usd: 2 },
      });
    expect(plan().items[2]).toMatchObject({ repo: '/repos/b', prompt: 'Mend b.', setup: 'make', timeoutSec: 60 });
  });

  it('has ids of one length that sort as they stand, and names of their own, with thousands of them', () => {
    const { items } = plan({ cases: Array.from({ length: 300 }, (_, at) => one(`case-${at}`)) });
    const ids = items.map(({ item }) => item);
    expect([ids[0], ids.at(-1)]).toEqual(['0001', '1200']);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(items.map(({ name }) => name)).size).toBe(1200);
  });

  it('is a benchmark, by its own id or one that is made', () => {
    expect(plan({ id: 'night' })).toMatchObject({ id: 'night', options: { kind: 'bench', name: 's' } });
    expect(plan().id).toBeNull();
    expect(plan({ cases: [] }).items).toEqual([]);
  });
});

describe('a prediction', () => {
  const line = (patch: string) => predictionLine({ instanceId: 'own__calc-1', model: 'amp (smart)', patch });

  it('is one line of JSON with the keys of the official harness', () => {
    expect(line('')).toBe('{"instance_id":"own__calc-1","model_name_or_path":"amp (smart)","model_patch":""}');
  });

  it.each([
    ['ends of lines', '-a\r\n+b\n\\ No newline at end of file\n'],
    ['ends of lines that only some know', 'a\u0085b\u2028c\u2029d\u000be\u000cf'],
    ['quotes and backslashes', '+"\\n" \\u2028 \\\\'],
    ['other scripts', '+grün 日本 😀\u0000'],
  ])('keeps %s, and stays on one line', (_, patch) => {
    const made = line(patch);
    expect(JSON.parse(made).model_patch).toBe(patch);
    // Where Python's `splitlines` ends a line.
    expect(made).not.toMatch(/[\n\r\v\f\x1c-\x1e\u0085\u2028\u2029]/);
  });
});

describe('two agents, case by case', () => {
  const contenders = ['a', 'b', 'c'].map((name) => ({ name, agent: name, model: null }));
  /** What each made of a case: resolved of graded. */
  const of = (...tallies: [resolved: number, graded: number][]): CaseResult => ({
    case: 'x',
    agents: tallies.map(([resolved, graded]) => ({ agent: '', counts: {} as never, resolved, graded, limited: 0 })),
  });
  const pair = (cases: [number, number][][]) =>
    compareAll(
      contenders.slice(0, 2),
      cases.map((one) => of(...one)),
    )[0]!;

  it('are told apart by the cases that only one resolves', () => {
    const made = pair([
      [
        [1, 1],
        [1, 1],
      ],
      [
        [1, 1],
        [0, 1],
      ],
      [
        [0, 1],
        [1, 1],
      ],
      [
        [3, 3],
        [1, 3],
      ],
      [
        [0, 2],
        [0, 5],
      ],
    ]);
    expect(made).toMatchObject({ a: 'a', b: 'b', cases: 5, both: 1, onlyA: 2, onlyB: 1, neither: 1, undecided: 0 });
    expect(made.p).toBe(mcNemarExact(2, 1));
    expect(made.difference).toBeCloseTo((0 + 1 - 1 + 2 / 3 + 0) / 5, 14);
  });

  it('a case that is resolved in just half of the runs is neither won nor lost', () => {
    expect(
      pair([
        [
          [1, 2],
          [2, 2],
        ],
        [
          [2, 4],
          [0, 1],
        ],
      ]),
    ).toMatchObject({
      undecided: 2,
      both: 0,
      onlyA: 0,
      onlyB: 0,
      neither: 0,
      p: 1,
      difference: 0,
    });
  });

  it('what one of them has no graded run of is not compared', () => {
    expect(
      pair([
        [
          [0, 0],
          [1, 1],
        ],
        [
          [1, 1],
          [0, 0],
        ],
      ]),
    ).toMatchObject({ cases: 0, p: 1, difference: null, low: null, high: null });
  });

  it('are each compared with each once, and all comparisons are corrected together', () => {
    const cases = Array.from({ length: 12 }, () => of([1, 1], [0, 1], [0, 1]));
    const pairs = compareAll(contenders, cases);
    expect(pairs.map(({ a, b }) => a + b)).toEqual(['ab', 'ac', 'bc']);
    const p = 2 / 2 ** 12;
    expect(pairs.map((one) => one.p)).toEqual([p, p, 1]);
    expect(pairs.map((one) => one.pHolm)).toEqual([3 * p, 3 * p, 1]);
    // Every difference is the same, so there is no spread to draw from.
    expect(pairs[0]).toMatchObject({ difference: 1, low: null, high: null });
    expect(compareAll(contenders.slice(0, 1), cases)).toEqual([]);
  });

  it('those that cannot be compared make no correction greater', () => {
    const cases = Array.from({ length: 12 }, () => of([1, 1], [0, 1], [0, 0]));
    const p = 2 / 2 ** 12;
    expect(compareAll(contenders, cases).map((one) => [one.cases, one.p, one.pHolm])).toEqual([
      [12, p, p],
      [0, 1, 1],
      [0, 1, 1],
    ]);
  });

  it('the other way round is the same with its sign turned', () => {
    const cases = Array.from({ length: 20 }, (_, at): [number, number][] => [
      [at % 4, 3],
      [at % 3, 3],
    ]);
    const [one, other] = [pair(cases), pair(cases.map(([a, b]) => [b!, a!]))];
    expect([other.onlyA, other.onlyB, other.p]).toEqual([one.onlyB, one.onlyA, one.p]);
    expect(other.difference).toBeCloseTo(-one.difference!, 14);
    expect(one.low!).toBeLessThan(one.difference!);
    expect(one.high!).toBeGreaterThan(one.difference!);
  });
});
