import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sanitizer, sanitizeLine, sanitizeText } from '../../src/cli/sanitize.ts';

const inChunks = (chunks: string[]): string => {
  const sanitizer = new Sanitizer();
  return chunks.map((chunk) => sanitizer.push(chunk)).join('') + sanitizer.end();
};

describe('what a terminal would act on', () => {
  it.each([
    ['plain text', 'hello wörld 日本語 👍', 'hello wörld 日本語 👍'],
    ['tabs and newlines stay', 'a\tb\nc', 'a\tb\nc'],
    ['CSI colour', 'a\x1b[31;1mred\x1b[0m', 'ared'],
    ['CSI with intermediates', 'a\x1b[0 qb', 'ab'],
    ['CSI private: alternate screen', 'a\x1b[?1049hb', 'ab'],
    ['CSI that never ends goes with its line', 'a\x1b[31\nb', 'a\nb'],
    ['8-bit CSI', 'a\u009b31mb', 'ab'],
    ['OSC title, BEL', 'a\x1b]0;owned\x07b', 'ab'],
    ['OSC 52 clipboard, ST', 'a\x1b]52;c;cm0gLXJm\x1b\\b', 'ab'],
    ['OSC 8 link keeps its text', '\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\', 'click'],
    ['8-bit OSC and 8-bit ST', 'a\u009d0;t\u009cb', 'ab'],
    ['unfinished OSC hides no more than its line', 'a\x1b]0;x\nb', 'a\nb'],
    ['DCS', 'a\x1bPq#0;1\x1b\\b', 'ab'],
    ['APC', 'a\x1b_Gf=100;data\x1b\\b', 'ab'],
    ['PM', 'a\x1b^secret\x1b\\b', 'ab'],
    ['SOS', 'a\x1bXsecret\x1b\\b', 'ab'],
    ['8-bit DCS, SOS, PM, APC', 'a\u0090x\u009cb\u0098x\u009cc\u009ex\u009cd\u009fx\u009ce', 'abcde'],
    ['a string cancelled by CAN', 'a\x1b]0;x\x18b', 'ab'],
    ['a string cut off by another sequence', 'a\x1b]0;x\x1b[31mb', 'ab'],
    ['two-character escapes: reset, save, index', 'a\x1bcb\x1b7c\x1bDd', 'abcd'],
    ['charset', 'a\x1b(0b', 'ab'],
    ['escape before a newline', 'a\x1b\nb', 'a\nb'],
    ['escape before a letter beyond ASCII', 'a\x1bé', 'aé'],
    ['backspace', 'safe\b\b\b\bevil', 'safeevil'],
    ['NUL, BEL, VT, FF, DEL', 'a\0b\x07c\x0bd\x0ce\x7ff', 'abcdef'],
    ['other C1, NEL among them', 'a\u0085b\u008dc', 'abc'],
    ['carriage return and newline', 'a\r\nb', 'a\nb'],
    ['lone carriage return', 'real\rfake', 'real\nfake'],
    ['line and paragraph separator', 'a\u2028b\u2029c', 'a\nb\nc'],
    ['bidi override and isolates', 'a\u202eb\u202cc\u2066d\u2069e', 'abcde'],
    ['direction marks', 'a\u200eb\u200fc\u061cd', 'abcd'],
    ['zero width', 'a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg', 'abcdefg'],
    ['invisible tags', 'a\u{e0041}\u{e007f}b', 'ab'],
    ['a lone surrogate', 'a\ud83db', 'a\ufffdb'],
  ])('%s', (_name, given, expected) => {
    expect(sanitizeText(given)).toBe(expected);
  });
});

const nasty = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('a', 'm', '[', ']', ';', '0', '1', '\\', 'P', '^', '_', 'X', ' ', '(', '?'),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom('\x1b', '\x07', '\n', '\r', '\t', '\b', '\0', '\x18', '\u009b', '\u009c', '\u009d'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\u202e', '\u200d', '\ufeff', '\u2028', '\ud83d', '\ude00', '👍', 'é', '日'),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
  ),
  maxLength: 60,
});

// Written apart from the code under test: what must never get through.
const ACTIVE =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])/;

describe('whatever comes', () => {
  it('nothing active is left', () => {
    fc.assert(fc.property(nasty, (text) => !ACTIVE.test(sanitizeText(text))));
  });

  it('a second pass changes nothing', () => {
    fc.assert(fc.property(nasty, (text) => sanitizeText(sanitizeText(text)) === sanitizeText(text)));
  });

  it('chunks, cut anywhere, give the same as the whole', () => {
    fc.assert(
      fc.property(nasty, fc.array(fc.nat(60), { maxLength: 6 }), (text, cuts) => {
        const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
        const chunks = at.slice(1).map((end, i) => text.slice(at[i], end));
        expect(inChunks(chunks)).toBe(sanitizeText(text));
      }),
    );
  });

  it('plain text comes through as it is', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'abc 0-9[]{};\t\nüßж中'.split('')) });
    fc.assert(fc.property(plain, (text) => sanitizeText(text) === text));
  });
});

describe('one line', () => {
  it('newlines and tabs become one space', () => {
    expect(sanitizeLine(' a\n\n\tb\x1b[2J ')).toBe('a b');
  });
});
