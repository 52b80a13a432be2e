import { accessSync, constants, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { AppError } from '../errors.ts';
import { isInside } from './paths.ts';

const onWindows = process.platform === 'win32';

/** What a user may say about git through the environment, and no repository can: everything else named GIT_* goes. */
const USER_VARIABLES = new Set([
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_EXEC_PATH',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
]);

const IDENTITY_VARIABLES = new Set([
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_COMMITTER_EMAIL',
]);

const PAGER_VARIABLES = new Set(['GIT_PAGER', 'GIT_PAGER_IN_USE']);

/** Variables of ours that every git gets; nothing asks, nothing locks for comfort, nothing is translated. */
const FIXED = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: onWindows ? 'NUL' : '/dev/null',
};

/** Whether `path` belongs to the repository's own files. A repository that holds the home folder owns nothing there. */
const isOfRepository = (root: string, path: string): boolean => isInside(root, path) && !isInside(root, homedir());

const isForeign = (roots: string[], dir: string): boolean => {
  if (!isAbsolute(dir)) return false;
  try {
    const real = realpathSync(dir);
    return !roots.some((root) => isOfRepository(root, real) || isOfRepository(root, dir));
  } catch {
    return false;
  }
};

/** Roots of the repositories that this process has looked at. */
const distrusted = new Set<string>();

/** From now on no program is taken from these folders, whoever asks. */
export const distrust = (roots: string[]): void => {
  for (const root of roots) distrusted.add(root);
};

/** PATH without relative, missing and repository-owned folders: a repository must not supply `git` or a helper. */
const cleanPaths = new Map<string, string>();
const cleanPath = (named: string[]): string => {
  const roots = [...distrusted, ...named];
  const key = [process.env['PATH'] ?? '', ...roots].join('\0');
  let clean = cleanPaths.get(key);
  if (clean === undefined) {
    const dirs = (process.env['PATH'] ?? '').split(delimiter);
    clean = dirs.filter((dir) => isForeign(roots, dir)).join(delimiter);
    cleanPaths.set(key, clean);
  }
  return clean;
};

const programs = new Map<string, string>();

/**
 * The git to start: the first on PATH that is not the repository's own.
 * @throws AppError git.missing
 */
export const findGit = (path: string): string => {
  const known = programs.get(path);
  if (known !== undefined) return known;
  for (const dir of path.split(delimiter)) {
    const program = join(dir, onWindows ? 'git.exe' : 'git');
    try {
      accessSync(program, constants.X_OK);
      programs.set(path, program);
      return program;
    } catch {}
  }
  throw new AppError('git.missing', 'git is not installed, or not on PATH.', {
    hint: 'Install git 2.38 or newer from https://git-scm.com/downloads.',
  });
};

export interface EnvironmentOptions {
  /** Folders whose content the repository decides. */
  roots: string[];
  identity?: boolean;
  pager?: boolean;
}

/** The user's environment without what speaks to git, and with our own settings. */
export const gitEnvironment = (options: EnvironmentOptions): Record<string, string> => {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || name === 'LANGUAGE') continue;
    const upper = name.toUpperCase();
    const isKept =
      !upper.startsWith('GIT_') ||
      USER_VARIABLES.has(upper) ||
      (options.identity === true && IDENTITY_VARIABLES.has(upper)) ||
      (options.pager === true && PAGER_VARIABLES.has(upper));
    if (isKept && upper !== 'PATH') env[name] = value;
  }
  return { ...env, PATH: cleanPath(options.roots), ...FIXED };
};
