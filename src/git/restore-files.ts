import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { AppError } from '../errors.ts';
import { hashFiles } from './dirty.ts';
import { lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { readIndex } from './index-file.ts';
import { joinNul, onDisk } from './paths.ts';
import { withPrivateIndex } from './private-index.ts';
import type { Repository, Worktree } from './repository.ts';
import { SUBMODULE, type TreeChange, treeChanges } from './tree-changes.ts';

/** What has to happen in a worktree so that some paths are as a snapshot has them. */
export interface RestorePlan {
  write: string[];
  remove: string[];
  /** As the snapshot has them already. */
  same: string[];
  /** Repositories inside: a snapshot has none of their files. */
  nested: string[];
}

const isAmong = (path: string, wanted: string[] | undefined): boolean =>
  wanted === undefined || wanted.some((one) => one === '' || path === one || path.startsWith(`${one}/`));

/** Nothing of ours; git refuses such names when it writes, and we do when we remove. */
const isStrange = (path: string): boolean => path.split('/').some((part) => /^(\.{0,2}|\.git)$/i.test(part));

interface Now {
  mode: string;
  id: string;
}

/** The files as they are, as a commit would have them. */
const filesNow = (repo: Repository, worktree: Worktree, paths: string[]): Promise<Map<string, Now>> =>
  withPrivateIndex(worktree, async ({ index }) => {
    const there = paths.filter((path) => lstatIfAny(onDisk(worktree.path, path))?.isDirectory() === false);
    await hashFiles(repo, worktree, { paths: there, index });
    const entries = (await readIndex(repo, worktree, index)) ?? [];
    const known = new Map(entries.map(({ path, mode, id }) => [path, { mode, id }]));
    return new Map(there.flatMap((path) => (known.has(path) ? [[path, known.get(path)!]] : [])));
  });

/**
 * What it takes to have the changes of a snapshot in the worktree again. Nothing is changed. One to two processes.
 * @param worktree undefined where it is gone: then all of it
 * @param paths only these, and what lies below them
 * @throws AppError ref.missing, git.failed
 */
export const planRestore = async (
  repo: Repository,
  worktree: Worktree | undefined,
  { head, tree, paths }: { head: string; tree: string; paths?: string[] },
): Promise<RestorePlan> => {
  const all = (await treeChanges(repo, head, tree)).filter(({ path }) => isAmong(path, paths) && !isStrange(path));
  const isNested = (change: TreeChange): boolean => [change.old?.mode, change.new?.mode].includes(SUBMODULE);
  const changes = all.filter((change) => !isNested(change));
  const looked = changes.map(({ path }) => path);
  const now = worktree ? await filesNow(repo, worktree, looked) : new Map<string, Now>();
  const isSame = ({ path, new: wanted }: TreeChange): boolean => {
    if (!worktree) return false;
    const found = now.get(path);
    if (!wanted) return lstatIfAny(onDisk(worktree.path, path)) === undefined;
    return found?.id === wanted.id && found.mode === wanted.mode;
  };
  const open = changes.filter((change) => !isSame(change));
  return {
    write: open.filter((change) => change.new).map(({ path }) => path),
    remove: open.filter((change) => !change.new).map(({ path }) => path),
    same: changes.filter(isSame).map(({ path }) => path),
    nested: all.filter(isNested).map(({ path }) => path),
  };
};

const hasFiles = (folder: string | Buffer): boolean => {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return true;
  }
};

/** What stands where a file, or a folder above it, has to be, and would be lost or followed. */
const obstacleOf = (worktree: Worktree, path: string, going: Set<string>): string | undefined => {
  const here = onDisk(worktree.path, path);
  if (lstatIfAny(here)?.isDirectory() && hasFiles(here)) return path;
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const stat = lstatIfAny(onDisk(worktree.path, folder));
    if (stat && !stat.isDirectory() && !going.has(folder)) return folder;
  }
  return undefined;
};

/** Paths that keep a plan from being carried out: folders where files would come, files where folders would. */
export const restoreObstacles = (worktree: Worktree, { write, remove }: RestorePlan): string[] => {
  const going = new Set(remove);
  const found = [...write, ...remove].flatMap((path) => obstacleOf(worktree, path, going) ?? []);
  return [...new Set(found)].sort();
};

/** A file, and the folders above it that are empty then. */
const removeFile = (worktree: Worktree, path: string): void => {
  const file = onDisk(worktree.path, path);
  if (lstatIfAny(file)?.isDirectory()) rmdirSync(file);
  else rmSync(file, { force: true });
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    try {
      rmdirSync(onDisk(worktree.path, folder));
    } catch {
      return;
    }
  }
};

/**
 * Writes the files of a plan, and removes those that the snapshot has not. The worktree's index and HEAD stay: what
 * comes back is uncommitted, as it was. Killed at any moment, a second call finishes it. Two processes.
 * @throws AppError worktree.blocked when something is in the way: nothing is changed then; git.failed
 */
export const restoreFiles = async (
  repo: Repository,
  worktree: Worktree,
  { tree, plan }: { tree: string; plan: RestorePlan },
): Promise<void> => {
  const inTheWay = restoreObstacles(worktree, plan);
  if (inTheWay.length > 0)
    throw new AppError('worktree.blocked', `Something else stands at ${inTheWay.slice(0, 3).join(', ')}.`, {
      hint: 'Move it away, then try again. Nothing was changed.',
      details: { worktree: worktree.path, paths: inTheWay },
    });
  await withPrivateIndex(worktree, async ({ index }) => {
    // Git looks at every name first: one that leads out of the worktree is refused here.
    await git(repo, ['read-tree', tree], { worktree, index });
    for (const path of plan.remove) removeFile(worktree, path);
    if (plan.write.length === 0) return;
    await git(repo, ['checkout-index', '-f', '-z', '--stdin'], { worktree, index, stdin: joinNul(plan.write) });
  });
};
