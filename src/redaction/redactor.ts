import type { Environment } from './environment-secrets.ts';
import { type Find, type Finders, withoutSecrets } from './passes.ts';
import { applyFindings, createStamp } from './placeholder.ts';
import { isIdentifier } from './plausible.ts';
import { hidesCharacters, mayHoldSecret } from './prefilter.ts';
import { findKeyBody, findKeyLine } from './private-keys.ts';
import { findByRules } from './rules.ts';
import { loadSecretlint, type Secretlint } from './secretlint.ts';
import { environmentOnly, type SecretSources } from './sources.ts';

export { redactionKey } from './key.ts';

export interface RedactorOptions {
  /** Where values of secret variables are taken from: the environment that agents and tests get. */
  env: Environment;
  /** Local HMAC key, see `redactionKey`. */
  key: Buffer;
  /** More that is known to be secret, and the team's rules; without it the environment alone. */
  sources?: SecretSources;
}

/**
 * What a text is, where it is not just text: `name` is one that the program must find again (a branch, an id), in which
 * only the environment's values and plain shapes are looked for; `key-body` is known to be part of a private key.
 */
export type TextKind = 'name' | 'key-body';

/** Gives a promise only while the rules are being loaded, which the first suspicious text sets off. */
export type Redactor = (text: string, kind?: TextKind) => string | Promise<string>;

/** What rules know by shape, secretlint's and ours. */
export const shapesWith =
  (secretlint: () => Secretlint): Find =>
  (text) => {
    if (!mayHoldSecret(text)) return [];
    const found = secretlint()(text).filter(({ start, end }) => !isIdentifier(text.slice(start, end)));
    return [...findByRules(text), ...found];
  };

/**
 * Makes the one function through which every text enters a log. It replaces secrets by `[REDACTED:<rule>:<hmac8>]`,
 * is idempotent, and keeps JSON valid: in JSON only strings change, and a number that is itself a known secret.
 */
export const createRedactor = ({ env, key, sources = environmentOnly(env) }: RedactorOptions): Redactor => {
  const stamp = createStamp(key);
  let secretlint: Secretlint | undefined;
  const shapes = shapesWith(() => secretlint!);
  const team: Find = (text) => sources.team?.find(text) ?? [];
  const known: Find = (text) => sources.known(text);
  const knownNames: Find = (text) => sources.knownByEnvironment(text);
  const everywhere: Finders = {
    find: (text) => [...known(text), ...team(text), ...shapes(text)],
    known,
    around: team,
    stamp,
  };
  const inNames: Finders = {
    find: (text) => [...knownNames(text), ...shapes(text)],
    known: knownNames,
    around: () => [],
    stamp,
  };
  const mayHold = (text: string, finders: Finders): boolean =>
    mayHoldSecret(text) || hidesCharacters(text) || (finders === everywhere && sources.team?.mayHold(text) === true);

  return (text, kind) => {
    if (kind === 'key-body') return applyFindings(text, findKeyBody(text), stamp);
    const finders = kind === 'name' ? inNames : everywhere;
    const holdsKnown = finders.known(text).length > 0;
    const keyLine = holdsKnown ? [] : findKeyLine(text);
    if (keyLine.length > 0) return applyFindings(text, keyLine, stamp);
    if (!holdsKnown && !mayHold(text, finders)) return text;
    if (secretlint) return withoutSecrets(text, finders);
    return loadSecretlint().then((rules) => {
      secretlint = rules;
      return withoutSecrets(text, finders);
    });
  };
};
