import type { Redact } from '../lazy-redactor.ts';

type Kind = Parameters<Redact>[1];

const PLACEHOLDER = /\[REDACTED:([a-z0-9-]{1,40}):[0-9a-f]{8}\]/g;
/** What a shortened text may end in. */
const CUT_PLACEHOLDER = /\[REDACTED:[a-z0-9:-]*…?$/;

const countKinds = (text: string): Map<string, number> => {
  const kinds = new Map<string, number>();
  for (const [, kind] of text.matchAll(PLACEHOLDER)) kinds.set(kind!, (kinds.get(kind!) ?? 0) + 1);
  return kinds;
};

/**
 * The kinds of secrets that are still in a text which was redacted before: what redaction, which changes nothing of
 * what it has been through, would take out of it now.
 */
export const findSecrets = async (redact: Redact, given: string, kind?: Kind): Promise<string[]> => {
  const text = given.replace(CUT_PLACEHOLDER, '');
  const clean = await redact(text, kind);
  if (clean === text) return [];
  const before = countKinds(text);
  const kinds = [...countKinds(clean)].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  return kinds.length === 0 ? ['secret'] : kinds.map(([kind]) => kind);
};
