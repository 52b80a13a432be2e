import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lstatIfAny } from './files.ts';
import { indexOf } from './index-file.ts';
import type { Worktree } from './repository.ts';

export interface PrivateIndex {
  index: string;
  /** For objects that nobody needs afterwards. */
  objectDir: string;
}

/** Works on a copy of a worktree's index, so that looking changes nothing; all of it is gone afterwards. */
export const withPrivateIndex = async <T>(
  worktree: Worktree,
  work: (place: PrivateIndex) => Promise<T>,
): Promise<T> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-index-'));
  try {
    const place = { index: join(dir, 'index'), objectDir: join(dir, 'objects') };
    mkdirSync(place.objectDir);
    if (lstatIfAny(indexOf(worktree))?.isFile()) copyFileSync(indexOf(worktree), place.index);
    return await work(place);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};
