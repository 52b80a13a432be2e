import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/events/catalogue.ts';
import {
  compareWithBase,
  lastTests,
  openIteration,
  statusOf,
  totalUsage,
  verdictOf,
} from '../../src/session/conclusions.ts';
import { replay } from '../../src/session/evolve.ts';
import type { Session, Usage } from '../../src/session/state.ts';
import { created, draft, eventsOf, finished, started, tested } from '../support/events.ts';

const given = (...drafts: Draft[]): Session => replay(eventsOf([draft('session.created', created()), ...drafts]));
const run = (exitCode: number | null, timedOut = false) => ({
  commit: '',
  exitCode,
  signal: null,
  timedOut,
  durationMs: 1,
  outputTail: '',
  command: 'npm test',
});

describe('a verdict', () => {
  it.each([
    [null, 'none'],
    [run(0), 'passed'],
    [run(1), 'failed'],
    [run(null), 'failed'],
    // It may say 0 when it is told to end.
    [run(0, true), 'failed'],
    [run(null, true), 'failed'],
  ])('of %j is %s', (tests, verdict) => expect(verdictOf(tests)).toBe(verdict));

  it.each([
    [null, null, 'none'],
    [null, run(0), 'passed'],
    [null, run(1), 'failing-base-unknown'],
    [run(0), null, 'none'],
    [run(0), run(0), 'passed'],
    [run(0), run(1), 'newly-failing'],
    [run(0, true), run(1), 'was-failing-before'],
    [run(2), run(0), 'passed'],
    [run(2), run(0, true), 'was-failing-before'],
    [{ ...run(0), command: 'make check' }, run(1), 'failing-base-unknown'],
  ])('beside a base of %j, of %j is %s', (base, tests, comparison) =>
    expect(compareWithBase({ ...given(), baseTests: base }, tests)).toBe(comparison),
  );
});

describe('a status', () => {
  const [archived, removed] = [draft('session.archived', {}), draft('session.removed', {})];
  it.each([
    ['new', []],
    ['running', [started(1)]],
    ['idle', [started(1), finished(1)]],
    ['running', [started(1), finished(1), started(2)]],
    ['archived', [archived]],
    ['archived', [started(1), archived]],
    ['archived', [started(1), finished(1), removed]],
  ] as [string, Draft[]][])('is %s after %j', (status, drafts) => expect(statusOf(given(...drafts))).toBe(status));

  it('an open iteration is the last one that has no end', () => {
    expect(openIteration(given())).toBeUndefined();
    expect(openIteration(given(started(1)))?.iteration).toBe(1);
    expect(openIteration(given(started(1), finished(1)))).toBeUndefined();
    expect(openIteration(given(started(1), finished(1), started(2)))?.iteration).toBe(2);
    expect(openIteration(given(started(1), started(2), finished(2)))).toBeUndefined();
  });

  it('the last tests are those of the newest iteration that had any', () => {
    const base = tested({ target: 'base', iteration: undefined });
    expect(lastTests(given(base, started(1), finished(1)))).toBeNull();
    const ran = [started(1), finished(1), tested({ exitCode: 3 }), started(2), finished(2)];
    expect(lastTests(given(...ran))?.exitCode).toBe(3);
    expect(lastTests(given(...ran, tested({ iteration: 2, exitCode: 0 })))?.exitCode).toBe(0);
  });
});

describe('what a session used', () => {
  const withUsage = (list: Usage[]): Session => {
    const one = given(started(1)).iterations[0]!;
    return { ...given(), iterations: list.map((usage) => ({ ...one, usage })) };
  };
  const count = fc.nat(1_000_000);
  const anyUsage: fc.Arbitrary<Usage> = fc
    .record({
      tokensInput: count,
      tokensOutput: count,
      tokensCacheRead: count,
      tokensCacheWrite: count,
      costUsd: fc.option(fc.nat(1_000_000)),
    })
    .map((usage) => ({ ...usage, costSource: usage.costUsd === null ? 'unknown' : 'billed' }));
  const FIELDS = ['tokensInput', 'tokensOutput', 'tokensCacheRead', 'tokensCacheWrite'] as const;
  const isSilent = (usage: Usage) => FIELDS.every((field) => usage[field] === 0);

  it('adds up field by field, in any order; one unknown cost among used tokens makes all of it unknown', () => {
    fc.assert(
      fc.property(fc.array(anyUsage, { maxLength: 6 }), (list) => {
        const total = totalUsage(withUsage(list));
        for (const field of FIELDS) expect(total[field]).toBe(list.reduce((sum, usage) => sum + usage[field], 0));
        const costs = list.flatMap(({ costUsd }) => (costUsd === null ? [] : [costUsd]));
        const known = costs.length > 0 && list.every((usage) => usage.costUsd !== null || isSilent(usage));
        expect(total.costUsd).toBe(known ? costs.reduce((sum, cost) => sum + cost, 0) : null);
        expect(total.costSource).toBe(known ? 'billed' : 'unknown');
        expect(totalUsage(withUsage(list.toReversed()))).toEqual(total);
      }),
    );
  });

  it('an iteration without any tokens does not hide what the others cost', () => {
    const none: Usage = {
      tokensInput: 0,
      tokensOutput: 0,
      tokensCacheRead: 0,
      tokensCacheWrite: 0,
      costUsd: null,
      costSource: 'unknown',
    };
    const paid: Usage = { ...none, tokensCacheWrite: 1, costUsd: 0.5, costSource: 'reported' };
    expect(totalUsage(withUsage([paid, none]))).toMatchObject({ costUsd: 0.5, costSource: 'reported' });
    expect(totalUsage(withUsage([none]))).toMatchObject({ costUsd: null, costSource: 'unknown' });
    // A cost of nothing is known, and it is nothing.
    expect(totalUsage(withUsage([{ ...paid, costUsd: 0 }])).costUsd).toBe(0);
    for (const field of FIELDS)
      expect(totalUsage(withUsage([paid, { ...none, [field]: 1 }])).costUsd, field).toBeNull();
  });
});
