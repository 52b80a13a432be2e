import type { Span } from './model.ts';

/** Words, runs of spaces, and every other letter by itself; scripts without spaces letter by letter. */
const WORDS = /(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}])[\p{L}\p{N}\p{M}_])+|\s+|./gsu;

export const wordsOf = (text: string): string[] => text.match(WORDS) ?? [];

/** Comparisons that one patch may cost; what is over it is not looked into. */
export interface Budget {
  /** Pairs of lines. */
  pairs: number;
  /** Pairs of words. */
  words: number;
}

export const newBudget = (): Budget => ({ pairs: 200_000, words: 8_000_000 });

/** A pair of lines that has more words than this in its middle is changed there as a whole. */
const MOST_CELLS = 40_000;

/**
 * Which words of `a` and `b` are in both, as flags, by their longest common subsequence.
 */
const commonWords = (a: string[], b: string[], budget: Budget): { a: boolean[]; b: boolean[] } => {
  const kept = { a: a.map(() => false), b: b.map(() => false) };
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  kept.a.fill(true, 0, start).fill(true, a.length - end);
  kept.b.fill(true, 0, start).fill(true, b.length - end);
  const [rows, columns] = [a.length - start - end, b.length - start - end];
  if (rows * columns === 0 || rows * columns > MOST_CELLS || rows * columns > budget.words) return kept;
  budget.words -= rows * columns;
  const wide = columns + 1;
  const lengths = new Uint16Array((rows + 1) * wide);
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--) {
      const at = i * wide + j;
      lengths[at] =
        a[start + i] === b[start + j] ? lengths[at + wide + 1]! + 1 : Math.max(lengths[at + wide]!, lengths[at + 1]!);
    }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    const at = i * wide + j;
    if (a[start + i] === b[start + j]) {
      kept.a[start + i] = true;
      kept.b[start + j] = true;
      i += 1;
      j += 1;
    } else if (lengths[at + wide]! >= lengths[at + 1]!) i += 1;
    else j += 1;
  }
  return kept;
};

/** Spans of the words that are not kept; a space between two of them is taken in. */
const spansOf = (words: string[], kept: boolean[]): Span[] => {
  const spans: Span[] = [];
  let offset = 0;
  words.forEach((word, at) => {
    const isGap = /^\s+$/.test(word) && at > 0 && !kept[at - 1] && at + 1 < words.length && !kept[at + 1];
    if (!kept[at] || isGap) {
      const last = spans.at(-1);
      if (last && last[1] === offset) last[1] += word.length;
      else spans.push([offset, offset + word.length]);
    }
    offset += word.length;
  });
  return spans;
};

const letters = (words: string[], counts: (at: number) => boolean = () => true): number =>
  words.reduce((sum, word, at) => sum + (counts(at) && word.trim() !== '' ? word.length : 0), 0);

/** With less than this in common, what changed is the line. */
const LEAST = 0.35;

/** What changed between two versions of a line. Nothing is marked where they have hardly anything in common. */
export const changedWords = (before: string, after: string, budget: Budget): { before: Span[]; after: Span[] } => {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  const kept = commonWords(a, b, budget);
  const all = letters(a) + letters(b);
  const common = letters(a, (at) => kept.a[at]!) + letters(b, (at) => kept.b[at]!);
  if (all > 0 && common / all < LEAST) return { before: [], after: [] };
  return { before: spansOf(a, kept.a), after: spansOf(b, kept.b) };
};
