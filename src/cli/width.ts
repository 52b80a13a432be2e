/** Columns that text takes in a terminal. */

const ASCII = /^[\x20-\x7e]*$/;

/** First and last code points of East Asian wide characters and emoji (Unicode 16, EastAsianWidth.txt, merged). */
const WIDE: readonly [number, number][] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x23f0, 0x23f0],
  [0x23f3, 0x23f3],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x267f, 0x267f],
  [0x2693, 0x2693],
  [0x26a1, 0x26a1],
  [0x26aa, 0x26ab],
  [0x26bd, 0x26be],
  [0x26c4, 0x26c5],
  [0x26ce, 0x26ce],
  [0x26d4, 0x26d4],
  [0x26ea, 0x26ea],
  [0x26f2, 0x26f3],
  [0x26f5, 0x26f5],
  [0x26fa, 0x26fd],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274e],
  [0x2753, 0x2757],
  [0x2795, 0x2797],
  [0x27b0, 0x27bf],
  [0x2b1b, 0x2b1c],
  [0x2b50, 0x2b55],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1b2fb],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f18e],
  [0x1f191, 0x1f19a],
  [0x1f1e6, 0x1f202],
  [0x1f210, 0x1f265],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7f0],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];

const isWide = (code: number): boolean => {
  let low = 0;
  let high = WIDE.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = WIDE[middle]!;
    if (code < first) high = middle - 1;
    else if (code > last) low = middle + 1;
    else return true;
  }
  return false;
};

/**
 * Characters that join with their neighbours: combining marks, scripts that have them, joiners, emoji sequences. Only
 * for these the text is cut into graphemes, as that loads ICU: 20 ms.
 */
const JOINING = new RegExp(
  '[\\u0300-\\u036f\\u0483-\\u0489\\u0590-\\u1dff\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
    '\\u20d0-\\u20ff\\u302a-\\u302f\\u3099\\u309a\\ua66f-\\uabff\\ud7b0-\\ud7ff\\ufe00-\\ufe0f\\ufe20-\\ufe2f\\ufeff\\u{10a00}-\\u{16fff}\\u{1d165}-\\u{1d244}\\u{1e000}-\\u{1efff}\\u{1f1e6}-\\u{1f1ff}\\u{1f3fb}-\\u{1f3ff}\\u{e0000}-\\u{e0fff}]',
  'u',
);

let graphemes: Intl.Segmenter | undefined;
const segments = (text: string): string[] => {
  if (!JOINING.test(text)) return [...text];
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
};

const MARK = /^[\p{Mark}\p{Format}]$/u;
const isMark = (char: string): boolean => JOINING.test(char) && MARK.test(char);

/** A grapheme is as wide as its base; U+FE0F asks for the (wide) emoji. */
const graphemeWidth = (grapheme: string): number => {
  const code = grapheme.codePointAt(0)!;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0) || isMark(String.fromCodePoint(code))) return 0;
  // Thai and Lao AM belong to the grapheme before and take a column of their own.
  if (grapheme.includes('\u0e33') || grapheme.includes('\u0eb3')) return 2;
  return isWide(code) || grapheme.includes('\ufe0f') ? 2 : 1;
};

/** The letters of a text, as a person counts them, each with its columns. */
export const graphemeCells = (text: string): [letter: string, columns: number][] =>
  ASCII.test(text)
    ? Array.from(text, (letter) => [letter, 1])
    : segments(text).map((grapheme) => [grapheme, graphemeWidth(grapheme)]);

/** Columns of a text without escape sequences. */
export const textWidth = (text: string): number => {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const grapheme of segments(text)) width += graphemeWidth(grapheme);
  return width;
};

/** The text cut to at most so many columns, with an ellipsis in the last one when something was cut. */
export const truncate = (text: string, columns: number): string => {
  if (columns <= 0) return '';
  if (textWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const grapheme of ASCII.test(text) ? text : segments(text)) {
    const next = width + graphemeWidth(grapheme);
    if (next > columns - 1) break;
    kept += grapheme;
    width = next;
  }
  return `${kept}…`;
};

/** The text filled with spaces to so many columns; longer text stays as it is. */
export const pad = (text: string, columns: number, align: 'left' | 'right' = 'left'): string => {
  const gap = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return align === 'left' ? text + gap : gap + text;
};
