import { sanitizeText } from '../sanitize.ts';
import { textWidth } from '../width.ts';

/** What a terminal obeys or hides: control characters, line separators, what reorders text, what has no width. */
const UNSEEN = /[\0-\x08\x0a-\x1f\x7f-\x9f]|(?![\ufe00-\ufe0f])[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[\x20-\x7e]*$/;

const picture = (char: string): string => {
  const code = char.codePointAt(0)!;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
};

const expandTabs = (text: string, size: number): string => {
  let out = '';
  let column = 0;
  for (const [at, piece] of text.split('\t').entries()) {
    const gap = at === 0 ? 0 : size - (column % size);
    out += ' '.repeat(gap) + piece;
    column += gap + textWidth(piece);
  }
  return out;
};

/**
 * One line of a file as a reviewer has to see it: nothing in it steers the terminal, and nothing is hidden either, as
 * it might be what the change is about. Control characters become their pictures (`␛`), others their number
 * (`<U+202E>`); tabs become spaces.
 */
export const visible = (text: string, tabSize = 8): string => {
  if (PLAIN.test(text)) return text;
  const seen = text.replace(UNSEEN, picture);
  return sanitizeText(seen.includes('\t') ? expandTabs(seen, tabSize) : seen);
};
