import { createHmac } from 'node:crypto';

/** Part of a text that must not be kept. */
export interface Finding {
  start: number;
  end: number;
  rule: string;
  /** What the fingerprint is made of, where it is not the text itself: the same secret in another spelling. */
  secret?: string;
  /** A value that is known to be secret outranks a shape that looks like one. */
  known?: true;
}

const PLACEHOLDER = /(\[REDACTED:[a-z0-9-]{1,40}:[0-9a-f]{8}\])/;

/** Even places hold text, odd places what earlier redaction has put there. */
export const splitAtPlaceholders = (text: string): string[] => text.split(PLACEHOLDER);

export const holdsPlaceholder = (text: string): boolean => PLACEHOLDER.test(text);

export const isPlaceholder = (text: string): boolean => PLACEHOLDER.exec(text)?.[0] === text;

export type Stamp = (rule: string, secret: string) => string;

/** `[REDACTED:<rule>:<first 8 hex digits of HMAC-SHA256>]`: equal secrets stay comparable on one machine only. */
export const createStamp =
  (key: Buffer): Stamp =>
  (rule, secret) =>
    `[REDACTED:${rule}:${createHmac('sha256', key).update(secret).digest('hex').slice(0, 8)}]`;

const outranks = (a: Finding, b: Finding): boolean =>
  a.known === b.known ? a.end - a.start > b.end - b.start : a.known === true;

/** Findings that overlap become one, named after the one that outranks the others. */
export const mergeFindings = (findings: Finding[]): Finding[] => {
  const merged: Finding[] = [];
  for (const next of findings.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last === undefined || next.start >= last.end) {
      merged.push({ ...next });
      continue;
    }
    const named = outranks(next, last) ? next : last;
    merged[merged.length - 1] = { ...named, start: last.start, end: Math.max(last.end, next.end) };
  }
  return merged;
};

export const applyFindings = (text: string, findings: Finding[], stamp: Stamp): string => {
  let result = '';
  let from = 0;
  for (const { start, end, rule, secret } of mergeFindings(findings)) {
    result += text.slice(from, start) + stamp(rule, secret ?? text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
};
