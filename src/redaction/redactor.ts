import type { Environment } from './environment-secrets.ts';
import { editJson, isJson } from './json-text.ts';
import { createKnownValues } from './known-values.ts';
import {
  applyFindings,
  createStamp,
  type Finding,
  holdsPlaceholder,
  isPlaceholder,
  splitAtPlaceholders,
} from './placeholder.ts';
import { isIdentifier, isSecretValue, kindOfKey } from './plausible.ts';
import { hidesCharacters, mayHoldSecret } from './prefilter.ts';
import { findKeyLine } from './private-keys.ts';
import { findByRules } from './rules.ts';
import { loadSecretlint, type Secretlint } from './secretlint.ts';

export { redactionKey } from './key.ts';

export interface RedactorOptions {
  /** Where values of secret variables are taken from: the environment that agents and tests get. */
  env: Environment;
  /** Local HMAC key, see `redactionKey`. */
  key: Buffer;
}

/** Gives a promise only while the rules are being loaded, which the first suspicious text sets off. */
export type Redactor = (text: string) => string | Promise<string>;

/** A pass may uncover what the next one finds; each takes text away, so this ends. */
const MAX_PASSES = 8;

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

/**
 * Makes the one function through which every text enters a log. It replaces secrets by `[REDACTED:<rule>:<hmac8>]`,
 * is idempotent, and keeps JSON valid: in JSON only strings change, and a number that is itself a known secret.
 */
export const createRedactor = ({ env, key }: RedactorOptions): Redactor => {
  const known = createKnownValues(env);
  const stamp = createStamp(key);
  let secretlint: Secretlint | undefined;

  const find = (text: string): Finding[] => {
    const values = known(text);
    if (!mayHoldSecret(text)) return values;
    const shapes = secretlint!(text).filter(({ start, end }) => !isIdentifier(text.slice(start, end)));
    return [...values, ...findByRules(text), ...shapes];
  };
  const inSegments = (text: string, adjust: typeof wholeEscapes): string =>
    splitAtPlaceholders(text)
      .map((part, n) => (n % 2 === 1 ? part : applyFindings(part, adjust(part, find(part)), stamp)))
      .join('');
  const inValue = (value: string): string => (isJson(value) ? inJson(value) : inSegments(value, (_, all) => all));
  const inMember = (value: string, name: string | undefined): string => {
    const kind = name === undefined ? undefined : kindOfKey(name);
    const edited = inValue(value);
    if (kind === undefined || isPlaceholder(edited) || holdsPlaceholder(value)) return edited;
    return isSecretValue(kind, value, true) ? stamp('keyed', value) : edited;
  };
  const inJson = (text: string): string =>
    editJson(text, {
      string: inMember,
      name: (name) => (/^[\w.-]{1,64}$/.test(name) && !/\d/.test(name) ? name : inValue(name)),
      number: (literal) => {
        const [hit] = known(literal);
        return hit && stamp(hit.rule, hit.secret!);
      },
    });
  const pass = (text: string): string =>
    (isJson(text) ? [text] : blocks(text))
      .map((part) => (isJson(part) ? inJson(part) : inSegments(part, wholeEscapes)))
      .join('');
  const run = (text: string): string => {
    let before = text;
    for (let n = 0; n < MAX_PASSES; n++) {
      const after = pass(before);
      if (after === before) break;
      before = after;
    }
    return before;
  };

  return (text) => {
    const holdsKnown = known(text).length > 0;
    const keyLine = holdsKnown ? [] : findKeyLine(text);
    if (keyLine.length > 0) return applyFindings(text, keyLine, stamp);
    if (!holdsKnown && !mayHoldSecret(text) && !hidesCharacters(text)) return text;
    if (secretlint) return run(text);
    return loadSecretlint().then((rules) => {
      secretlint = rules;
      return run(text);
    });
  };
};
