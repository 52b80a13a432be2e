import { join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { emptyTree } from './diff.ts';
import { git } from './git.ts';
import { assertId } from './ids.ts';
import { type PatchFile, parsePatches } from './patch-parse.ts';
import type { Repository } from './repository.ts';

export { addedLines, type PatchFile, type PatchHunk } from './patch-parse.ts';

/** Ids of two trees. */
export interface TreePair {
  /** Null is the empty tree. */
  from: string | null;
  to: string;
}

export interface Patches {
  /** The files of each pair, in the order asked for. */
  pairs: PatchFile[][];
  /** There was too much to read the lines: the files are named, without hunks. */
  isCut: boolean;
}

const FLAGS = ['--stdin', '-r', '-z', '--raw', '--no-abbrev', '-M', '-l2000', '--ignore-submodules=none'];
/** The lines as git's merge sees them: its algorithm, and no moving of a change to where it reads better. */
const AS_MERGED = ['--diff-algorithm=histogram', '--no-indent-heuristic'];
const LINES = ['-p', '-U0', '--submodule=short', '--no-color', '--inter-hunk-context=0', ...AS_MERGED];

/** Bytes of patches that are read; a person would not review more either. */
const MAX_BYTES = 128 * 1024 * 1024;

/**
 * By attributes a commit could hide its lines: `-diff`, `binary`. Without an index and a checkout git takes them from a
 * tree at most.
 */
const withoutAttributes = (repo: Repository): [string, string][] => [['attr.tree', emptyTree(repo)]];

/**
 * What differs between pairs of trees, with every line that changed, by one process.
 * @param options.withLines false: only which files
 * @throws AppError ref.missing when a name is no id, git.failed when a tree is missing
 */
export const readPatches = async (
  repo: Repository,
  pairs: TreePair[],
  options: { objectDir?: string; maxBytes?: number; withLines?: boolean } = {},
): Promise<Patches> => {
  if (pairs.length === 0) return { pairs: [], isCut: false };
  const named = pairs.map(({ from, to }) => [from ?? emptyTree(repo), to]);
  for (const id of named.flat()) assertId(id);
  const { objectDir, maxBytes = MAX_BYTES } = options;
  const stdin = named.map((ids) => `${ids.join(' ')}\n`).join('');
  const how = { stdin, objectDir, index: join(repo.commonDir, 'amp', 'no-index'), settings: withoutAttributes(repo) };
  const ask = async (flags: string[], limit?: number): Promise<PatchFile[][]> => {
    const { stdout } = await git(repo, ['diff-tree', ...FLAGS, ...flags], { ...how, maxBytes: limit });
    const answers = parsePatches(stdout);
    // It passes over what it does not find, and says nothing.
    if (answers.length < pairs.length) throw new AppError('git.failed', 'git diff-tree: a tree is missing');
    return answers;
  };
  if (options.withLines === false) return { pairs: await ask([]), isCut: false };
  try {
    return { pairs: await ask(LINES, maxBytes), isCut: false };
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    return { pairs: await ask([]), isCut: true };
  }
};
