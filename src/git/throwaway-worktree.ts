import { join } from 'node:path';
import { replaceFile } from './files.ts';
import { git } from './git.ts';
import { assertId } from './ids.ts';
import { removeWorktree } from './remove-worktree.ts';
import type { Repository, Worktree } from './repository.ts';
import { claimFolder, createAdmin } from './worktree-admin.ts';
import { sessionWorktree } from './worktree-link.ts';

/** A name that no ref has: HEAD stands on it only until it is detached. */
const NOWHERE = 'refs/amp/none';

const make = async (repo: Repository, path: string, commit: string): Promise<Worktree> => {
  if (repo.refFormat === 'reftable') {
    await git(repo, ['worktree', 'add', '--no-checkout', '--detach', '--', path, commit], { trust: ['identity'] });
    return sessionWorktree(repo, path);
  }
  const worktree = createAdmin(repo, claimFolder(repo, path), NOWHERE);
  replaceFile(join(worktree.gitDir, 'HEAD'), `${commit}\n`);
  return worktree;
};

/**
 * A worktree that shows a commit and is on no branch; `removeWorktree` takes it away again. No ref is made or moved.
 * @param path absolute; nothing may be there
 * @throws AppError worktree.blocked, git.failed
 */
export const addDetachedWorktree = async (
  repo: Repository,
  { path, commit }: { path: string; commit: string },
): Promise<Worktree> => {
  assertId(commit);
  try {
    const worktree = await make(repo, path, commit);
    await git(repo, ['read-tree', '--reset', '-u', commit], { worktree });
    return worktree;
  } catch (error) {
    await removeWorktree(repo, path).catch(() => {});
    throw error;
  }
};
