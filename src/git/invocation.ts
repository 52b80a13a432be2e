import { delimiter, join } from 'node:path';
import { overridesFor, placeOf } from './config.ts';
import { findGit, gitEnvironment } from './environment.ts';
import { FIXED_SETTINGS } from './neutral.ts';
import type { Repository, Worktree } from './repository.ts';
import { settingsAsEnvironment } from './settings.ts';
import { verifyCommonDir, verifyWorktree } from './worktree-link.ts';

/** What of the user's own setup may take part; without it nothing does that starts a program. */
export type Trust = 'hooks' | 'signing' | 'pager' | 'identity';

export interface InvocationOptions {
  /** The checkout to work in; without one, git sees no files at all, only the repository. */
  worktree?: Worktree;
  /** A folder whose files count instead of the checkout's. */
  files?: string;
  /** Another index than the worktree's own. */
  index?: string;
  /** On top of everything else. */
  env?: Record<string, string>;
  /** Settings on top of the fixed ones. */
  settings?: [key: string, value: string][];
  /** Quarantine: a private object directory for what is written, with the repository's own as its alternate. */
  objectDir?: string;
  /** More object directories to read from. */
  alternates?: string[];
  trust?: Trust[];
}

export interface Invocation {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** Safe only on the command line: these have no setting, or one that does not override. */
const SAFE_FLAGS: Record<string, string[]> = {
  diff: ['--no-ext-diff', '--no-textconv'],
  'diff-tree': ['--no-ext-diff', '--no-textconv'],
  'diff-index': ['--no-ext-diff', '--no-textconv'],
  'diff-files': ['--no-ext-diff', '--no-textconv'],
  log: ['--no-ext-diff', '--no-textconv'],
  show: ['--no-ext-diff', '--no-textconv'],
  fetch: ['--upload-pack=git-upload-pack'],
  'ls-remote': ['--upload-pack=git-upload-pack'],
  push: ['--receive-pack=git-receive-pack'],
};

/** Where the subcommand stands: settings may come before it. */
export const subcommandAt = (args: string[]): number => {
  let at = 0;
  while (args[at] === '-c') at += 2;
  return at;
};

const withSafeFlags = (args: string[]): string[] => {
  const at = subcommandAt(args);
  return [...args.slice(0, at + 1), ...(SAFE_FLAGS[args[at] ?? ''] ?? []), ...args.slice(at + 1)];
};

const SIGNING = new Set(['commit.gpgSign', 'tag.gpgSign']);

/** Settings that a trusted part of the user's setup decides itself. */
const fixedSettings = (trust: Trust[]): [string, string][] => {
  const settings = FIXED_SETTINGS.filter(([key]) => !(trust.includes('signing') && SIGNING.has(key)));
  return trust.includes('hooks') ? settings : [...settings, ['core.hooksPath', '/dev/null']];
};

/** Alternates are a list; a name that would be split or unquoted is quoted. Source: git(1). */
const quoteAlternate = (path: string): string =>
  path.includes(delimiter) || path.startsWith('"') ? `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : path;

const objectVariables = (
  repo: Repository,
  { objectDir, alternates = [] }: InvocationOptions,
): Record<string, string> => {
  const others = objectDir === undefined ? alternates : [join(repo.commonDir, 'objects'), ...alternates];
  return {
    ...(objectDir !== undefined && { GIT_OBJECT_DIRECTORY: objectDir }),
    ...(others.length > 0 && { GIT_ALTERNATE_OBJECT_DIRECTORIES: others.map(quoteAlternate).join(delimiter) }),
  };
};

/**
 * Everything one start of git consists of: never discovered, always told where to work; the repository's own
 * programs switched off; the checkout's links looked at again.
 * @throws AppError worktree.missing, worktree.blocked, repository.unsafe, git.missing
 */
export const prepareGit = async (
  repo: Repository,
  args: string[],
  options: InvocationOptions = {},
): Promise<Invocation> => {
  const { worktree, trust = [] } = options;
  const files = options.files ?? worktree?.path;
  verifyCommonDir(repo);
  if (worktree) verifyWorktree(repo, worktree);
  const gitDir = worktree?.gitDir ?? repo.commonDir;
  const place = placeOf(repo, worktree ?? null);
  const overrides = await overridesFor(place);
  const settings = [...fixedSettings(trust), ...overrides.settings, ...(options.settings ?? [])];
  const base = gitEnvironment({
    roots: place.roots,
    identity: trust.includes('identity'),
    pager: trust.includes('pager'),
  });
  const env = {
    ...base,
    ...settingsAsEnvironment(settings),
    ...overrides.env,
    GIT_DIR: gitDir,
    ...(gitDir !== repo.commonDir && { GIT_COMMON_DIR: repo.commonDir }),
    ...(files !== undefined && { GIT_WORK_TREE: files }),
    ...(options.index !== undefined && { GIT_INDEX_FILE: options.index }),
    ...objectVariables(repo, options),
    ...options.env,
  };
  return {
    command: findGit(base['PATH']!),
    args: withSafeFlags(args),
    cwd: files ?? repo.commonDir,
    env,
  };
};
