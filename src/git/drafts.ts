import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, lstatIfAny } from './files.ts';
import type { Repository } from './repository.ts';

/** Where half-made and half-removed things wait: on the same file system as what they become or were. */
export const draftsOf = (repo: Repository): string => {
  const folder = join(repo.commonDir, 'amp', 'tmp');
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** A name that says what it is for and whose it is. */
export const draftName = (name: string, what: 'new' | 'gone'): string => `${name}.${what}.${process.pid}`;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
};

/** Folders that cannot be entered hold their files back: they are opened first. */
const openFolders = (folder: string): void => {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
  }
};

/** Removes a folder whatever the modes of those below it; gone already is as well. */
export const removeFolder = (folder: string): void => {
  const options = { recursive: true, force: true, maxRetries: 5 };
  try {
    rmSync(folder, options);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(errorCode(error))) throw error;
    openFolders(folder);
    rmSync(folder, options);
  }
};

/** Removes what processes that were killed half-way left behind of a name. */
export const sweepDrafts = (folder: string, name: string): void => {
  if (!lstatIfAny(folder)?.isDirectory()) return;
  for (const entry of readdirSync(folder)) {
    const stem = entry.replace(/^\./, '');
    const pid = stem.startsWith(`${name}.`)
      ? /^(?:new|gone)\.(\d+)$/.exec(stem.slice(name.length + 1))?.[1]
      : undefined;
    if (pid !== undefined && Number(pid) !== process.pid && !isAlive(Number(pid))) removeFolder(join(folder, entry));
  }
};
