/** The standard normal's point that leaves 2.5 % on either side. */
export const Z95 = 1.959963984540054;

export interface Interval {
  low: number;
  high: number;
}

/**
 * Wilson's score interval of a share, 95 %. Unlike `p ± z·s` it says something sensible about 0 of 5 and 5 of 5.
 * `successes` may be a sum of shares: anything between 0 and 1 varies at most as much as a coin of the same mean, so
 * the interval is then wider than it need be, never narrower.
 * @returns null where there is nothing to estimate from
 */
export const wilson = (successes: number, trials: number): Interval | null => {
  if (trials <= 0) return null;
  const share = successes / trials;
  const z2 = Z95 * Z95;
  const middle = share + z2 / (2 * trials);
  const reach = Z95 * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  return {
    low: share === 0 ? 0 : Math.max(0, (middle - reach) / scale),
    high: share === 1 ? 1 : Math.min(1, (middle + reach) / scale),
  };
};
