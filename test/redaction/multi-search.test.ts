import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMultiSearch, type Hit } from '../../src/redaction/multi-search.ts';

/** The same by trying every pattern everywhere. */
const naive = (patterns: string[], text: string): Hit[] => {
  const hits: Hit[] = [];
  for (let start = 0; start < text.length; ) {
    const here = patterns.map((pattern, n) => ({
      pattern: n,
      length: text.startsWith(pattern, start) ? pattern.length : 0,
    }));
    const best = here.reduce((a, b) => (b.length > a.length ? b : a));
    if (best.length > 0) hits.push({ start, end: start + best.length, pattern: best.pattern });
    start += Math.max(1, best.length);
  }
  return hits;
};

it('finds what trying everything finds', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '日'), minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 6 }), fc.array(word), (patterns, parts) => {
      const text = parts.join('');
      expect(createMultiSearch(patterns)(text)).toEqual(naive(patterns, text));
    }),
    { numRuns: 2000 },
  );
});

it('takes patterns longer than a shift can be, and none at all', () => {
  const long = 'x'.repeat(1000);
  expect(createMultiSearch([long])(`y${long}x`)).toEqual([{ start: 1, end: 1001, pattern: 0 }]);
  expect(createMultiSearch([])('anything')).toEqual([]);
});
