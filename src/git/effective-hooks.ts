import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorCode, lstatIfAny, readBytesIfAny } from './files.ts';
import { gitText } from './git.ts';
import type { Repository, Worktree } from './repository.ts';

/** Where git takes hooks from: the repository's own folder, or where `core.hooksPath` of any scope leads. */
const hooksFolder = async (repo: Repository, worktree: Worktree | null): Promise<string> => {
  const place = worktree ? { worktree } : {};
  const named = await gitText(repo, ['rev-parse', '--git-path', 'hooks'], { ...place, trust: ['hooks'] });
  return resolve(worktree?.path ?? repo.commonDir, named);
};

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => !name.endsWith('.sample'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
    throw error;
  }
};

const hashOf = (path: string): string => {
  const stat = lstatIfAny(path);
  const bytes = stat?.isDirectory() ? undefined : readBytesIfAny(path);
  return createHash('sha256')
    .update(`${stat?.mode ?? ''}\0`)
    .update(bytes ?? '')
    .digest('hex');
};

/**
 * The hooks that `runHook` would run in a checkout, by name: the hash of content and mode. Where `core.hooksPath`
 * names a folder of the tree, each checkout has its own. One process.
 */
export const effectiveHooks = async (repo: Repository, worktree: Worktree | null): Promise<Record<string, string>> => {
  const folder = await hooksFolder(repo, worktree);
  return Object.fromEntries(namesIn(folder).map((name) => [name, hashOf(join(folder, name))]));
};
