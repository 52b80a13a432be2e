import { type Environment, environmentSecrets, type SecretPlaceKind } from './environment-secrets.ts';
import { createMultiSearch } from './multi-search.ts';
import type { Finding } from './placeholder.ts';
import { spellings } from './spellings.ts';

export interface KnownValue {
  value: string;
  /** Where it stands; the rule's name in the placeholder. */
  from: SecretPlaceKind;
}

export type KnownValues = (text: string) => Finding[];

/** Finds values in every spelling; all spellings of one value get the same fingerprint. */
export const searchValues = (values: Iterable<KnownValue>): KnownValues => {
  const spelled = new Map<string, KnownValue>();
  for (const known of values)
    for (const form of spellings(known.value)) if (!spelled.has(form)) spelled.set(form, known);
  const forms = [...spelled.keys()];
  const search = createMultiSearch(forms);
  return (text) =>
    search(text).map(({ start, end, pattern }) => {
      const { value, from } = spelled.get(forms[pattern]!)!;
      return { start, end, rule: from, secret: value, known: true };
    });
};

/** Finds the values of secret variables. */
export const createKnownValues = (env: Environment): KnownValues =>
  searchValues(environmentSecrets(env).map((value) => ({ value, from: 'env' })));
