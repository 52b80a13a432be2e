import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bringWorktree } from './bring-worktree.ts';
import { lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { assertId } from './ids.ts';
import { readIndex } from './index-file.ts';
import type { MergedTree } from './merge-messages.ts';
import { joinNul, onDisk, pathFromBytes, splitNul } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { clearStaleLock } from './stale-locks.ts';
import { treeChanges } from './tree-changes.ts';

/** The entries of a tree at some paths, `mode id` each. */
const entriesAt = async (repo: Repository, tree: string, paths: string[]): Promise<Map<string, string>> => {
  const wanted = new Set(paths);
  const { stdout } = await git(repo, ['ls-tree', '-r', '-z', '--full-tree', tree]);
  const found = new Map<string, string>();
  for (const line of splitNul(stdout)) {
    const tab = line.indexOf(0x09);
    const path = pathFromBytes(line.subarray(tab + 1));
    const [mode, , id] = line.toString('latin1', 0, tab).split(' ');
    if (wanted.has(path)) found.set(path, `${mode} ${id}`);
  }
  return found;
};

const isThere = (worktree: Worktree, path: string): boolean => {
  const stat = lstatIfAny(onDisk(worktree.path, path));
  return stat !== undefined && !stat.isDirectory();
};

/** Takes the conflicting files away, and says in the index that they are as the merge left them. */
const forget = async (repo: Repository, worktree: Worktree, tree: string, paths: string[]): Promise<void> => {
  const known = await entriesAt(repo, tree, paths);
  const none = `0 ${'0'.repeat(tree.length)}`;
  const lines = [...paths]
    .sort((a, b) => Number(known.has(a)) - Number(known.has(b)))
    .flatMap((path) => [`${none}\t${path}`, ...(known.has(path) ? [`${known.get(path)}\t${path}`] : [])]);
  // As long as the index has not changed, a second call does this once more.
  for (const path of paths) if (isThere(worktree, path)) rmSync(onDisk(worktree.path, path), { force: true });
  const settings: [string, string][] = [['core.fsync', 'all']];
  await git(repo, ['update-index', '-z', '--index-info'], { worktree, stdin: joinNul(lines), settings });
};

/** Whether a call before had come so far that the index says what it should. */
const isArrived = async (
  repo: Repository,
  worktree: Worktree,
  options: { tree: string; to: string; wanted: Map<string, string>; paths: string[] },
): Promise<boolean> => {
  const { tree, to, wanted, paths } = options;
  const entries = (await readIndex(repo, worktree)) ?? [];
  const index = new Map(entries.map(({ path, mode, id, stage }) => [path, stage === 0 ? `${mode} ${id}` : 'open']));
  const changes = await treeChanges(repo, tree, to);
  return (
    paths.every((path) => index.get(path) === wanted.get(path)) &&
    changes.every(({ path, new: at }) => index.get(path) === (at && `${at.mode} ${at.id}`))
  );
};

/**
 * Takes a worktree out of a conflict and to another commit or tree. What a person has done in the conflicting files is
 * lost; uncommitted changes of other files stay. HEAD does not move. Killed at any moment, a second call finishes it.
 * @throws AppError worktree.blocked when changes of other files are in the way; they are untouched then
 */
export const abandonConflict = async (
  repo: Repository,
  worktree: Worktree,
  options: { merged: MergedTree; to: string },
): Promise<void> => {
  const { merged, to } = options;
  const { tree } = merged;
  for (const id of [tree, to]) assertId(id);
  const folders = [worktree.path, worktree.gitDir];
  await clearStaleLock(repo, { path: join(worktree.gitDir, 'index.lock'), folders });
  const paths = merged.conflicts.map(({ path }) => path);
  const wanted = await entriesAt(repo, to, paths);
  if (!(await isArrived(repo, worktree, { tree, to, wanted, paths }))) {
    await forget(repo, worktree, tree, paths);
    await bringWorktree(repo, worktree, { from: tree, to });
  }
  // What is the same in both trees was taken away as well.
  const missing = [...wanted.keys()].filter((path) => !isThere(worktree, path));
  if (missing.length === 0) return;
  await git(repo, ['checkout-index', '-u', '-q', '-z', '--stdin'], { worktree, stdin: joinNul(missing) });
};
