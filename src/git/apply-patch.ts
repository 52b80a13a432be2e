import { lstatSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git, gitText } from './git.ts';
import { assertId } from './ids.ts';
import { isInside, joinNul, onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** How a patch is put upon files. `reversed` changes nothing: it asks whether all of it is there already. */
export type ApplyHow = 'plain' | 'three-way' | 'reject' | 'reversed';

const FLAGS: Record<ApplyHow, string[]> = {
  plain: [],
  'three-way': ['--3way'],
  reject: ['--reject'],
  reversed: ['--check', '--reverse'],
};

/** What the user prefers for their own patches has no say. */
const PLAIN: [string, string][] = [
  ['apply.whitespace', 'nowarn'],
  ['apply.ignoreWhitespace', 'no'],
];

/**
 * Applies a patch to a worktree's files, as `git apply` does: it never leaves the worktree. One process.
 * @returns whether all of it was applied; `reject` leaves behind what could be
 */
export const applyPatch = async (
  repo: Repository,
  worktree: Worktree,
  patch: Buffer,
  how: ApplyHow = 'plain',
): Promise<boolean> => {
  const args = ['apply', ...FLAGS[how], '-'];
  const { exitCode } = await git(repo, args, { worktree, stdin: patch, settings: PLAIN, ok: [0, 1, 128] });
  return exitCode === 0;
};

/** Tracked files and index as a commit has them; what is untracked stays. One process. */
export const resetFiles = async (repo: Repository, worktree: Worktree, commit: string): Promise<void> => {
  assertId(commit);
  await git(repo, ['read-tree', '--reset', '-u', commit], { worktree });
};

/** Files that are neither tracked nor ignored. One process. */
export const untrackedFiles = async (repo: Repository, worktree: Worktree): Promise<string[]> => {
  const text = await gitText(repo, ['ls-files', '--others', '--exclude-standard', '-z'], { worktree });
  return text.split('\0').filter(Boolean);
};

/** Removes files of a worktree; a folder on the way that is a link now is not followed. */
export const removeFiles = (worktree: Worktree, paths: string[]): void => {
  const top = realpathSync(worktree.path);
  for (const path of paths) {
    const file = onDisk(worktree.path, path).toString();
    try {
      const folder = realpathSync(dirname(file));
      if (folder !== top && !isInside(top, folder)) continue;
      rmSync(file, { recursive: lstatSync(file).isDirectory(), force: true });
    } catch {}
  }
};

const withIndex = async <T>(work: (index: string) => Promise<T>): Promise<T> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-index-'));
  try {
    return await work(join(dir, 'index'));
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** The tree that a patch makes of a commit; undefined when it does not apply to it. Two or three processes. */
export const treeWithPatch = (repo: Repository, commit: string, patch: Buffer): Promise<string | undefined> => {
  assertId(commit);
  return withIndex(async (index) => {
    await git(repo, ['read-tree', commit], { index });
    const how = { index, stdin: patch, settings: PLAIN, ok: [0, 1, 128] };
    const { exitCode } = await git(repo, ['apply', '--cached', '-'], how);
    return exitCode === 0 ? await gitText(repo, ['write-tree'], { index }) : undefined;
  });
};

/**
 * Makes some paths of a worktree what a tree has there, or has not, whatever stands there now. The index of the
 * worktree stays. Three processes.
 */
export const takeFiles = (repo: Repository, worktree: Worktree, tree: string, paths: string[]): Promise<void> =>
  withIndex(async (index) => {
    // Without a path git would list them all.
    if (paths.length === 0) return;
    const listed = await gitText(repo, ['ls-tree', '-r', '-z', '--name-only', '--full-tree', tree, '--', ...paths]);
    const there = new Set(listed.split('\0'));
    removeFiles(
      worktree,
      paths.filter((path) => !there.has(path)),
    );
    await git(repo, ['read-tree', tree], { worktree, index });
    const write = paths.filter((path) => there.has(path));
    await git(repo, ['checkout-index', '-f', '-z', '--stdin'], { worktree, index, stdin: joinNul(write) });
  });
