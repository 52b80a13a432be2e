import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './files.ts';
import type { Repository } from './repository.ts';

const packFolder = (repo: Repository): string => join(repo.commonDir, 'objects', 'pack');

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** What this process holds, by git directory and reason: packs that it adds meanwhile stay kept too. */
const held = new Set<string>();

const keyOf = (repo: Repository, reason: string): string => `${repo.commonDir}\0${reason}`;

export const isHeld = (repo: Repository, reason: string): boolean => held.has(keyOf(repo, reason));

/**
 * Keeps every pack there is from any gc, until the answer is called: a ref that somebody deletes meanwhile, with a gc
 * behind it, can be put back. A process that dies leaves `.keep` files with its reason.
 * @param drop takes away the `.keep` files of a reason
 */
export const holdPacks = (repo: Repository, reason: string, drop: () => void): (() => void) => {
  for (const name of namesIn(packFolder(repo)).filter((one) => one.endsWith('.pack')))
    try {
      writeFileSync(join(packFolder(repo), name.replace(/pack$/, 'keep')), `${reason}\n`, { flag: 'wx' });
    } catch (error) {
      if (!['EEXIST', 'ENOENT', 'EACCES', 'EROFS'].includes(errorCode(error))) throw error;
    }
  held.add(keyOf(repo, reason));
  return () => {
    held.delete(keyOf(repo, reason));
    drop();
  };
};
