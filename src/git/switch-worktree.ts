import { join } from 'node:path';
import { syncFile, syncFolder } from './files.ts';
import { git } from './git.ts';
import { assertFullRef, assertId, branchRef } from './ids.ts';
import type { Repository, Worktree } from './repository.ts';
import { clearStaleLock } from './stale-locks.ts';

const REASON = 'amp-sessions: landing';

/**
 * Moves HEAD of a checkout to a branch or to a commit, in one step; files and index stay as they are.
 * @throws AppError ref.missing, git.failed, worktree.blocked when a living process holds HEAD
 */
export const switchWorktree = async (
  repo: Repository,
  worktree: Worktree,
  to: { branch: string } | { detached: string },
): Promise<void> => {
  const head = join(worktree.gitDir, 'HEAD');
  await clearStaleLock(repo, { path: `${head}.lock`, folders: [worktree.path, worktree.gitDir] });
  const how = { worktree, settings: [['core.fsync', 'all']] as [string, string][], trust: ['identity' as const] };
  if ('branch' in to) {
    const ref = branchRef(to.branch);
    assertFullRef(ref);
    await git(repo, ['symbolic-ref', '-m', REASON, 'HEAD', ref], how);
  } else {
    assertId(to.detached);
    await git(repo, ['update-ref', '--no-deref', '-m', REASON, 'HEAD', to.detached], how);
  }
  syncFile(head);
  syncFolder(worktree.gitDir);
};
