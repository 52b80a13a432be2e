import { mergeFindings } from './placeholder.ts';
import { shapesWith } from './redactor.ts';
import { loadSecretlint, type Secretlint } from './secretlint.ts';
import type { SecretSources } from './sources.ts';

/** Where something that looks like a secret stands, and what kind it is; never the secret. */
export interface SecretPlace {
  /** Offset in the text, in UTF-16 units. */
  start: number;
  /** Name of the rule that found it, such as `github`; `env` is the value of a secret variable. */
  kind: string;
}

/** Says where the secrets of a text are; `path` is the file's that it is of, relative to the repository. */
export type Scanner = (text: string, path?: string) => Promise<SecretPlace[]>;

/** Makes a scanner with the rules by which logs are redacted. */
export const createScanner = (sources: SecretSources): Scanner => {
  let secretlint: Secretlint | undefined;
  const shapes = shapesWith(() => secretlint!);
  return async (text, path) => {
    secretlint ??= await loadSecretlint();
    const found = [...sources.known(text), ...(sources.team?.find(text, path) ?? []), ...shapes(text)];
    return mergeFindings(found).map(({ start, rule }) => ({ start, kind: rule }));
  };
};
