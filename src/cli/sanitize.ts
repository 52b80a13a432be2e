/**
 * Makes text that an agent (or a commit, or a file name) wrote inert before it reaches a terminal: no escape sequence,
 * no control character but tab and newline, nothing that reorders or hides text.
 *
 * Sequences as in ECMA-48: CSI `ESC [ … final`, the strings OSC `ESC ]`, DCS `ESC P`, SOS `ESC X`, PM `ESC ^`, APC `ESC _`
 * up to ST or BEL, and the 8-bit forms (C1) of all of them. An unfinished one ends at the newline, so that a single bad
 * byte never hides more than its line. A lone carriage return and the Unicode line separators become newlines.
 */
type State = 'text' | 'escape' | 'escape-intermediate' | 'csi' | 'string' | 'string-escape';

const BIDI = '\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069';
const ZERO_WIDTH =
  '\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb';
const HIDDEN = new RegExp(`[${BIDI}${ZERO_WIDTH}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]`, 'u');
/** Anything that is not plain text, lone surrogates included: without it there is nothing to do. */
const SUSPICIOUS = new RegExp(`[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff${BIDI}${ZERO_WIDTH}]`, '');

const STRING_OPENERS = new Set([']', 'P', 'X', '^', '_']);
const C1_STRING_OPENERS = new Set(['\u0090', '\u0098', '\u009d', '\u009e', '\u009f']);

const between = (char: string, low: number, high: number): boolean => {
  const code = char.codePointAt(0)!;
  return code >= low && code <= high;
};
const isControl = (char: string): boolean => between(char, 0, 0x1f) || between(char, 0x7f, 0x9f);

export class Sanitizer {
  #state: State = 'text';
  #afterReturn = false;
  /** First half of a character that was cut between two chunks. */
  #half = '';

  /** Takes the next chunk, cut wherever, and gives what of it may be shown. */
  push(chunk: string): string {
    let text = this.#half + chunk;
    this.#half = '';
    if (this.#state === 'text' && !this.#afterReturn && !SUSPICIOUS.test(text)) return text;
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#half = text.slice(-1);
      text = text.slice(0, -1);
    }
    let out = '';
    for (const char of text) out += this.#take(char);
    return out;
  }

  /** The text ends here; an unfinished sequence is dropped. */
  end(): string {
    const rest = this.#half === '' ? '' : this.#take(this.#half);
    this.#half = '';
    this.#state = 'text';
    this.#afterReturn = false;
    return rest;
  }

  #take(char: string): string {
    switch (this.#state) {
      case 'text':
        return this.#plain(char);
      case 'escape':
        return this.#afterEscape(char);
      case 'escape-intermediate':
        if (between(char, 0x20, 0x2f)) return '';
        return this.#leave(char, between(char, 0x30, 0x7e));
      case 'csi':
        if (between(char, 0x20, 0x3f)) return '';
        return this.#leave(char, between(char, 0x40, 0x7e));
      case 'string':
        return this.#inString(char);
      case 'string-escape':
        // ESC \ ends the string; any other escape ends it too and begins anew.
        if (char === '\\') return this.#leave(char, true);
        this.#state = 'escape';
        return this.#take(char);
    }
  }

  /** Back to text; the character is either the end of the sequence or text again. */
  #leave(char: string, swallowed: boolean): string {
    this.#state = 'text';
    return swallowed ? '' : this.#plain(char);
  }

  #afterEscape(char: string): string {
    if (char === '[') this.#state = 'csi';
    else if (STRING_OPENERS.has(char)) this.#state = 'string';
    else if (between(char, 0x20, 0x2f)) this.#state = 'escape-intermediate';
    else return this.#leave(char, between(char, 0x30, 0x7e));
    return '';
  }

  #inString(char: string): string {
    if (char === '\x1b') this.#state = 'string-escape';
    else if (char === '\x07' || char === '\u009c') this.#state = 'text';
    else if (char === '\n' || char === '\r' || char === '\x18' || char === '\x1a') return this.#leave(char, false);
    return '';
  }

  #plain(char: string): string {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = char === '\r';
    if (char === '\n') return afterReturn ? '' : char;
    if (char === '\r' || char === '\u2028' || char === '\u2029') return '\n';
    if (char === '\t') return char;
    if (isControl(char)) return this.#openSequence(char);
    if (char.length === 1 && between(char, 0xd800, 0xdfff)) return '\ufffd';
    return HIDDEN.test(char) ? '' : char;
  }

  #openSequence(char: string): string {
    if (char === '\x1b') this.#state = 'escape';
    else if (char === '\u009b') this.#state = 'csi';
    else if (C1_STRING_OPENERS.has(char)) this.#state = 'string';
    return '';
  }
}

/** A whole text made inert; newlines and tabs stay. */
export const sanitizeText = (text: string): string => {
  if (!SUSPICIOUS.test(text)) return text;
  const sanitizer = new Sanitizer();
  return sanitizer.push(text) + sanitizer.end();
};

/** The same on one line, for a table cell or a title: newlines and tabs become single spaces. */
export const sanitizeLine = (text: string): string =>
  sanitizeText(text)
    .replace(/[\t\n]+/g, ' ')
    .trim();
