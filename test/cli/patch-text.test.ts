import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { languageOf } from '../../src/cli/patch/language-of.ts';
import { unquote } from '../../src/cli/patch/unquote.ts';
import { visible } from '../../src/cli/patch/visible.ts';
import { sanitizeText } from '../../src/cli/sanitize.ts';
import { graphemeCells, textWidth } from '../../src/cli/width.ts';

describe('visible', () => {
  it.each([
    ['plain text', 'plain text'],
    ['a\u001b]0;title\u0007b', 'a␛]0;title␇b'],
    ['\u001b[2J', '␛[2J'],
    ['x\ry', 'x␍y'],
    ['nul\0del\u007f', 'nul␀del␡'],
    ['c1\u009b2J', 'c1<U+009B>2J'],
    ['rtl\u202eevil', 'rtl<U+202E>evil'],
    ['zero\u200bwidth\ufeff', 'zero<U+200B>width<U+FEFF>'],
    ['line\u2028break', 'line<U+2028>break'],
    ['tag\u{e0041}', 'tag<U+E0041>'],
    ['名前 👋 ❤\ufe0f é', '名前 👋 ❤\ufe0f é'],
    ['lone\ud800half', 'lone\ufffdhalf'],
  ])('%j is shown as %j', (given, expected) => expect(visible(given)).toBe(expected));

  it('puts tabs where the terminal would, after wide letters too', () => {
    expect(visible('\ta')).toBe(`${' '.repeat(8)}a`);
    expect(visible('ab\tc', 4)).toBe('ab  c');
    expect(visible('abcd\tc', 4)).toBe('abcd    c');
    expect(visible('名\tx', 4)).toBe('名  x');
    expect(visible('a\t\tb', 4)).toBe('a       b');
  });

  it('leaves nothing that a terminal obeys, and nothing for the sanitizer to take', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const shown = visible(text);
        expect(shown).not.toMatch(/[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(sanitizeText(shown)).toBe(shown);
        expect(visible(shown)).toBe(shown);
      }),
      { numRuns: 2000 },
    );
  });

  it('hides nothing: different lines look different', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', '\u001b', '\u202e', '\u200b', '\r', '\0'), maxLength: 8 });
    fc.assert(
      fc.property(odd, odd, (a, b) => {
        expect(visible(a) === visible(b)).toBe(a === b);
      }),
    );
  });
});

describe('unquote', () => {
  it.each([
    ['a/plain name', 'a/plain name'],
    ['"a/\\303\\244.txt"', 'a/ä.txt'],
    ['"b/tab\\there\\n"', 'b/tab\there\n'],
    ['"quote \\" and \\\\"', 'quote " and \\'],
    ['"\\a\\b\\v\\f\\r"', '\u0007\b\v\f\r'],
    ['"odd \\377 byte"', 'odd \ufffd byte'],
  ])('%s is %j', (given, expected) => expect(unquote(given)).toBe(expected));
});

describe('languageOf', () => {
  it.each([
    ['src/app.ts', 'typescript'],
    ['View.TSX', 'typescript'],
    ['a/b/Dockerfile', 'dockerfile'],
    ['Dockerfile.prod', 'dockerfile'],
    ['x.test.py', 'python'],
    ['.bashrc', 'bash'],
    ['Makefile', 'makefile'],
    ['go', undefined],
    ['ts', undefined],
    ['README', undefined],
    ['a.constructor', undefined],
    ['__proto__', undefined],
    ['dir.ts/file', undefined],
  ])('%s is %s', (path, expected) => expect(languageOf(path)).toBe(expected));
});

describe('graphemeCells', () => {
  it('gives each letter with its columns, which add up', () => {
    expect(graphemeCells('ab')).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(graphemeCells('名e\u0301👩‍👧')).toEqual([
      ['名', 2],
      ['e\u0301', 1],
      ['👩‍👧', 2],
    ]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const cells = graphemeCells(text);
        expect(cells.map(([letter]) => letter).join('')).toBe(text);
        expect(cells.reduce((sum, [, columns]) => sum + columns, 0)).toBe(textWidth(text));
      }),
    );
  });
});
