import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { readTextIfAny } from './files.ts';
import { git } from './git.ts';
import { countLooseRefs } from './ref-files.ts';
import type { Repository } from './repository.ts';

const MAX_PACKS = 50;
const SMALL_BYTES = 10 * 1024 * 1024;
const MAX_LOOSE_REFS = 200;

/** Packs that nobody keeps on purpose and that are small enough to be worth joining. */
export const countSmallPacks = (repo: Repository): number => {
  const folder = join(repo.commonDir, 'objects', 'pack');
  if (!existsSync(folder)) return 0;
  const names = new Set(readdirSync(folder));
  let count = 0;
  for (const name of names) {
    const stem = name.endsWith('.pack') ? name.slice(0, -'.pack'.length) : undefined;
    if (stem === undefined || names.has(`${stem}.keep`) || !names.has(`${stem}.idx`)) continue;
    if ((statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? SMALL_BYTES) < SMALL_BYTES) count++;
  }
  return count;
};

/** In a partial clone a repack would have to fetch what was left out, and fails. */
const isPartialClone = (repo: Repository): boolean =>
  /partialclone|promisor/i.test(readTextIfAny(join(repo.commonDir, 'config')) ?? '');

export interface Maintained {
  packs: boolean;
  refs: boolean;
}

/**
 * Joins many small packs into few and packs our loose refs, when there are enough of them. Never a gc: nothing is
 * dropped. What fails here fails again, or not, the next time; nobody's work hangs on it.
 */
export const maintenance = async (repo: Repository): Promise<Maintained> => {
  const attempt = async (args: string[]): Promise<boolean> => {
    try {
      await git(repo, args, { settings: [['core.fsync', 'all']] });
      return true;
    } catch (error) {
      if (isAppError(error, 'git.failed') || isAppError(error, 'git.timeout')) return false;
      throw error;
    }
  };
  const packs = countSmallPacks(repo) > MAX_PACKS && !isPartialClone(repo);
  const refs =
    repo.refFormat === 'files' && countLooseRefs(repo.commonDir, 'refs/amp/', MAX_LOOSE_REFS + 1) > MAX_LOOSE_REFS;
  return {
    packs: packs && (await attempt(['repack', '--geometric=2', '-d', '-l', '-q', '--no-write-bitmap-index'])),
    refs: refs && (await attempt(['pack-refs', '--all'])),
  };
};
