import { join } from 'node:path';
import { readTextIfAny } from './files.ts';
import { gitText } from './git.ts';
import { assertFullRef } from './ids.ts';
import type { Repository } from './repository.ts';

/** Source: git's refs.c, SYMREF_MAXDEPTH. */
const MAX_DEPTH = 5;

const nextOf = async (repo: Repository, ref: string): Promise<string | undefined> => {
  if (repo.refFormat !== 'files')
    return (await gitText(repo, ['symbolic-ref', '-q', ref], { ok: [0, 1] })) || undefined;
  return /^ref:\s*(\S+)\s*$/.exec(readTextIfAny(join(repo.commonDir, ref)) ?? '')?.[1];
};

/**
 * The ref that a symbolic one leads to in the end, which is the one to move; an ordinary one is its own. Starts git
 * only with a reftable.
 */
export const followRef = async (repo: Repository, fullRef: string): Promise<string> => {
  assertFullRef(fullRef);
  let ref = fullRef;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next = await nextOf(repo, ref);
    if (next === undefined) return ref;
    assertFullRef(next);
    ref = next;
  }
  return ref;
};
