import { readdirSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { kindOf } from './dirty.ts';
import { lstatIfAny } from './files.ts';
import { isOversized } from './oversized.ts';
import { onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import type { SkippedPath } from './snapshot-record.ts';
import type { Seen } from './stage.ts';

/** Pipes, sockets and devices beside what has changed: git passes over them without a word. */
export const strangeBeside = (worktree: Worktree, paths: string[]): string[] => {
  const folders = [...new Set(['.', ...paths.map((path) => dirname(path))])].slice(0, 1000);
  return folders.flatMap((folder) => {
    try {
      const found = readdirSync(onDisk(worktree.path, folder), { withFileTypes: true });
      const strange = found.filter((one) => !one.isFile() && !one.isDirectory() && !one.isSymbolicLink());
      return strange.map(({ name }) => (folder === '.' ? name : `${folder}/${name}`));
    } catch {
      return [];
    }
  });
};

/** Why git did not take a path in that differs from the commit. */
const whyNot = (repo: Repository, worktree: Worktree, path: string): SkippedPath['why'] => {
  if (isOversized(repo, worktree, path)) return 'large';
  if (kindOf(worktree, path) === 'nested') return 'nested';
  return lstatIfAny(onDisk(worktree.path, path))?.isFile() ? 'unreadable' : 'special';
};

/**
 * Everything that a commit leaves out, by name, with the reason.
 * @param left what is still not as the commit has it, of what was to be in it
 */
export const skippedPaths = (repo: Repository, worktree: Worktree, seen: Seen, left: string[]): SkippedPath[] => {
  const found = new Map<string, SkippedPath['why']>();
  for (const path of seen.foreign) found.set(path, 'nested');
  for (const path of strangeBeside(worktree, seen.paths)) found.set(path, 'special');
  for (const path of seen.closed) found.set(path, 'unreadable');
  for (const path of seen.large) found.set(path, 'large');
  for (const path of left) found.set(path, whyNot(repo, worktree, path));
  return [...found].map(([path, why]) => ({ path, why })).sort((a, b) => (a.path < b.path ? -1 : 1));
};
