/**
 * The chance that at least one of `k` tries resolves a case of which `resolved` of `tries` did: the unbiased estimator
 * 1 − C(tries − resolved, k) / C(tries, k) of Chen et al. 2021 (arXiv 2107.03374), as the product that stays in range.
 * @returns null where there were fewer than `k` tries: nothing unbiased can be said then
 */
export const passAtK = (tries: number, resolved: number, k: number): number | null => {
  if (k < 1 || tries < k) return null;
  if (tries - resolved < k) return 1;
  let none = 1;
  for (let i = tries - resolved + 1; i <= tries; i++) none *= 1 - k / i;
  return 1 - none;
};

/** The numbers of tries that a report tells of: 1, 2, 3, 5, 10, … as far as there were tries, and all of them. */
export const tellingKs = (repeats: number): number[] => {
  const known = [1, 2, 3, 5, 10, 20, 50, 100].filter((k) => k < repeats);
  return [...known, Math.max(1, repeats)];
};
