import type { Finding } from './placeholder.ts';

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const END = '-----END';
const BODY = /[A-Za-z0-9+/=\s\\:,.()@<>-]*/y;
/** Without an end: header lines perhaps, then base64 from its first word on. */
const BARE_BODY = /(?:\s|\\[nrt]|[A-Za-z-]{1,32}: [^\n\\]{0,128}(?:\n|\\n))*[A-Za-z0-9+/=]{16}[A-Za-z0-9+/=\s\\]*/y;
/** A 16,384-bit key has 13,000 characters. */
const MAX_BODY = 32_768;
const MIN_BODY = 16;

const run = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
};

const trim = (text: string, start: number, end: number): [number, number] => {
  const body = text.slice(start, end);
  const lead = /^(?:\s|\\[nrt])*/.exec(body)![0].length;
  const tail = body.length - body.trimEnd().length;
  return [start + lead, Math.max(start + lead, end - tail)];
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
    const closed = nextEnd !== -1 && nextEnd - from <= MAX_BODY && run(BODY, text.slice(0, nextEnd), from) === nextEnd;
    const [start, end] = trim(text, from, closed ? nextEnd : run(BARE_BODY, text, from));
    done = end;
    if (end - start >= MIN_BODY) findings.push({ start, end, rule: 'private-key' });
  }
  return findings;
};
