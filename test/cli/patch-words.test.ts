import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedWords, newBudget, wordsOf } from '../../src/cli/patch/changed-words.ts';
import type { Span } from '../../src/cli/patch/model.ts';
import { pairLines } from '../../src/cli/patch/paired-lines.ts';

const cut = (text: string, spans: Span[]): string[] => spans.map(([from, to]) => text.slice(from, to));
const without = (text: string, spans: Span[]): string => {
  let out = '';
  let at = 0;
  for (const [from, to] of spans) {
    out += text.slice(at, from);
    at = to;
  }
  return out + text.slice(at);
};
const changed = (before: string, after: string) => {
  const spans = changedWords(before, after, newBudget());
  return [cut(before, spans.before), cut(after, spans.after)];
};

describe('wordsOf', () => {
  it('keeps words, numbers and names whole, and scripts without spaces apart', () => {
    expect(wordsOf('foo_bar(x1, "ä")')).toEqual(['foo_bar', '(', 'x1', ',', ' ', '"', 'ä', '"', ')']);
    expect(wordsOf('挨拶する')).toEqual(['挨', '拶', 'す', 'る']);
    expect(wordsOf('a名b')).toEqual(['a', '名', 'b']);
    expect(wordsOf('👋🏽x')).toEqual(['👋', '🏽', 'x']);
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => wordsOf(text).join('') === text));
  });
});

describe('changedWords', () => {
  it.each([
    ['const a = 1;', 'const a = 2;', [['1'], ['2']]],
    ['greet(person, polite)', 'greet(person, isPolite)', [['polite'], ['isPolite']]],
    ['return a + b;', 'return a + b + c;', [[], [' + c']]],
    ['one two three', 'one three', [['two '], []]],
    ['  x = 1', '    x = 1', [['  '], ['    ']]],
    ['call(old name here)', 'call(new word here)', [['old name'], ['new word']]],
    ['same', 'same', [[], []]],
  ])('%j → %j', (before, after, expected) => expect(changed(before, after)).toEqual(expected));

  it('marks nothing in lines that have hardly anything in common', () => {
    expect(changed('import fs from "fs";', '})')).toEqual([[], []]);
    expect(changed('alpha beta gamma', 'delta epsilon zeta')).toEqual([[], []]);
  });

  it('what is not marked is the same in both, but for spaces', () => {
    const line = fc.array(fc.constantFrom('a', 'bb', ' ', '  ', '(', ')', '=', 'ccc'), { maxLength: 25 });
    fc.assert(
      fc.property(line, line, (a, b) => {
        const [before, after] = [a.join(''), b.join('')];
        const spans = changedWords(before, after, newBudget());
        if (spans.before.length + spans.after.length === 0) return;
        const rest = (text: string, of: Span[]): string => without(text, of).replace(/\s+/g, '');
        expect(rest(before, spans.before)).toBe(rest(after, spans.after));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives spans in order, within the line, that do not touch', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '名'), maxLength: 40 });
    fc.assert(
      fc.property(line, line, (before, after) => {
        for (const [text, spans] of [
          [before, changedWords(before, after, newBudget()).before],
          [after, changedWords(before, after, newBudget()).after],
        ] as const) {
          let last = -1;
          for (const [from, to] of spans) {
            expect(from).toBeGreaterThan(last);
            expect(to).toBeGreaterThan(from);
            last = to;
          }
          expect(last).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });

  it('stops looking where it costs too much: the middle is changed as a whole', () => {
    const spent = { pairs: 0, words: 3 };
    const spans = changedWords('f(a b c d) {', 'f(a x c y) {', spent);
    expect(cut('f(a b c d) {', spans.before)).toEqual(['b c d']);
    expect(spent.words).toBe(3);
    const budget = newBudget();
    changedWords('f(a b)', 'f(a c)', budget);
    expect(budget.words).toBeLessThan(newBudget().words);
    const long = (word: string): string => `start ${`${word} `.repeat(900)}end same same same`;
    expect(changedWords(long('a'), long('b'), newBudget()).before.length).toBeLessThanOrEqual(1);
  });
});

describe('pairLines', () => {
  const pairs = (removed: string[], added: string[]) => pairLines(removed, added, newBudget());

  it('finds what a line became, over lines that are new', () => {
    expect(pairs(['if (polite) {'], ['const { name } = person;', 'if (isPolite) {'])).toEqual([[0, 1]]);
    expect(pairs(['let a = 1;', 'let b = 2;'], ['let a = 10;', 'let b = 20;'])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(pairs(['gone for ever', 'export const x = 1;'], ['export const x = 2;'])).toEqual([[1, 0]]);
  });

  it('pairs nothing that is not alike', () => {
    expect(pairs(['}'], ['import { readFile } from "node:fs";'])).toEqual([]);
    expect(pairs(['', '   '], ['', '  '])).toEqual([]);
    expect(pairs([], ['x'])).toEqual([]);
    expect(pairs(['x'.repeat(3000)], ['x'.repeat(3000)])).toEqual([]);
  });

  it('pairs each line once and never crosses', () => {
    const text = fc.array(fc.constantFrom('let a = 1;', 'let a = 2;', 'call(x)', 'call(y)', '}', ''), { maxLength: 8 });
    fc.assert(
      fc.property(text, text, (removed, added) => {
        let [i, j] = [-1, -1];
        for (const [before, after] of pairs(removed, added)) {
          expect(before).toBeGreaterThan(i);
          expect(after).toBeGreaterThan(j);
          [i, j] = [before, after];
        }
        expect(i).toBeLessThan(removed.length);
        expect(j).toBeLessThan(added.length);
      }),
      { numRuns: 500 },
    );
  });

  it('goes line by line in a block that is too large, and when the budget is spent', () => {
    const lines = (word: string): string[] => Array.from({ length: 60 }, (_, at) => `const ${word}${at} = ${at};`);
    const before = lines('value');
    const after = ['a line of its own', ...lines('value').slice(1)];
    expect(pairs(before, after)).toHaveLength(59);
    expect(pairs(before, after)[0]).toEqual([1, 1]);
    expect(pairLines(['b', 'let a = 1;'], ['let a = 2;', 'c'], { pairs: 0, words: 0 })).toEqual([]);
  });
});
