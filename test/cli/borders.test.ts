import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest } from '../../src/cli/closest.ts';
import { parseDuration, parseMoment } from '../../src/cli/duration.ts';
import { formatAge, formatBytes, formatDuration, formatMoney, formatTokens } from '../../src/cli/format.ts';
import { textWidth } from '../../src/cli/width.ts';

const NOW = '2026-11-22T13:00:00.000Z';
const ago = (ms: number): string => new Date(Date.parse(NOW) - ms).toISOString();

describe('numbers at their borders', () => {
  it.each([
    [1, '1 B'],
    [1023, '1023 B'],
    [1_048_524, '1023.9 KiB'],
    [1_048_525, '1.0 MiB'],
    [1_048_576, '1.0 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2 * 1024 ** 4, '2.0 TiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ])('%d bytes are %s', (given, expected) => expect(formatBytes(given)).toBe(expected));

  it.each([
    [999, '999'],
    [999_999_999, '1.0G'],
    [12e12, '12000.0G'],
  ])('%d tokens are %s', (given, expected) => expect(formatTokens(given)).toBe(expected));

  it.each([
    [0.0099, '<$0.01'],
    [0.01, '$0.01'],
    [0.5, '$0.50'],
    [1234.5, '$1234.50'],
  ])('%d dollars are %s', (given, expected) => expect(formatMoney(given)).toBe(expected));

  it.each([
    [59_999, 'now'],
    [60_000, '1m ago'],
    [3_599_999, '59m ago'],
    [3_600_000, '1h ago'],
    [86_399_999, '23h ago'],
    [86_400_000, '1d ago'],
    [2_629_799_999, '30d ago'],
    [2_629_800_000, '1mo ago'],
    [31_557_599_999, '11mo ago'],
    [31_557_600_000, '1y ago'],
  ])('%d ms before is %s', (ms, expected) => expect(formatAge(ago(ms), NOW)).toBe(expected));

  it('durations never show sixty of a unit, nor go down as time goes up', () => {
    const weight = (text: string): number => {
      const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
      return [...text.matchAll(/([\d.]+)([smhd])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0);
    };
    fc.assert(
      fc.property(fc.nat(400_000_000), fc.nat(100_000), (ms, more) => {
        const [a, b] = [formatDuration(ms), formatDuration(ms + more)];
        expect(a).not.toMatch(/\b60s|\b60m|\b24h/);
        expect(weight(b)).toBeGreaterThanOrEqual(weight(a));
      }),
    );
  });
});

describe('what a person writes for a time', () => {
  it.each([
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1w', 604_800_000],
    ['1h 30m', 5_400_000],
    ['90S', 90_000],
    ['1d12h', 129_600_000],
    ['0.5ms', 1],
    ['1m1ms', 60_001],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['0.4ms', '1.m', '.5h', '1h30', '1 h m', '1h-30m', '１h', '1e9s', 'h1'])('"%s" is no duration', (text) =>
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'usage.invalid' })),
  );

  it.each([
    ['0s', NOW],
    ['1d', '2026-11-21T13:00:00.000Z'],
    ['2024-02-29T12:00Z', '2024-02-29T12:00:00.000Z'],
    ['2026-11-22 14:30:15.25+01:00', '2026-11-22T13:30:15.250Z'],
    ['2026-11-22T14:30-0230', '2026-11-22T17:00:00.000Z'],
    [' 2026-12-31T23:59Z ', '2026-12-31T23:59:00.000Z'],
  ])('"%s" is %s', (text, at) => expect(parseMoment(text, NOW)).toBe(at));

  it('a day begins where its reader is', () => {
    expect(parseMoment('2026-07-01', NOW)).toBe(new Date(2026, 6, 1).toISOString());
    expect(parseMoment('2026-07-01T05:06', NOW)).toBe(new Date(2026, 6, 1, 5, 6).toISOString());
    const noon = new Date(2026, 2, 1, 12).toISOString();
    expect(parseMoment('today', noon)).toBe(new Date(2026, 2, 1).toISOString());
    expect(parseMoment(' Yesterday', noon)).toBe(new Date(2026, 1, 28).toISOString());
  });

  it.each([
    'constructor',
    '2026-02-29',
    '2026-02-30T10:00Z',
    '2026-11-31',
    '2026-00-10',
    '2026-13-01',
    '2026-11-22T25:00',
    '2026-11-22T14',
    '2026-11-22T14:30+1',
    '999999999999w',
    '2026-11-22Z',
  ])('"%s" is no moment, and says so', (text) =>
    expect(() => parseMoment(text, NOW)).toThrow(expect.objectContaining({ code: 'usage.invalid', exit: 2 })),
  );
});

describe('the name that was meant', () => {
  const names = ['list', 'logs', 'merge', 'status', 'config get', 'config set', 'prune'];

  it.each([
    ['lsit', 'list'],
    ['ilst', 'list'],
    ['mege', 'merge'],
    ['merrge', 'merge'],
    ['marge', 'merge'],
    ['m', 'merge'],
    ['stat', 'status'],
    ['sttaus', 'status'],
    ['config gte', 'config get'],
    ['confg set', 'config set'],
    ['lst', 'list'],
    ['lgos', 'logs'],
  ])('%s is %s', (word, name) => expect(closest(word, names)).toBe(name));

  it.each(['tsil', 'xxxlist', 'abc', 'egrem', 'prnnnn'])('%s is none of them', (word) =>
    expect(closest(word, names)).not.toBe('list'),
  );

  it('is as many edits away as a plain recursion counts, and the first of those as near', () => {
    const edits = (a: string, b: string): number => {
      if (a === '' || b === '') return a.length + b.length;
      const [x, y] = [a.slice(0, -1), b.slice(0, -1)];
      const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1);
      return Math.min(
        edits(x, b) + 1,
        edits(a, y) + 1,
        edits(x, y) + Number(a.at(-1) !== b.at(-1)),
        swapped ? edits(a.slice(0, -2), b.slice(0, -2)) + 1 : Number.POSITIVE_INFINITY,
      );
    };
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 3 }), (given, list) => {
        const far = list.map((name) => (name.startsWith(given) ? 1 : edits(given, name)));
        const nearest = Math.min(...far);
        expect(closest(given, list)).toBe(nearest <= 2 ? list[far.indexOf(nearest)] : undefined);
      }),
      { numRuns: 300 },
    );
    expect(closest('abcdefghijkl', ['abcdefghXXXX'])).toBe('abcdefghXXXX');
    expect(closest('abcdefghijkl', ['abcdefgXXXXX'])).toBeUndefined();
  });
});

describe('widths, by what Unicode says of characters', () => {
  const every = (pattern: RegExp, first = 0, last = 0x3fffd): string[] => {
    const found: string[] = [];
    for (let code = first; code <= last; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const char = String.fromCodePoint(code);
      if (pattern.test(char)) found.push(char);
    }
    return found;
  };
  const wrong = (chars: string[], width: number): string[] =>
    chars.filter((char) => textWidth(`a${char}`) !== 1 + width).map((char) => char.codePointAt(0)!.toString(16));

  it('emoji that are shown as such take two', () => {
    expect(wrong(every(/^(?=\p{Emoji_Presentation})[^\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}]$/u), 2)).toEqual([]);
    expect(wrong(every(/^(?=\p{Emoji})(?!\p{Emoji_Presentation})\P{Emoji_Component}$/u, 0x80, 0xffff), 1)).toEqual([
      '3030',
      '303d',
      '3297',
      '3299',
    ]);
  });

  it('ideographs, kana and syllables take two', () => {
    const wide = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]$/u;
    expect(wrong(every(wide, 0x3400, 0xa000), 2)).toEqual([]);
    expect(wrong(every(/^[\u{20000}-\u{2a6df}\u{30000}-\u{3134a}]$/u, 0x20000).slice(0, 3000), 2)).toEqual([]);
    expect(wrong(['\uac00', '\ud7a3', '\uff01', '\uff60', '\uffe0', '\uffe6', '\u3041', '\ufe30'], 2)).toEqual([]);
  });

  it('letters of alphabets take one, half-width forms too, and marks none', () => {
    expect(
      wrong(every(/^(?=\p{Letter})[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]$/u, 0x80, 0xff20), 1),
    ).toEqual([]);
    expect(wrong(every(/^(?=\p{Letter})[\p{Script=Hebrew}\p{Script=Arabic}]$/u, 0x500, 0x6ff), 1)).toEqual([]);
    expect(wrong(every(/^\p{Letter}$/u, 0xff61, 0xff9d), 1)).toEqual([]);
    expect(wrong(every(/^\p{Nonspacing_Mark}$/u, 0x300, 0x36f), 0)).toEqual([]);
    expect(
      wrong(['\u2190', '\u2500', '\u25fc', '\u2713', '\u2026', '\u20ac', '\u2603', '\uffe8', '\uffe7'], 1),
    ).toEqual([]);
  });
});
