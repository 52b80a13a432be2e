import type { Budget } from './changed-words.ts';

/** Over so many pairs a block is paired line by line from its top. */
const MOST_PAIRS = 1_000;
/** A longer line is no text that somebody compares by eye. */
export const LONGEST_LINE = 2_000;

/** Least likeness of two lines that are one line changed. */
const LEAST = 0.45;

/** How often each pair of neighbouring letters is in a line, spaces left out. */
interface Bag {
  counts: Map<number, number>;
  size: number;
}

const bagOf = (text: string): Bag => {
  const counts = new Map<number, number>();
  const dense = text.length > LONGEST_LINE ? '' : text.replace(/\s+/g, '');
  for (let at = 0; at < dense.length; at++) {
    const key = dense.charCodeAt(at) * 65_536 + (dense.charCodeAt(at + 1) || 0);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { counts, size: dense.length };
};

/** How alike two lines are, 0 to 1. Source: the Sørensen–Dice coefficient of their pairs of letters. */
const likeness = (a: Bag, b: Bag): number => {
  const all = a.size + b.size;
  if (all === 0 || (2 * Math.min(a.size, b.size)) / all < LEAST) return 0;
  let common = 0;
  for (const [key, count] of a.counts) common += Math.min(count, b.counts.get(key) ?? 0);
  return (2 * common) / all;
};

/** In order and as alike as possible, taken together. */
const bestPairs = (likenesses: number[][]): [number, number][] => {
  const rows = likenesses.length;
  const columns = likenesses[0]?.length ?? 0;
  const best = Array.from({ length: rows + 1 }, () => new Float64Array(columns + 1));
  const gain = (i: number, j: number): number => {
    const value = likenesses[i]![j]!;
    return value >= LEAST ? best[i + 1]![j + 1]! + value : -1;
  };
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--) best[i]![j] = Math.max(best[i + 1]![j]!, best[i]![j + 1]!, gain(i, j));
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (gain(i, j) >= best[i]![j]! && gain(i, j) > 0) pairs.push([i++, j++]);
    else if (best[i + 1]![j]! >= best[i]![j + 1]!) i += 1;
    else j += 1;
  }
  return pairs;
};

/** Which removed line became which added one, by their places, in order. */
export const pairLines = (removed: string[], added: string[], budget: Budget): [number, number][] => {
  const size = removed.length * added.length;
  if (size === 0) return [];
  const [before, after] = [removed.map(bagOf), added.map(bagOf)];
  if (size <= MOST_PAIRS && size <= budget.pairs) {
    budget.pairs -= size;
    return bestPairs(before.map((a) => after.map((b) => likeness(a, b))));
  }
  const pairs: [number, number][] = [];
  for (let at = 0; at < Math.min(before.length, after.length); at++)
    if (likeness(before[at]!, after[at]!) >= LEAST) pairs.push([at, at]);
  return pairs;
};
