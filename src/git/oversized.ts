import { lstatIfAny } from './files.ts';
import { onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** Whether a file is over the limit: hashing it would take its time again and again, and no commit takes it. */
export const isOversized = ({ fileLimit }: Repository, worktree: Worktree, path: string): boolean => {
  if (fileLimit === undefined) return false;
  const stat = lstatIfAny(onDisk(worktree.path, path));
  return stat?.isFile() === true && stat.size > fileLimit;
};
