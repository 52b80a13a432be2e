/** A fraction of whole numbers of any size; 0 where it is smaller than any double. */
const quotient = (above: bigint, below: bigint): number => {
  const shift = Math.max(0, below.toString(2).length - above.toString(2).length + 64);
  return Number((above << BigInt(shift)) / below) * 2 ** -shift;
};

/**
 * McNemar's exact test, two-sided: how likely it is, were both agents equally good, that the cases which only one of
 * them resolves are divided at least as unevenly (a fair coin thrown `onlyA + onlyB` times). Cases on which both agree
 * say nothing about it.
 */
export const mcNemarExact = (onlyA: number, onlyB: number): number => {
  const thrown = onlyA + onlyB;
  let ways = 1n;
  let sum = 1n;
  for (let i = 1; i <= Math.min(onlyA, onlyB); i++) {
    ways = (ways * BigInt(thrown - i + 1)) / BigInt(i);
    sum += ways;
  }
  return Math.min(1, quotient(2n * sum, 1n << BigInt(thrown)));
};

/**
 * Holm's correction: with many comparisons one of them comes out small by chance alone. The smallest of m is
 * multiplied by m, the next by m − 1 and so on, never below the one before.
 * @returns in the order of what was given
 */
export const holm = (ps: readonly number[]): number[] => {
  const order = ps.map((_, at) => at).sort((a, b) => ps[a]! - ps[b]!);
  const corrected = new Array<number>(ps.length);
  let least = 0;
  order.forEach((at, rank) => {
    least = Math.max(least, Math.min(1, ps[at]! * (ps.length - rank)));
    corrected[at] = least;
  });
  return corrected;
};
