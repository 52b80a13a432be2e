import type { Environment } from './environment-secrets.ts';
import { createKnownValues } from './known-values.ts';
import { type Finding, mergeFindings } from './placeholder.ts';
import { isIdentifier } from './plausible.ts';
import { mayHoldSecret } from './prefilter.ts';
import { findByRules } from './rules.ts';
import { loadSecretlint } from './secretlint.ts';

/** Where something that looks like a secret stands, and what kind it is; never the secret. */
export interface SecretPlace {
  /** Offset in the text, in UTF-16 units. */
  start: number;
  /** Name of the rule that found it, such as `github`; `env` is the value of a secret variable. */
  kind: string;
}

/** Says where the secrets of a text are. */
export type Scanner = (text: string) => Promise<SecretPlace[]>;

/** Makes a scanner with the rules by which logs are redacted. */
export const createScanner = ({ env }: { env: Environment }): Scanner => {
  const known = createKnownValues(env);
  const byShape = async (text: string): Promise<Finding[]> => {
    if (!mayHoldSecret(text)) return [];
    const secretlint = await loadSecretlint();
    const shapes = secretlint(text).filter(({ start, end }) => !isIdentifier(text.slice(start, end)));
    return [...findByRules(text), ...shapes];
  };
  return async (text) =>
    mergeFindings([...known(text), ...(await byShape(text))]).map(({ start, rule }) => ({ start, kind: rule }));
};
