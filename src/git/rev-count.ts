import { gitText } from './git.ts';
import { assertId, isFullRef } from './ids.ts';
import type { Repository } from './repository.ts';

export interface AheadBehind {
  /** Commits that only `a` has. */
  ahead: number;
  /** Commits that only `b` has. */
  behind: number;
}

/** How far two commits, given as ids or full refs, are apart. One process. @throws AppError ref.missing, git.failed */
export const aheadBehind = async (repo: Repository, a: string, b: string): Promise<AheadBehind> => {
  for (const name of [a, b]) if (!isFullRef(name)) assertId(name);
  const text = await gitText(repo, ['rev-list', '--count', '--left-right', `${a}...${b}`, '--']);
  const [ahead = 0, behind = 0] = text.split('\t').map(Number);
  return { ahead, behind };
};
