import { join, resolve } from 'node:path';
import { lstatIfAny, readTextIfAny } from './files.ts';
import { onDisk } from './paths.ts';
import { readHeadFile, readRefFile } from './ref-files.ts';
import type { Worktree } from './repository.ts';
import { readGitFile } from './worktree-link.ts';

/** Whether a folder of a worktree is a repository of its own, by its `.git`. */
export const isNested = (worktree: Worktree, path: string): boolean =>
  lstatIfAny(onDisk(worktree.path, `${path}/.git`)) !== undefined;

/**
 * The commit that a repository inside a worktree stands on, read from its files; undefined when it has none, or when
 * its name cannot be written as text.
 */
export const nestedHead = (worktree: Worktree, path: string): string | undefined => {
  if (/\p{Surrogate}/u.test(path)) return undefined;
  const entry = join(worktree.path, path, '.git');
  const gitDir = lstatIfAny(entry)?.isFile() ? readGitFile(entry) : entry;
  const head = gitDir === undefined ? undefined : readHeadFile(gitDir);
  if (!head || gitDir === undefined) return undefined;
  const commonDir = resolve(gitDir, readTextIfAny(join(gitDir, 'commondir'))?.trim() ?? '');
  return 'id' in head ? head.id : readRefFile({ commonDir, gitDir }, head.ref);
};
