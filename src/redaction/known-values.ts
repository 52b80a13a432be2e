import { type Environment, environmentSecrets } from './environment-secrets.ts';
import { createMultiSearch } from './multi-search.ts';
import type { Finding } from './placeholder.ts';
import { spellings } from './spellings.ts';

/** Finds the values of secret variables in every spelling; all spellings of one value get the same fingerprint. */
export const createKnownValues = (env: Environment): ((text: string) => Finding[]) => {
  const spelled = new Map<string, string>();
  for (const value of environmentSecrets(env))
    for (const form of spellings(value)) if (!spelled.has(form)) spelled.set(form, value);
  const forms = [...spelled.keys()];
  const search = createMultiSearch(forms);
  return (text) =>
    search(text).map(({ start, end, pattern }) => ({
      start,
      end,
      rule: 'env',
      secret: spelled.get(forms[pattern]!)!,
      known: true,
    }));
};
