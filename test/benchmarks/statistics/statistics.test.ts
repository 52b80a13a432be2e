import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapMean } from '../../../src/bench/statistics/bootstrap.ts';
import { estimate } from '../../../src/bench/statistics/estimate.ts';
import { frontier, type Priced } from '../../../src/bench/statistics/frontier.ts';
import { holm, mcNemarExact } from '../../../src/bench/statistics/mcnemar.ts';
import { passAtK, tellingKs } from '../../../src/bench/statistics/pass-at-k.ts';
import { seeded } from '../../../src/bench/statistics/random.ts';
import { wilson, Z95 } from '../../../src/bench/statistics/wilson.ts';
// Made by table.py, which shares no code with what is tested.
import table from './table.json' with { type: 'json' };

describe('pass@k', () => {
  it('is what looking at every choice of k tries gives', () => {
    for (const [tries, resolved, k, chance] of table.passAtK as [number, number, number, number][])
      expect(passAtK(tries, resolved, k), `${resolved} of ${tries}, k = ${k}`).toBeCloseTo(chance, 12);
  });

  it('says nothing about more tries than there were', () => {
    expect([passAtK(3, 3, 4), passAtK(0, 0, 1), passAtK(3, 1, 0)]).toEqual([null, null, null]);
  });

  it('grows with k, and pass@1 is the share', () => {
    const tried = fc
      .integer({ min: 1, max: 60 })
      .chain((tries) => fc.record({ tries: fc.constant(tries), resolved: fc.integer({ min: 0, max: tries }) }));
    fc.assert(
      fc.property(tried, ({ tries, resolved }) => {
        expect(passAtK(tries, resolved, 1)).toBeCloseTo(resolved / tries, 12);
        for (let k = 2; k <= tries; k++)
          expect(passAtK(tries, resolved, k)! + 1e-12).toBeGreaterThanOrEqual(passAtK(tries, resolved, k - 1)!);
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  it.each([
    [1, [1]],
    [2, [1, 2]],
    [4, [1, 2, 3, 4]],
    [10, [1, 2, 3, 5, 10]],
    [25, [1, 2, 3, 5, 10, 20, 25]],
  ])('%i repeats are told as k = %j', (repeats, ks) => expect(tellingKs(repeats)).toEqual(ks));
});

describe('Wilson interval', () => {
  it.each(table.wilson as [number, number, number, number][])('%d of %d', (successes, trials, low, high) => {
    const interval = wilson(successes, trials)!;
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  });

  it('the ends are where the share lies just at the edge', () => {
    const { low, high } = wilson(37, 90)!;
    for (const p of [low, high]) expect(Math.abs(37 / 90 - p) / Math.sqrt((p * (1 - p)) / 90)).toBeCloseTo(Z95, 10);
  });

  it('nothing was tried, so nothing is said', () => expect(wilson(0, 0)).toBeNull());
});

describe("McNemar's exact test", () => {
  it.each(table.mcNemar as [number, number, number][])('%d against %d', (onlyA, onlyB, p) => {
    // A relative error: the smallest is 1.7e-18.
    expect(mcNemarExact(onlyA, onlyB) / p).toBeCloseTo(1, 12);
  });

  it('does not care which agent is named first, and says nothing where both agree on all', () => {
    expect(mcNemarExact(3, 11)).toBe(mcNemarExact(11, 3));
    expect([mcNemarExact(0, 0), mcNemarExact(4, 4)]).toEqual([1, 1]);
  });

  it('a difference beyond any double is 0, not an error', () => expect(mcNemarExact(0, 2294)).toBe(0));

  it.each(table.holm as [number[], number[]][])('Holm: %j becomes %j', (given, corrected) => {
    holm(given).forEach((p, at) => {
      expect(p).toBeCloseTo(corrected[at]!, 12);
    });
  });
});

describe('bootstrap', () => {
  it.each(table.bootstrap)('the middle of all samples of $values', ({ values, low, high }) => {
    const interval = bootstrapMean(values)!;
    const eps = 1e-12;
    expect(interval.low).toBeGreaterThanOrEqual(low[0]! - eps);
    expect(interval.low).toBeLessThanOrEqual(low[1]! + eps);
    expect(interval.high).toBeGreaterThanOrEqual(high[0]! - eps);
    expect(interval.high).toBeLessThanOrEqual(high[1]! + eps);
  });

  it('is the same each time, and another seed may give another', () => {
    const values = Array.from({ length: 40 }, (_, at) => (at % 7) / 6);
    expect(bootstrapMean(values)).toEqual(bootstrapMean(values));
    expect(bootstrapMean(values, { seed: 7 })).not.toEqual(bootstrapMean(values, { seed: 8 }));
  });

  it('has nothing to say where nothing varies', () => {
    expect([bootstrapMean([]), bootstrapMean([0.5]), bootstrapMean([1, 1, 1])]).toEqual([null, null, null]);
  });

  it('its chance is that of the same generator written in another language', () => {
    for (const [seed, numbers] of table.sfc32 as [number, number[]][]) {
      const draw = seeded(seed);
      expect(numbers.map(() => draw(1000))).toEqual(numbers);
    }
  });

  it('its chance is even: 60,000 throws of a die', () => {
    const draw = seeded(1);
    const faces = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) faces[draw(6)]!++;
    const chiSquare = faces.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // The 99.9th percentile with five degrees of freedom.
    expect(chiSquare).toBeLessThan(20.52);
  });
});

describe('an estimate', () => {
  it('of cases that are resolved or not is a share with Wilson’s interval', () => {
    expect(estimate([1, 0, 1, 1])).toEqual({ value: 0.75, ...wilson(3, 4), method: 'wilson', cases: 4 });
  });

  it('of cases that are resolved now and then draws cases', () => {
    const made = estimate([1, 0.5, 0, 1 / 3])!;
    expect(made.method).toBe('bootstrap');
    expect(made.value).toBeCloseTo(11 / 24, 12);
    expect([made.low < made.value, made.high > made.value]).toEqual([true, true]);
  });

  it('never has no width for having seen no spread', () => {
    const made = estimate([0.5, 0.5, 0.5])!;
    expect(made).toMatchObject({ value: 0.5, method: 'wilson' });
    expect(made.high - made.low).toBeGreaterThan(0.5);
    expect(estimate([1, 1, 1])).toMatchObject({ value: 1, high: 1, low: wilson(3, 3)!.low });
  });

  it('of nothing is nothing', () => expect(estimate([])).toBeNull());
});

describe('cost–quality frontier', () => {
  const at = (cost: number | null, quality: number | null): Priced => ({ cost, quality });

  it.each<[string, Priced[], (boolean | null)[]]>([
    ['cheaper and better wins', [at(1, 0.9), at(2, 0.5)], [true, false]],
    ['dearer but better stays', [at(1, 0.5), at(2, 0.9)], [true, true]],
    ['as good for more money does not', [at(1, 0.5), at(2, 0.5)], [true, false]],
    ['for the same money the better one', [at(1, 0.5), at(1, 0.6)], [false, true]],
    ['two alike stay both', [at(1, 0.5), at(1, 0.5)], [true, true]],
    ['an unknown cost is not compared', [at(null, 1), at(1, 0.1)], [null, true]],
    ['nothing graded is not compared', [at(0, null), at(1, 0.1)], [null, true]],
    ['nobody', [], []],
  ])('%s', (_, agents, stays) => expect(frontier(agents)).toEqual(stays));

  it('leaves nobody out without somebody who is at least as good for as little', () => {
    const priced = fc.record({ cost: fc.integer({ min: 0, max: 5 }), quality: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(fc.array(priced, { minLength: 1, maxLength: 8 }), (agents) => {
        const stays = frontier(agents);
        agents.forEach((agent, i) => {
          const better = agents.filter(
            (other, j) => stays[j] && other.cost <= agent.cost && other.quality >= agent.quality,
          );
          expect(better.length).toBeGreaterThan(0);
          if (stays[i]) expect(better.every((o) => o.cost === agent.cost && o.quality === agent.quality)).toBe(true);
        });
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});
