import { editJson, isJson } from './json-text.ts';
import {
  applyFindings,
  type Finding,
  holdsPlaceholder,
  isPlaceholder,
  type Stamp,
  splitAtPlaceholders,
} from './placeholder.ts';
import { isSecretValue, kindOfKey } from './plausible.ts';

/** What looks for secrets in a piece of text. */
export type Find = (text: string) => Finding[];

export interface Finders {
  /** Everything that applies. */
  find: Find;
  /** Of these, values that are known: a number may be one. */
  known: Find;
  /** Rules that judge by what stands around a value, and so have to see JSON as it is written. */
  around: Find;
  stamp: Stamp;
}

/** A pass may uncover what the next one finds; each takes text away, so this ends. */
const MAX_PASSES = 8;
/** A shorter piece of JSON is no secret on its own wherever it stands. */
const MIN_EXACT = 6;

/** In a piece of JSON that does not stand for itself, the half of an escape must not be left behind. */
const wholeEscapes = (text: string, findings: Finding[]): Finding[] =>
  findings.map((finding) => {
    let backslashes = 0;
    while (text[finding.start - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return finding;
    const secret = finding.secret ?? text.slice(finding.start, finding.end);
    return { ...finding, start: finding.start - 1, secret };
  });

/** Lines that are JSON by themselves, one by one; what stands between them in one piece. */
const blocks = (text: string): string[] => {
  const parts: string[] = [];
  let plain = '';
  for (const line of text.split(/(?<=\n)/)) {
    if (!isJson(line)) {
      plain += line;
      continue;
    }
    parts.push(plain, line);
    plain = '';
  }
  return [...parts, plain];
};

/** What a piece of a JSON string stands for; undefined when it is none. */
const meaning = (piece: string): string | undefined => {
  try {
    return JSON.parse(`"${piece}"`) as string;
  } catch {
    return undefined;
  }
};

/** Finds the very texts that were found in the JSON around, in one of its strings. */
const exactly = (text: string, around: Find): Find => {
  const rules = new Map<string, string>();
  for (const part of splitAtPlaceholders(text))
    for (const { start, end, rule } of isPlaceholder(part) ? [] : around(part)) {
      const secret = meaning(part.slice(start, end));
      if (secret !== undefined && secret.length >= MIN_EXACT) rules.set(secret, rule);
    }
  return (value) =>
    [...rules].flatMap(([secret, rule]) => {
      const findings: Finding[] = [];
      for (let start = value.indexOf(secret); start !== -1; start = value.indexOf(secret, start + secret.length))
        findings.push({ start, end: start + secret.length, rule });
      return findings;
    });
};

const pass = (whole: string, { find, known, around, stamp }: Finders): string => {
  const inSegments = (text: string, more: Find, adjust: typeof wholeEscapes): string =>
    splitAtPlaceholders(text)
      .map((part, n) => (n % 2 === 1 ? part : applyFindings(part, adjust(part, [...find(part), ...more(part)]), stamp)))
      .join('');
  const inJson = (text: string): string => {
    const exact = exactly(text, around);
    const inValue = (value: string): string =>
      isJson(value) ? inJson(value) : inSegments(value, exact, (_, all) => all);
    const inMember = (value: string, name: string | undefined): string => {
      const kind = name === undefined ? undefined : kindOfKey(name);
      const edited = inValue(value);
      if (kind === undefined || isPlaceholder(edited) || holdsPlaceholder(value)) return edited;
      return isSecretValue(kind, value, true) ? stamp('keyed', value) : edited;
    };
    return editJson(text, {
      string: inMember,
      name: (name) => (/^[\w.-]{1,64}$/.test(name) && !/\d/.test(name) ? name : inValue(name)),
      number: (literal) => {
        const [hit] = known(literal);
        return hit && stamp(hit.rule, hit.secret!);
      },
    });
  };
  return (isJson(whole) ? [whole] : blocks(whole))
    .map((part) => (isJson(part) ? inJson(part) : inSegments(part, () => [], wholeEscapes)))
    .join('');
};

/** The text without what is found in it, nor in what is left then; JSON stays JSON. */
export const withoutSecrets = (text: string, finders: Finders): string => {
  let before = text;
  for (let n = 0; n < MAX_PASSES; n++) {
    const after = pass(before, finders);
    if (after === before) break;
    before = after;
  }
  return before;
};
