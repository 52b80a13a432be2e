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

/** One setting of these names anywhere in a line: behind a section's bracket too. Rather one too many than one too few. */
const SETTING = /(?:^|[\]\s])(path|hookspath|attributesfile|excludesfile)[ \t]*=[ \t]*([^\n]*)/gim;

/** A value as git reads it: quotes and escapes taken away, a comment cut off. Source: git-config(1), "Syntax". */
const plainValue = (written: string): string => {
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < written.length; at++) {
    const letter = written[at]!;
    if (letter === '"') isQuoted = !isQuoted;
    else if (letter === '\\') value += written[++at] ?? '';
    else if ((letter === '#' || letter === ';') && !isQuoted) break;
    else value += letter;
  }
  return value.trim();
};

const expand = (value: string): string => (value.startsWith('~/') ? join(homedir(), value.slice(2)) : value);

/**
 * Where a configuration file leads, whatever the conditions of an `includeIf` are: includes from its own folder, the
 * rest from the top of a checkout.
 */
export const configTargets = (text: string, { file, root }: { file: string; root: string }): ConfigTarget[] => {
  const joined = text.replaceAll('\r\n', '\n').replaceAll('\\\n', '');
  return [...joined.matchAll(SETTING)].flatMap(([, key, written]) => {
    const what = KEYS[key!.toLowerCase()]!;
    const value = expand(plainValue(written!));
    return value === '' || value.includes('\0')
      ? []
      : [{ what, path: resolve(what === 'include' ? dirname(file) : root, value) }];
  });
};
