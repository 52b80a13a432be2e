import type { Finding } from './placeholder.ts';

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const MARK = '-----BEGIN';
const END = '-----END';
const BODY = /^[A-Za-z0-9+/=\s\\:,.()@<>-]*$/;
/** Without an end: header lines perhaps, then base64 from its first word on. */
const BARE_BODY = /(?:\s|\\[nrt]|[A-Za-z-]{1,32}: [^\n\\]{0,128}(?:\n|\\n))*[A-Za-z0-9+/=]{16}[A-Za-z0-9+/=\s\\]*/y;
/** A 16,384-bit key has 13,000 characters. */
const MAX_BODY = 32_768;
const MIN_BODY = 16;

const run = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
};

const isBody = (text: string): boolean => !text.includes(MARK) && BODY.test(text);

/** A space, or a line break as JSON writes it, before `end`; its length. */
const spaceBefore = (text: string, end: number): number =>
  /\s/.test(text[end - 1] ?? '.') ? 1 : /^\\[nrt]$/.test(text.slice(end - 2, end)) ? 2 : 0;

const trim = (text: string, start: number, end: number): [number, number] => {
  const from = start + /^(?:\s|\\[nrt])*/.exec(text.slice(start, end))![0].length;
  let to = end;
  while (to > from && spaceBefore(text, to) > 0) to -= spaceBefore(text, to);
  return [from, Math.max(from, to)];
};

/** What stands between the marks of a private key in PEM; a key cut short counts to where it looks like one no more. */
export const findPrivateKeys = (text: string): Finding[] => {
  const findings: Finding[] = [];
  let nextEnd = -2;
  let done = 0;
  for (const match of text.matchAll(BEGIN)) {
    const from = match.index + match[0].length;
    if (from < done) continue;
    if (nextEnd !== -1 && nextEnd < from) nextEnd = text.indexOf(END, from);
    const closed = nextEnd !== -1 && nextEnd - from <= MAX_BODY && isBody(text.slice(from, nextEnd));
    const [start, end] = trim(text, from, closed ? nextEnd : run(BARE_BODY, text, from));
    done = end;
    if (end - start >= MIN_BODY) findings.push({ start, end, rule: 'private-key' });
  }
  return findings;
};

/** How PEM is broken into lines: 64 characters, by OpenSSH 70, in mail 76. */
const LINE = /^[ \t]*(?<body>(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{76}))[ \t\r\n]*$/;
const LONGEST_LINE = 128;

/** A text that is nothing but such a line, as an agent prints a key line by line; sums in hex are not. */
export const findKeyLine = (text: string): Finding[] => {
  if (text.length < 64 || text.length > LONGEST_LINE) return [];
  const body = LINE.exec(text)?.groups?.['body'] ?? '';
  if (!/[A-Z]/.test(body) || !/[a-z]/.test(body) || !/\d/.test(body)) return [];
  const start = text.indexOf(body);
  return [{ start, end: start + body.length, rule: 'key-line' }];
};

/** A line that stands between the marks of a key: all of it goes, for nothing else stands there. */
export const findKeyBody = (text: string): Finding[] => {
  const [start, end] = trim(text, 0, text.length);
  return end > start ? [{ start, end, rule: 'private-key' }] : [];
};

const BEGIN_LINE = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?!.*-----END)/;
const IN_KEY = /^[ \t]*(?:[A-Za-z0-9+/]{1,128}={0,2}|[A-Za-z-]{1,32}: .{0,256})?[ \t\r\n]*$/;
/** A key of 16,384 bits has some 200 lines. */
const MAX_LINES = 400;

/** Follows lines that come one by one: says of each whether it stands inside a private key that began before. */
export class KeyLines {
  #left = 0;
  #width = 0;

  isBody(line: string): boolean {
    const isInside = this.#left > 0 && IN_KEY.test(line);
    if (BEGIN_LINE.test(line)) [this.#left, this.#width] = [MAX_LINES, 0];
    else this.#left = isInside ? this.#left - 1 : 0;
    const body = line.trim();
    if (!isInside || body === '' || body.includes(':')) return isInside && body !== '';
    // All lines but the last have one length.
    if (body.length < this.#width) this.#left = 0;
    this.#width = body.length;
    return true;
  }
}
