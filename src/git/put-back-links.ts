import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lstatIfAny, readTextIfAny, replaceFile } from './files.ts';
import { type GuardedFiles, guardedName } from './guarded-files.ts';
import { branchRef } from './ids.ts';
import type { Repository, Worktree } from './repository.ts';

/** In the administrative folder of a worktree: which repository it belongs to, and where its files lie. */
const LINKS = ['commondir', 'gitdir'];

/**
 * Writes the links of a worktree's administrative folder again as they were, where somebody changed or removed them;
 * git makes its index anew. The `.git` file in the worktree is `repairWorktree`'s.
 * @param before the guarded files as they were
 */
export const putBackAdmin = (
  repo: Repository,
  wt: Worktree,
  { branch, before }: { branch: string; before: GuardedFiles },
): void => {
  if (wt.gitDir === repo.commonDir) return;
  if (!lstatIfAny(wt.gitDir)) {
    mkdirSync(wt.gitDir, { recursive: true });
    replaceFile(join(wt.gitDir, 'HEAD'), `ref: ${branchRef(branch)}\n`);
  }
  for (const name of LINKS) {
    const path = join(wt.gitDir, name);
    const text = before[guardedName(repo, path)]?.text;
    const entry = lstatIfAny(path);
    if (text === undefined || entry?.isDirectory() || (entry?.isFile() && readTextIfAny(path) === text)) continue;
    replaceFile(path, text);
  }
};
