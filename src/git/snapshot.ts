import { type GitOptions, git, gitText } from './git.ts';
import { FALLBACK_IDENTITY, identityVariables, userIdentity } from './identity.ts';
import { assertId } from './ids.ts';
import { withPrivateIndex } from './private-index.ts';
import type { Repository, Worktree } from './repository.ts';
import { stageAll } from './stage.ts';

const DURABLE: [string, string][] = [['core.fsync', 'all']];

/**
 * A commit of a worktree exactly as it is, ignored files excepted, on top of `parent`. No ref, index or file is
 * changed: until somebody keeps the commit, git may collect it.
 * @throws AppError git.failed
 */
export const snapshotWorktree = async (
  repo: Repository,
  worktree: Worktree,
  { parent, message }: { parent: string; message: string },
): Promise<string> => {
  assertId(parent);
  const tree = await withPrivateIndex(worktree, async ({ index }) => {
    const place = { index, settings: DURABLE };
    if (!(await stageAll(repo, worktree, place))) {
      await git(repo, ['read-tree', parent], { worktree, ...place });
      await stageAll(repo, worktree, place);
    }
    return gitText(repo, ['write-tree'], { worktree, ...place });
  });
  const options: GitOptions = { worktree, stdin: message, settings: DURABLE, trust: ['identity'] };
  const own = (await userIdentity(repo)) ? {} : { env: identityVariables(FALLBACK_IDENTITY) };
  return gitText(repo, ['commit-tree', tree, '-p', parent], { ...options, ...own });
};
