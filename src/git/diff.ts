import { AppError } from '../errors.ts';
import { type DetailedChange, type FileChange, parseDetails, parseDiff } from './diff-parse.ts';
import { type GitOptions, git } from './git.ts';
import { isFullRef, isId } from './ids.ts';
import { withPrivateIndex } from './private-index.ts';
import { headOf } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';
import { stageAll } from './stage.ts';

export type { ChangeStatus, DetailedChange, FileChange } from './diff-parse.ts';
export { showPaged } from './pager.ts';

export interface DiffOptions {
  /** Whose files count when `b` is undefined, and whose `.gitattributes` say what is binary; default where the user stands. */
  worktree?: Worktree;
}

/** Settings of the user would change what we parse: renames are looked for always and alike. */
const DETECT = ['-M', '-l2000', '--submodule=short', '--ignore-submodules=none', '--no-relative'];

/** Its id is the same everywhere; git knows it also where nobody wrote it. */
export const emptyTree = (repo: Repository): string =>
  repo.objectFormat === 'sha1'
    ? '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
    : '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321';

const treeOf = (repo: Repository, name: string | null): string => {
  if (name === null) return emptyTree(repo);
  if (isId(name) || isFullRef(name)) return name;
  throw new AppError('ref.missing', `${JSON.stringify(name)} is neither an object id nor a full ref.`);
};

type Compare = (args: string[], options: GitOptions) => Promise<Buffer>;

/** Runs a comparison of two commits, or of a commit with a worktree as it is, untracked files included. */
const compare = async (
  repo: Repository,
  options: { a: string | null; b: string | undefined; worktree: Worktree | undefined },
  run: Compare,
): Promise<Buffer> => {
  const { b, worktree } = options;
  const a = treeOf(repo, options.a);
  if (b !== undefined) return run(['diff-tree', '-r', ...DETECT, a, treeOf(repo, b)], { worktree });
  if (!worktree) {
    throw new AppError('worktree.missing', `${repo.root} has no worktree to compare with.`, {
      hint: 'Name two commits.',
    });
  }
  return withPrivateIndex(worktree, async ({ index, objectDir }) => {
    const place = { index, objectDir };
    if (!(await stageAll(repo, worktree, place))) {
      const { commit } = await headOf(repo, worktree);
      await git(repo, ['read-tree', commit ?? '--empty'], { worktree, ...place });
      await stageAll(repo, worktree, place);
    }
    return run(['diff-index', '--cached', ...DETECT, a], { worktree, ...place });
  });
};

/** What `parseDiff` reads. */
const FLAGS = ['-z', '--raw', '--numstat', '--no-abbrev'];

/** Flags belong before the trees. */
const withFlags = (args: string[], flags: string[]): string[] => [args[0]!, ...flags, ...args.slice(1)];

/**
 * The files that differ, with lines added and removed. One process between two commits, four to a worktree.
 * @param a id or full ref; null is the empty tree
 * @param b the same; undefined is the worktree as it is, with what is untracked and not ignored
 */
export const diffFiles = async (
  repo: Repository,
  a: string | null,
  b?: string,
  options: DiffOptions = {},
): Promise<FileChange[]> => {
  const worktree = options.worktree ?? repo.here ?? undefined;
  return parseDiff(
    await compare(repo, { a, b, worktree }, async (args, how) => (await git(repo, withFlags(args, FLAGS), how)).stdout),
  );
};

/**
 * The files that differ between two commits, with modes and object ids. One process.
 * @param pathspecs as git has them; none for all
 */
export const diffDetails = async (
  repo: Repository,
  a: string | null,
  b: string,
  options: { pathspecs?: string[] } = {},
): Promise<DetailedChange[]> => {
  const args = withFlags(['diff-tree', '-r', ...DETECT, treeOf(repo, a), treeOf(repo, b)], FLAGS);
  const how = { ...(repo.here && { worktree: repo.here }), env: WITH_MAGIC };
  return parseDetails((await git(repo, [...args, '--', ...(options.pathspecs ?? [])], how)).stdout);
};

export interface DiffSize {
  files: number;
  /** Lines of text; binary files count as files only. */
  insertions: number;
  deletions: number;
}

const sizeOf = (changes: FileChange[]): DiffSize => {
  const sum = (pick: (change: FileChange) => number | null): number =>
    changes.reduce((total, change) => total + (pick(change) ?? 0), 0);
  return { files: changes.length, insertions: sum((c) => c.insertions), deletions: sum((c) => c.deletions) };
};

/** How much differs. One process between two commits. */
export const diffSize = async (
  repo: Repository,
  a: string | null,
  b?: string,
  options: DiffOptions = {},
): Promise<DiffSize> => sizeOf(await diffFiles(repo, a, b, options));

/** How much what is staged in a worktree differs from a commit. One process. */
export const stagedSize = async (repo: Repository, worktree: Worktree, commit: string): Promise<DiffSize> => {
  const args = withFlags(['diff-index', '--cached', ...DETECT, treeOf(repo, commit)], FLAGS);
  return sizeOf(parseDiff((await git(repo, args, { worktree })).stdout));
};

/** Pathspecs of ours, and of the user, mean what git-glossary(7) says. */
const WITH_MAGIC = { GIT_LITERAL_PATHSPECS: '0' };

/** How a patch is printed. */
export interface PatchStyle {
  color: boolean;
  paths?: string[];
  /** As git has them, beside `paths`. */
  pathspecs?: string[];
  /** Unchanged lines around what changed; default 3. */
  context?: number;
  wordDiff?: 'plain' | 'porcelain';
  /** Whole object ids. */
  fullIndex?: boolean;
}

/** A path as a pathspec. A name that is not UTF-8 cannot be an argument: its odd bytes become `?`. */
const pathspec = (path: string): string =>
  /\p{Surrogate}/u.test(path)
    ? `:(top,glob)${path.replace(/[\\*?[\]]/g, '\\$&').replace(/\p{Surrogate}/gu, '?')}`
    : `:(top,literal)${path}`;

const patchFlags = ({ color, context, wordDiff, fullIndex }: PatchStyle): string[] => [
  '-p',
  `--color=${color ? 'always' : 'never'}`,
  '--src-prefix=a/',
  '--dst-prefix=b/',
  ...(context === undefined ? [] : [`-U${context}`]),
  ...(wordDiff === undefined ? [] : [`--word-diff=${wordDiff}`]),
  ...(fullIndex ? ['--full-index'] : []),
];

/** The patch as git prints it, with default prefixes, whatever the user's settings. One process between two commits. */
export const diffPatch = async (
  repo: Repository,
  a: string | null,
  b: string | undefined,
  options: DiffOptions & PatchStyle,
): Promise<Buffer> => {
  const worktree = options.worktree ?? repo.here ?? undefined;
  const paths = [...(options.paths ?? []).map(pathspec), ...(options.pathspecs ?? [])];
  return compare(
    repo,
    { a, b, worktree },
    async (args, how) =>
      (await git(repo, [...withFlags(args, patchFlags(options)), '--', ...paths], { ...how, env: WITH_MAGIC })).stdout,
  );
};
