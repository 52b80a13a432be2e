import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lstatIfAny, readTextIfAny } from './files.ts';
import { type GitOptions, git } from './git.ts';
import { type IndexEntry, readIndex } from './index-file.ts';
import { isNested } from './nested.ts';
import { isOversized } from './oversized.ts';
import { joinNul, onDisk, pathFromBytes, splitNul } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

type Place = Pick<GitOptions, 'index' | 'objectDir' | 'settings'>;

/** Everything that is said of a worktree's files has to look at the files, whatever marks an agent put on them. */
const SETTINGS: [string, string][] = [['core.splitIndex', 'false']];

const isSparse = (repo: Repository, worktree: Worktree): boolean =>
  [join(worktree.gitDir, 'config.worktree'), join(repo.commonDir, 'config')].some((file) =>
    /sparsecheckout\s*=\s*true/i.test(readTextIfAny(file) ?? ''),
  );

export interface Hidden {
  assumed: string[];
  skipped: string[];
  /** Nested repositories that became plain folders: git takes them for submodules not filled, and sees no file. */
  flattened: string[];
}

const isFlattened = (worktree: Worktree, { mode, path }: IndexEntry): boolean => {
  if (mode !== '160000' || isNested(worktree, path)) return false;
  const folder = onDisk(worktree.path, path);
  return lstatIfAny(folder)?.isDirectory() === true && readdirSync(folder).length > 0;
};

/** Whether nothing hides. */
export const isOpen = (hidden: Hidden): boolean => Object.values(hidden).every((paths) => paths.length === 0);

/** Entries that hide changes of their files from git. In a sparse checkout absent files are rightly skipped. */
export const hiding = (repo: Repository, worktree: Worktree, entries: IndexEntry[]): Hidden => {
  const names = (list: IndexEntry[]): string[] => list.map(({ path }) => path);
  const skipped = entries.filter((entry) => entry.skipped);
  return {
    assumed: names(entries.filter((entry) => entry.assumed)),
    skipped: skipped.length > 0 && !isSparse(repo, worktree) ? names(skipped) : [],
    flattened: names(entries.filter((entry) => isFlattened(worktree, entry))),
  };
};

/** Takes the marks away that hide changes; starts nothing when there are none. */
export const unhide = async (repo: Repository, worktree: Worktree, hidden: Hidden, place: Place): Promise<void> => {
  const clear = async (flag: string, paths: string[]): Promise<void> => {
    if (paths.length === 0) return;
    await git(repo, ['update-index', flag, '-z', '--stdin'], { worktree, ...place, stdin: joinNul(paths) });
  };
  await clear('--no-assume-unchanged', hidden.assumed);
  await clear('--no-skip-worktree', hidden.skipped);
  await clear('--force-remove', hidden.flattened);
};

/**
 * Repositories inside the worktree that the index knows. For these `git add` would start a `git status` inside, under
 * the configuration of that repository, which no override of ours reaches: filters would run.
 */
const nestedRepositories = (worktree: Worktree, entries: IndexEntry[]): string[] =>
  entries.filter(({ mode, path }) => mode === '160000' && isNested(worktree, path)).map(({ path }) => path);

/** What git would look at: changed and untracked paths, and folders that it cannot look into. One process. */
const lookAt = async (repo: Repository, worktree: Worktree, place: Place): Promise<Seen> => {
  const args = ['ls-files', '-z', '--others', '--modified', '--exclude-standard'];
  const { stdout, stderr } = await git(repo, args, { worktree, ...place });
  const closed = [...stderr.matchAll(/could not open directory '(.+?)\/?'/g)].map(([, folder]) => folder!);
  const found = [...new Set(splitNul(stdout).map(pathFromBytes))];
  const paths = found.map((path) => path.replace(/\/$/, ''));
  const foreign = found.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1));
  return { paths, closed, foreign, large: paths.filter((path) => isOversized(repo, worktree, path)) };
};

interface Left {
  nested: string[];
  large: string[];
}

const addAll = async (
  repo: Repository,
  worktree: Worktree,
  { nested, large }: Left,
  place: Place,
): Promise<boolean> => {
  const args = ['add', '-A', '--sparse', '--ignore-errors'];
  const options = { worktree, ...place, ok: [0, 1] };
  if (nested.length + large.length === 0) return (await git(repo, args, options)).exitCode === 0;
  const added = await git(repo, [...args, '--pathspec-from-file=-', '--pathspec-file-nul'], {
    ...options,
    env: { GIT_LITERAL_PATHSPECS: '0' },
    stdin: joinNul([':(top)', ...[...nested, ...large].map((path) => `:(top,exclude,literal)${path}`)]),
  });
  if (nested.length === 0) return added.exitCode === 0;
  await git(repo, ['update-index', '--add', '--remove', '--replace', '-z', '--stdin'], {
    worktree,
    ...place,
    stdin: joinNul(nested),
  });
  return added.exitCode === 0;
};

/** What staging looks at. */
export interface Seen {
  /** Changed, deleted or untracked, and not ignored. */
  paths: string[];
  /** Folders that it could not look into. */
  closed: string[];
  /** Repositories that the index does not know: of these it takes the commit, no file. */
  foreign: string[];
  /** Over the limit of the repository: stay as they are in the index. */
  large: string[];
}

export interface Staged extends Seen {
  /** False when a file could not be read, or is neither file, link nor folder; the rest is staged all the same. */
  complete: boolean;
}

/**
 * Makes an index say what the files say. Two processes; more only for nested repositories and hidden changes.
 * @returns undefined when there is no index, or it is damaged
 * @throws AppError git.failed
 */
export const stageAll = async (
  repo: Repository,
  worktree: Worktree,
  where: Place = {},
): Promise<Staged | undefined> => {
  const place = { ...where, settings: [...SETTINGS, ...(where.settings ?? [])] };
  const entries = await readIndex(repo, worktree, place.index);
  if (!entries) return undefined;
  await unhide(repo, worktree, hiding(repo, worktree, entries), place);
  const seen = await lookAt(repo, worktree, place);
  const left = { nested: nestedRepositories(worktree, entries), large: seen.large };
  return { ...seen, complete: await addAll(repo, worktree, left, place) };
};
