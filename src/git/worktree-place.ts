import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import { lstatIfAny } from './files.ts';
import { isInside } from './paths.ts';
import type { Repository } from './repository.ts';

/**
 * Whether a worktree may be made at a path below the repository: its folders are folders, and none is a link that a
 * commit could have planted. Looks only, so it is asked before anything is on record. Elsewhere the user's word counts.
 * @throws AppError worktree.blocked
 */
export const refuseBlockedPlace = (repo: Repository, path: string): void => {
  for (let folder = dirname(path); folder !== repo.root && isInside(repo.root, folder); folder = dirname(folder)) {
    const stat = lstatIfAny(folder);
    if (!stat || stat.isDirectory()) continue;
    const what = stat.isSymbolicLink() ? 'would lie behind a symbolic link' : 'would lie below a file';
    throw new AppError('worktree.blocked', `${path} ${what}: ${folder} is no folder.`, {
      hint: `Move ${folder} away, or have worktrees elsewhere: \`amp-sessions config set worktrees <folder>\`.`,
    });
  }
};
