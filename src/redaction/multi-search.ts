/**
 * Searches for many fixed strings at once, after Wu and Manber ("A Fast Algorithm for Multi-Pattern Searching", 1994):
 * the last two characters of a window tell how far it may be moved, so most characters are never looked at.
 */
export interface Hit {
  start: number;
  end: number;
  /** Which of the patterns, by their place in the list. */
  pattern: number;
}

const SIZE = 1 << 16;
const hash = (a: number, b: number): number => ((a << 8) ^ b) & (SIZE - 1);

const shiftTable = (patterns: readonly string[], window: number): Uint8Array => {
  const farthest = Math.min(window - 1, 255);
  const table = new Uint8Array(SIZE).fill(farthest);
  for (const pattern of patterns)
    for (let j = 1; j < window; j++) {
      const block = hash(pattern.charCodeAt(j - 1), pattern.charCodeAt(j));
      table[block] = Math.min(table[block]!, window - 1 - j);
    }
  return table;
};

/** Patterns by the block that ends their window, longest first. */
const buckets = (patterns: readonly string[], window: number): Map<number, number[]> => {
  const map = new Map<number, number[]>();
  const longestFirst = patterns.map((_, n) => n).sort((a, b) => patterns[b]!.length - patterns[a]!.length);
  for (const n of longestFirst) {
    const block = hash(patterns[n]!.charCodeAt(window - 2), patterns[n]!.charCodeAt(window - 1));
    map.set(block, [...(map.get(block) ?? []), n]);
  }
  return map;
};

/**
 * @param patterns at least two characters each
 * @returns a function giving the occurrences in order, from the left, the longest at each place, never overlapping
 */
export const createMultiSearch = (patterns: readonly string[]): ((text: string) => Hit[]) => {
  if (patterns.length === 0) return () => [];
  const window = Math.min(...patterns.map((pattern) => pattern.length));
  const shifts = shiftTable(patterns, window);
  const byBlock = buckets(patterns, window);
  return (text) => {
    const hits: Hit[] = [];
    for (let at = window - 1; at < text.length; ) {
      const block = hash(text.charCodeAt(at - 1), text.charCodeAt(at));
      const shift = shifts[block]!;
      if (shift > 0) {
        at += shift;
        continue;
      }
      const start = at - window + 1;
      const found = byBlock.get(block)?.find((n) => text.startsWith(patterns[n]!, start));
      const end = found === undefined ? start : start + patterns[found]!.length;
      if (found !== undefined) hits.push({ start, end, pattern: found });
      at = found === undefined ? at + 1 : end + window - 1;
    }
    return hits;
  };
};
