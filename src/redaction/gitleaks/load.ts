import { isAbsolute, join, relative, resolve } from 'node:path';
import { readPlainFile } from '../watched-file.ts';
import { type GitleaksConfig, parseGitleaks } from './config.ts';
import { type CompileOptions, compileGitleaks, type TeamRules } from './rules.ts';

/** As deep as gitleaks itself follows `extend.path`. */
const MAX_DEPTH = 2;
const MAX_BYTES = 1 << 20;

const isInside = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
};

/** A base that cannot be read takes nothing from the rules of the file that names it. */
const baseOf = (path: string, text: string, config: GitleaksConfig, root: string, depth: number) => {
  try {
    return extended(parseGitleaks(text), root, depth + 1);
  } catch (error) {
    config.problems.push(`extend.path is not followed: ${path}: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
};

/** The file's own rules come before those that it builds upon, and take their place where the id is the same. */
const extended = (config: GitleaksConfig, root: string, depth: number): GitleaksConfig => {
  const { path, url, disabledRules } = config.extend;
  if (url !== null) config.problems.push(`extend.url is not followed: ${JSON.stringify(url)}`);
  if (path === null) return config;
  const file = resolve(root, path);
  const text = isInside(root, file) && depth < MAX_DEPTH ? readPlainFile(file, MAX_BYTES) : null;
  if (text === null) {
    config.problems.push(`extend.path is not followed: ${JSON.stringify(path)} is no file in the repository`);
    return config;
  }
  const base = baseOf(path, text, config, root, depth);
  if (base === undefined) return config;
  const own = new Set(config.rules.map(({ id }) => id));
  const rest = base.rules.filter(({ id }) => !own.has(id) && !disabledRules.includes(id));
  return {
    ...config,
    rules: [...config.rules, ...rest],
    allowlists: [...config.allowlists, ...base.allowlists],
    problems: [...config.problems, ...base.problems.map((problem) => `${path}: ${problem}`)],
  };
};

/**
 * The rules of a `.gitleaks.toml`. gitleaks' own rules (`extend.useDefault`) are not in this program: what they are for
 * is found by secretlint's rules and ours, which no file switches off.
 * @throws Error when the text is no TOML
 */
export const loadGitleaks = (toml: string, options: CompileOptions & { root: string }): TeamRules => {
  const config = extended(parseGitleaks(toml), join(options.root), 0);
  for (const problem of config.problems) options.tell(problem);
  return compileGitleaks(config, options);
};
