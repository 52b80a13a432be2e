import type { z } from 'zod';
import { invalid, type Place, show } from './invalid.ts';
import { CONFIG_KEYS, type ConfigKey } from './keys.ts';
import { configSchema, leaves } from './schema.ts';
import { suggest } from './suggest.ts';
import { getAt } from './tree.ts';

/** Finds the place of a value, or of the name of a key that should not be there. */
export type Locate = (path: (string | number)[], what: 'value' | 'name') => Place;

const dotted = (path: PropertyKey[]): string => path.map(String).join('.');

const unknownKey = (path: string[], locate: Locate) => {
  const key = dotted(path);
  const meant = suggest(key, CONFIG_KEYS);
  const hint = meant ? `Did you mean \`${meant}\`?` : 'Run `amp-sessions config list` to see every setting.';
  return invalid({ ...locate(path, 'name'), key }, `there is no setting \`${key}\`.`, hint);
};

const isSection = (key: string): boolean => CONFIG_KEYS.some((known) => known.startsWith(`${key}.`));

const wrongValue = (path: string[], tree: unknown, locate: Locate) => {
  const key = dotted(path);
  const leaf = leaves.get(key as ConfigKey);
  const wanted = leaf?.expects ?? 'a group of settings';
  const name = key === '' ? 'the file' : `\`${key}\``;
  const got = key === '' ? tree : getAt(tree, key);
  const hint = leaf
    ? leaf.description
    : `Write settings below it, one a line: \`${isSection(key) ? `${key}:` : 'agent: amp'}\`.`;
  return invalid(
    { ...locate(path, 'value'), ...(key && { key }) },
    `${name} must be ${wanted}, not ${show(got)}.`,
    hint,
  );
};

/**
 * Holds one file's content against the schema.
 * @throws AppError `config.invalid` about the first thing that is wrong
 */
export const checkTree = (tree: unknown, locate: Locate): void => {
  const result = configSchema.safeParse(tree);
  if (result.success) return;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  // An item of a list is told as the list.
  const path = issue.path.filter((part) => typeof part !== 'number').map(String);
  throw issue.code === 'unrecognized_keys'
    ? unknownKey([...path, issue.keys[0]!], locate)
    : wrongValue(path, tree, locate);
};

/** @throws AppError `config.invalid` when the setting cannot have this value */
export const checkValue = (key: ConfigKey, value: unknown, place: Place): void => {
  const leaf = leaves.get(key)!;
  if (leaf.schema.safeParse(value).success) return;
  throw invalid(
    { ...place, key },
    `\`${place.variable ?? key}\` must be ${leaf.expects}, not ${show(value)}.`,
    leaf.description,
  );
};

const BOOLEANS = new Map<string, boolean>([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
]);

/**
 * Reads a value written as text (an environment variable, an argument of `config set`).
 * @throws AppError `config.invalid`
 */
export const parseText = (key: ConfigKey, text: string, place: Place): unknown => {
  const kind = leaves.get(key)!.kind;
  let value: unknown = text;
  if (kind === 'boolean') value = BOOLEANS.get(text.trim().toLowerCase()) ?? text;
  if (kind === 'number' && /^\s*-?\d{1,15}\s*$/.test(text)) value = Number(text);
  if (kind === 'list') value = text.split(',').flatMap((part) => part.trim() || []);
  checkValue(key, value, place);
  return value;
};
