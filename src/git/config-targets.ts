import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A file or folder that a configuration file leads git to. */
export interface ConfigTarget {
  what: 'include' | 'hooks' | 'attributes' | 'excludes';
  path: string;
}

const KEYS: Record<string, ConfigTarget['what']> = {
  path: 'include',
  hookspath: 'hooks',
  attributesfile: 'attributes',
  excludesfile: 'excludes',
};

/** A setting of these names anywhere in a line: behind a section's bracket too. Rather one too many than one too few. */
const SETTING = /(?:^|[\]\s])(path|hookspath|attributesfile|excludesfile)[ \t]*=/gim;

const ESCAPES: Record<string, string> = { '\n': '', n: '\n', t: '\t', b: '\b' };

/**
 * The value that begins at a place, as git reads it: quotes and escapes taken away, continued over lines, a comment
 * cut off (which no backslash continues), blanks around it dropped unless they are quoted. Source: git-config(1),
 * "Syntax", and `parse_value` of git's config.c.
 */
const valueAt = (text: string, start: number): string => {
  let value = '';
  let blanks = '';
  let isQuoted = false;
  for (let at = start; at < text.length && text[at] !== '\n'; at++) {
    const letter = text[at]!;
    if ((letter === '#' || letter === ';') && !isQuoted) break;
    if (letter === '"') isQuoted = !isQuoted;
    else if (!isQuoted && ' \t\r'.includes(letter)) blanks += value === '' ? '' : letter;
    else {
      const escaped = letter === '\\' ? (text[++at] ?? '') : undefined;
      value += blanks + (escaped === undefined ? letter : (ESCAPES[escaped] ?? escaped));
      blanks = '';
    }
  }
  return value;
};

const expand = (value: string): string => (value.startsWith('~/') ? join(homedir(), value.slice(2)) : value);

/**
 * Where a configuration file leads, whatever the conditions of an `includeIf` are: includes from its own folder, the
 * rest from the top of a checkout.
 */
export const configTargets = (text: string, { file, root }: { file: string; root: string }): ConfigTarget[] => {
  const plain = text.replaceAll('\r\n', '\n');
  return [...plain.matchAll(SETTING)].flatMap(({ 0: found, 1: key, index }) => {
    const what = KEYS[key!.toLowerCase()]!;
    const value = expand(valueAt(plain, index + found.length));
    return value === '' || value.includes('\0')
      ? []
      : [{ what, path: resolve(what === 'include' ? dirname(file) : root, value) }];
  });
};
