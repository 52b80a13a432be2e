import { git } from './git.ts';
import { assertFullRef } from './ids.ts';
import type { Repository } from './repository.ts';

/** Takes away what git remembers of where a ref of ours has been, so that nothing leads there any more. */
export const expireReflog = async (repo: Repository, ref: string): Promise<void> => {
  assertFullRef(ref);
  await git(repo, ['reflog', 'expire', '--expire=all', '--expire-unreachable=all', ref], { ok: [0, 1, 255] });
};
