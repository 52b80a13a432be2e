import { describe, expect, it } from 'vitest';
import { bootstrapMean, RESAMPLES, SEED } from '../../../src/bench/statistics/bootstrap.ts';
import { estimate } from '../../../src/bench/statistics/estimate.ts';
import { frontier, type Priced } from '../../../src/bench/statistics/frontier.ts';
import { holm, mcNemarExact } from '../../../src/bench/statistics/mcnemar.ts';
import { passAtK } from '../../../src/bench/statistics/pass-at-k.ts';
import { seeded } from '../../../src/bench/statistics/random.ts';
import { wilson, Z95 } from '../../../src/bench/statistics/wilson.ts';

/** Numbers from 0 to 2^bits − 1 stand for all ways in which so many coins can fall. */
const onesOf = (value: number): number => {
  let ones = 0;
  for (let rest = value; rest > 0; rest >>= 1) ones += rest & 1;
  return ones;
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('McNemar, thrown out in full', () => {
  /** Every way of n coins to fall, counted where it is at least as uneven as what was seen. */
  const byThrowing = (onlyA: number, onlyB: number): number => {
    const coins = onlyA + onlyB;
    const seen = Math.abs(onlyA - onlyB);
    let uneven = 0;
    for (let fall = 0; fall < 2 ** coins; fall++) if (Math.abs(2 * onesOf(fall) - coins) >= seen) uneven += 1;
    return uneven / 2 ** coins;
  };

  it('every division of up to ten cases', () => {
    for (let coins = 0; coins <= 10; coins++)
      for (let onlyA = 0; onlyA <= coins; onlyA++)
        expect(mcNemarExact(onlyA, coins - onlyA), `${onlyA} of ${coins}`).toBeCloseTo(
          byThrowing(onlyA, coins - onlyA),
          14,
        );
  });

  it('needs six cases, all one way, for less than one in twenty', () => {
    expect([mcNemarExact(5, 0), mcNemarExact(6, 0)]).toEqual([0.0625, 0.03125]);
  });

  it('is surer the more uneven, and the more cases with the same share', () => {
    const uneven = range(0, 15).map((onlyB) => mcNemarExact(30 - onlyB, onlyB));
    expect(uneven).toEqual([...uneven].sort((a, b) => a - b));
    const more = [1, 2, 4, 8, 16, 64].map((times) => mcNemarExact(3 * times, times));
    expect(more).toEqual([...more].sort((a, b) => b - a));
  });

  it('is never more than certain, where the coin falls as evenly as it can', () => {
    for (const half of [1, 2, 5, 50, 500]) {
      expect(mcNemarExact(half, half)).toBe(1);
      expect(mcNemarExact(half, half - 1)).toBe(1);
      expect(mcNemarExact(half - 1, half)).toBe(1);
    }
  });
});

describe('Holm', () => {
  /** By its definition: the largest of all corrections of those that are no larger. */
  const byDefinition = (ps: number[]): number[] => {
    const sorted = [...ps].sort((a, b) => a - b);
    return ps.map((p) =>
      Math.min(1, Math.max(...sorted.slice(0, sorted.lastIndexOf(p) + 1).map((q, rank) => q * (ps.length - rank)))),
    );
  };

  it('is what its definition says of every order of four', () => {
    const four = [0.001, 0.012, 0.03, 0.4];
    for (const a of four)
      for (const b of four)
        for (const c of four)
          for (const d of four) {
            if (new Set([a, b, c, d]).size < 4) continue;
            const corrected = holm([a, b, c, d]);
            byDefinition([a, b, c, d]).forEach((p, at) => {
              expect(corrected[at]).toBeCloseTo(p, 14);
            });
          }
  });

  it('never makes one smaller, changes no order, and leaves a single one alone', () => {
    const given = [0.5, 0.04, 0.04, 0.9, 0.0004, 1];
    const corrected = holm(given);
    for (const [at, p] of given.entries()) {
      expect(corrected[at]).toBeGreaterThanOrEqual(p);
      expect(corrected[at]).toBeLessThanOrEqual(1);
      for (const [other, q] of given.entries()) if (p < q) expect(corrected[at]).toBeLessThanOrEqual(corrected[other]!);
    }
    expect([holm([0.03]), holm([])]).toEqual([[0.03], []]);
  });

  it('leaves what it was given as it was', () => {
    const given = [0.3, 0.1, 0.2];
    holm(given);
    expect(given).toEqual([0.3, 0.1, 0.2]);
  });
});

describe('pass@k, tried out in full', () => {
  /** The share of all choices of k among the tries that have a resolved one in them; the first ones are resolved. */
  const byChoosing = (tries: number, resolved: number, k: number): number => {
    const good = 2 ** resolved - 1;
    let [choices, hits] = [0, 0];
    for (let choice = 0; choice < 2 ** tries; choice++) {
      if (onesOf(choice) !== k) continue;
      choices += 1;
      if ((choice & good) !== 0) hits += 1;
    }
    return hits / choices;
  };

  it('every k of every outcome of up to eight tries', () => {
    for (const tries of range(1, 8))
      for (const resolved of range(0, tries))
        for (const k of range(1, tries))
          expect(passAtK(tries, resolved, k), `${resolved} of ${tries}, ${k}`).toBeCloseTo(
            byChoosing(tries, resolved, k),
            13,
          );
  });

  it('stays in range with as many tries as nobody makes', () => {
    for (const [tries, resolved, k] of [
      [5000, 1, 2500],
      [5000, 2500, 2500],
      [100_000, 1, 1],
    ] as const) {
      const chance = passAtK(tries, resolved, k)!;
      expect(chance).toBeGreaterThan(0);
      expect(chance).toBeLessThanOrEqual(1);
    }
    expect(passAtK(5000, 1, 2500)).toBeCloseTo(0.5, 10);
    expect(passAtK(100_000, 1, 1)).toBeCloseTo(1e-5, 12);
  });

  it('is certain at both ends', () => {
    for (const tries of range(1, 12)) {
      expect(passAtK(tries, tries, 1)).toBe(1);
      expect(passAtK(tries, 1, tries)).toBe(1);
      for (const k of range(1, tries)) expect(passAtK(tries, 0, k)).toBe(0);
    }
  });
});

describe('Wilson, by the equation that defines it', () => {
  it('both ends are as many standard errors away as they should be', () => {
    for (const trials of [1, 2, 3, 7, 20, 133, 2294])
      for (const part of [0.1, 0.25, 0.5, 0.77, 0.99]) {
        const successes = part * trials;
        const { low, high } = wilson(successes, trials)!;
        for (const end of [low, high])
          expect((part - end) ** 2 / ((end * (1 - end)) / trials), `${part} of ${trials}`).toBeCloseTo(Z95 ** 2, 8);
        expect([low < part, part < high, low >= 0, high <= 1]).toEqual([true, true, true, true]);
      }
  });

  it('is the mirror of what was not resolved', () => {
    for (const trials of [1, 4, 9, 50])
      for (const successes of range(0, trials)) {
        const [one, other] = [wilson(successes, trials)!, wilson(trials - successes, trials)!];
        expect(one.low).toBeCloseTo(1 - other.high, 13);
        expect(one.high).toBeCloseTo(1 - other.low, 13);
      }
  });

  it('has exact ends where all or none are resolved', () => {
    for (const trials of [1, 5, 300]) {
      expect(wilson(0, trials)!.low).toBe(0);
      expect(wilson(trials, trials)!.high).toBe(1);
      expect(wilson(0, trials)!.high).toBeCloseTo(Z95 ** 2 / (trials + Z95 ** 2), 13);
    }
  });

  it('is narrower the more there were', () => {
    const widths = [2, 10, 50, 250, 1250].map((trials) => {
      const { low, high } = wilson(trials / 2, trials)!;
      return high - low;
    });
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths[4]).toBeCloseTo((2 * Z95 * 0.5) / Math.sqrt(1250), 3);
  });

  it('covers what is true about as often as it says: 20 coins, every way they can fall', () => {
    for (const truth of [0.2, 0.5, 0.7]) {
      let covered = 0;
      let ways = 1;
      for (const heads of range(0, 20)) {
        const { low, high } = wilson(heads, 20)!;
        if (low <= truth && truth <= high) covered += ways * truth ** heads * (1 - truth) ** (20 - heads);
        ways = (ways * (20 - heads)) / (heads + 1);
      }
      expect(covered).toBeGreaterThan(0.92);
      expect(covered).toBeLessThan(0.99);
    }
  });
});

describe('bootstrap', () => {
  const shares = [0, 0.2, 0.2, 0.4, 0.5, 0.6, 0.8, 1, 1, 1, 0.3, 0.9];
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;

  it('hardly depends on the order of its values', () => {
    const { low, high } = bootstrapMean(shares)!;
    const turned = bootstrapMean([...shares].reverse())!;
    expect(Math.abs(turned.low - low)).toBeLessThan(0.02);
    expect(Math.abs(turned.high - high)).toBeLessThan(0.02);
  });

  it('moves and scales with what it is given, drawn with the same chance', () => {
    const plain = bootstrapMean(shares)!;
    const moved = bootstrapMean(shares.map((share) => 10 + 4 * share))!;
    expect(moved.low).toBeCloseTo(10 + 4 * plain.low, 9);
    expect(moved.high).toBeCloseTo(10 + 4 * plain.high, 9);
  });

  it('lies about the mean, as wide as theory has it', () => {
    const { low, high } = bootstrapMean(shares)!;
    const spread = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
    const reach = (Z95 * spread) / Math.sqrt(shares.length);
    expect(low).toBeGreaterThan(mean - 1.1 * reach);
    expect(low).toBeLessThan(mean - 0.9 * reach);
    expect(high).toBeLessThan(mean + 1.1 * reach);
    expect(high).toBeGreaterThan(mean + 0.9 * reach);
  });

  it('of two values is told by all four samples of them', () => {
    // A mean of 0 and of 1 has a quarter of the chance each: far more than what is cut away.
    expect(bootstrapMean([0, 1])).toEqual({ low: 0, high: 1 });
    expect(bootstrapMean([-1, 3])).toEqual({ low: -1, high: 3 });
  });

  it('is as always without a seed, and does not touch its values', () => {
    const given = [3, 1, 2];
    expect(bootstrapMean(given)).toEqual(bootstrapMean(given, { seed: SEED }));
    expect(given).toEqual([3, 1, 2]);
    expect(RESAMPLES * 0.025).toBeGreaterThanOrEqual(100);
  });

  it('covers the true mean about as often as it says', () => {
    const draw = seeded(12);
    let covered = 0;
    for (let study = 0; study < 25; study++) {
      const values = Array.from({ length: 24 }, () => draw(5) / 4);
      const { low, high } = bootstrapMean(values, { seed: study })!;
      if (low <= 0.5 && 0.5 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(21);
  });
});

describe('chance', () => {
  it('stays below what it was asked for, and reaches all of it', () => {
    for (const below of [1, 2, 3, 7]) {
      const draw = seeded(below);
      const seen = new Set(Array.from({ length: 300 }, () => draw(below)));
      expect([...seen].sort()).toEqual(range(0, below - 1));
    }
  });

  it('of two seeds goes two ways, of one the same', () => {
    const of = (seed: number) => {
      const draw = seeded(seed);
      return Array.from({ length: 20 }, () => draw(1_000_000));
    };
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    expect(of(0)).not.toEqual(of(2 ** 31));
  });
});

describe('the frontier, looked for by hand', () => {
  /** Who is on it is told by walking from the cheapest up: only a better one than all before stays. */
  const byWalking = (agents: Priced[]): (boolean | null)[] =>
    agents.map((agent) => {
      if (agent.cost === null || agent.quality === null) return null;
      let best = Number.NEGATIVE_INFINITY;
      for (const other of agents) {
        if (other.cost === null || other.quality === null) continue;
        if (other.cost < agent.cost) best = Math.max(best, other.quality);
        if (other.cost === agent.cost && other.quality > agent.quality) return false;
      }
      return agent.quality > best;
    });

  it('of every three agents with three costs and three qualities each', () => {
    const known = range(0, 8).map((at) => ({ cost: Math.floor(at / 3), quality: at % 3 }));
    const all: Priced[] = [...known, { cost: null, quality: 2 }, { cost: 0, quality: null }];
    for (const a of all)
      for (const b of all)
        for (const c of all) expect(frontier([a, b, c]), JSON.stringify([a, b, c])).toEqual(byWalking([a, b, c]));
  });

  it('of one is itself; what is free and best leaves nobody else', () => {
    expect(frontier([{ cost: 5, quality: 0 }])).toEqual([true]);
    const many = range(1, 50).map((at) => ({ cost: at, quality: at / 100 }));
    expect(frontier(many).every((stays) => stays === true)).toBe(true);
    expect(frontier([...many, { cost: 0, quality: 1 }])).toEqual([...many.map(() => false), true]);
  });
});

describe('an estimate', () => {
  it('holds its value between its ends, whatever it is made of', () => {
    const draw = seeded(3);
    for (let study = 0; study < 20; study++) {
      const made = estimate(Array.from({ length: 1 + draw(9) }, () => draw(4) / 3))!;
      expect([made.low <= made.value, made.value <= made.high, made.low >= 0, made.high <= 1]).toEqual(
        Array(4).fill(true),
      );
    }
  });

  it('says how it was made, and of how many', () => {
    expect(estimate([0])).toMatchObject({ value: 0, low: 0, method: 'wilson', cases: 1 });
    expect(estimate([0, 1, 0.25])).toMatchObject({ method: 'bootstrap', cases: 3 });
    expect(estimate([0.25, 0.25])).toMatchObject({ method: 'wilson', cases: 2 });
  });
});
