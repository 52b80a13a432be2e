import { accessSync, constants, rmSync } from 'node:fs';
import { lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { indexOf, readIndex } from './index-file.ts';
import { isNested, nestedHead } from './nested.ts';
import { isOversized } from './oversized.ts';
import { joinNul, onDisk, pathFromBytes, splitNul } from './paths.ts';
import { withPrivateIndex } from './private-index.ts';
import { headOf } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';
import { hiding, isOpen, unhide } from './stage.ts';

/** A path that is not as its commit has it. */
export interface Leftover {
  path: string;
  /**
   * The blob that its content would be (the commit, for a nested repository); null: it is deleted. Zeros: it is
   * there and cannot be read or committed.
   */
  object: string | null;
}

const STATUS = ['status', '--porcelain=v2', '-z', '--no-renames', '--no-ahead-behind', '--ignore-submodules=dirty'];

/** One line of `git status --porcelain=v2 -z`; what it says of the worktree and of the commit. */
export interface StatusLine {
  path: string;
  /** The file is as the index has it, under this id. */
  indexId?: string;
  headId?: string;
  headMode?: string;
  indexMode?: string;
  /** The index differs from HEAD. */
  isStaged?: boolean;
}

const FIELDS_BEFORE_PATH: Record<string, number> = { '1': 8, u: 10, '?': 1 };

const parseLine = (line: Buffer): StatusLine | undefined => {
  const count = FIELDS_BEFORE_PATH[String.fromCharCode(line[0] ?? 0)];
  if (count === undefined) return undefined;
  let at = 0;
  for (let field = 0; field < count; field++) at = line.indexOf(0x20, at) + 1;
  const path = pathFromBytes(line.subarray(at)).replace(/\/$/, '');
  const [kind, states, , headMode, indexMode, , headId, indexId] = line.toString('latin1', 0, at).split(' ');
  if (kind !== '1') return { path };
  // The second letter tells how the file differs from the index; a dot: it does not.
  const isStaged = states![0] !== '.';
  return { path, headId, headMode, indexMode, isStaged, ...(states![1] === '.' && { indexId }) };
};

export const zeros = (repo: Repository): string => '0'.repeat(repo.objectFormat === 'sha256' ? 64 : 40);

/** What a path is on disk, as far as git could take it in. */
export const kindOf = (worktree: Worktree, path: string): 'absent' | 'hashable' | 'nested' | 'unusable' => {
  const file = onDisk(worktree.path, path);
  const stat = lstatIfAny(file);
  if (!stat) return 'absent';
  if (stat.isSymbolicLink()) return 'hashable';
  if (stat.isDirectory()) return isNested(worktree, path) ? 'nested' : 'absent';
  if (!stat.isFile()) return 'unusable';
  try {
    accessSync(file, constants.R_OK);
    return 'hashable';
  } catch {
    return 'unusable';
  }
};

/** The ids that files would get, by the very conversions that a commit makes, without writing an object. */
export const hashFiles = async (
  repo: Repository,
  worktree: Worktree,
  options: { paths: string[]; index: string },
): Promise<Map<string, string>> => {
  const { paths, index } = options;
  if (paths.length === 0) return new Map();
  const settings: [string, string][] = [['core.splitIndex', 'false']];
  const args = ['update-index', '--add', '--remove', '--replace', '--info-only', '-z', '--stdin'];
  await git(repo, args, { worktree, index, settings, stdin: joinNul(paths) });
  const entries = (await readIndex(repo, worktree, index)) ?? [];
  return new Map(entries.map(({ path, id }) => [path, id]));
};

/** As many names as any system takes in one command line. */
const MOST_PATHS = 200;
const MOST_BYTES = 20_000;

/** For git to look at these paths alone; nothing where there are too many, or some that are no text. */
const onlyAt = (paths: string[] | undefined): string[] => {
  if (!paths || paths.length > MOST_PATHS) return [];
  const bytes = paths.reduce((sum, path) => sum + Buffer.byteLength(path) + 1, 0);
  return bytes > MOST_BYTES || paths.some((path) => /\p{Surrogate}/u.test(path)) ? [] : ['--', ...paths];
};

interface StatusWish {
  index: string;
  untracked?: 'all' | 'no';
  paths?: string[];
  /** Hears of folders that could not be looked into. */
  onClosed?(folder: string): void;
}

const statusLines = async (
  repo: Repository,
  worktree: Worktree,
  { index, untracked = 'all', paths, onClosed }: StatusWish,
): Promise<Map<string, StatusLine>> => {
  const args = [...STATUS, `--untracked-files=${untracked}`, ...onlyAt(paths)];
  const { stdout, stderr } = await git(repo, args, { worktree, index });
  for (const [, folder] of stderr.matchAll(/could not open directory '(.+?)\/?'/g)) onClosed?.(folder!);
  const lines = splitNul(stdout).map(parseLine);
  // A file that only the index gave up is named twice: deleted, then untracked. Its content counts.
  return new Map(lines.filter((line) => line !== undefined).map((line) => [line.path, line]));
};

const describe = async (
  repo: Repository,
  worktree: Worktree,
  options: { lines: StatusLine[]; index: string },
): Promise<Leftover[]> => {
  const kinds = new Map(
    options.lines.map(({ path }) => [path, isOversized(repo, worktree, path) ? 'unusable' : kindOf(worktree, path)]),
  );
  const open = options.lines.filter(({ path, indexId }) => indexId === undefined && kinds.get(path) === 'hashable');
  const hashed = await hashFiles(repo, worktree, { paths: open.map(({ path }) => path), index: options.index });
  const objectOf = ({ path, indexId }: StatusLine): string | null => {
    const kind = kinds.get(path);
    if (kind === 'absent') return null;
    if (kind === 'nested') return nestedHead(worktree, path) ?? zeros(repo);
    return (kind === 'hashable' ? (indexId ?? hashed.get(path)) : undefined) ?? zeros(repo);
  };
  return options.lines.map((line) => ({ path: line.path, object: objectOf(line) }));
};

/** Where the worktree's own index is gone or damaged. */
const fillIndex = async (repo: Repository, worktree: Worktree, index: string): Promise<void> => {
  const { commit } = await headOf(repo, worktree);
  rmSync(index, { force: true });
  if (commit !== null) await git(repo, ['read-tree', commit], { worktree, index });
};

/** What is not as HEAD has it, and a place to work it out in. */
export interface Changes {
  lines: StatusLine[];
  /** Folders that could not be looked into. */
  closed: string[];
  /** A copy of the worktree's index, in which nothing hides. */
  index: string;
  /** A folder for objects that nobody needs afterwards. */
  objectDir: string;
}

/**
 * Looks for everything in a worktree that differs from its HEAD, or is untracked and not ignored. Nothing is changed,
 * not even the index. One process when all is clean.
 * @returns undefined when it is
 */
export const withChanges = async <T>(
  repo: Repository,
  worktree: Worktree,
  work: (changes: Changes) => Promise<T>,
): Promise<T | undefined> => {
  const closed: string[] = [];
  const look = async (index: string): Promise<StatusLine[]> => {
    const lines = await statusLines(repo, worktree, { index, onClosed: (folder) => closed.push(folder) });
    return [...lines.values()];
  };
  const entries = await readIndex(repo, worktree);
  const hidden = entries ? hiding(repo, worktree, entries) : undefined;
  if (hidden && isOpen(hidden)) {
    const lines = await look(indexOf(worktree));
    if (lines.length === 0 && closed.length === 0) return undefined;
    return withPrivateIndex(worktree, (place) => work({ lines, closed, ...place }));
  }
  return withPrivateIndex(worktree, async (place) => {
    if (!hidden) await fillIndex(repo, worktree, place.index);
    else await unhide(repo, worktree, hidden, { index: place.index });
    const lines = await look(place.index);
    return lines.length === 0 && closed.length === 0 ? undefined : work({ lines, closed, ...place });
  });
};

/**
 * Everything in a worktree that differs from its HEAD, or is untracked and not ignored, with the id that its content
 * would have as a commit would write it. Nothing is changed, not even the index. One process when all is clean, two
 * when not.
 */
export const dirtyPaths = async (repo: Repository, worktree: Worktree): Promise<Leftover[]> =>
  (await withChanges(repo, worktree, ({ lines, index }) => describe(repo, worktree, { lines, index }))) ?? [];

/**
 * Every tracked path whose file differs from the index, or the index from HEAD; what is untracked is not looked for.
 * Nothing is changed. One process.
 * @param paths only these matter: where they are few, git looks at no others
 */
export const trackedStatus = async (repo: Repository, worktree: Worktree, paths?: string[]): Promise<StatusLine[]> => {
  const wish = { untracked: 'no' as const, paths };
  const hidden = hiding(repo, worktree, (await readIndex(repo, worktree)) ?? []);
  if (isOpen(hidden)) return [...(await statusLines(repo, worktree, { ...wish, index: indexOf(worktree) })).values()];
  return withPrivateIndex(worktree, async ({ index }) => {
    await unhide(repo, worktree, hidden, { index });
    return [...(await statusLines(repo, worktree, { ...wish, index })).values()];
  });
};
