import { openCatFile } from '../../git/git.ts';
import { moveRef, readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { readTips } from '../tips.ts';
import { parseArchiveRef } from './archive-refs.ts';

/** Our archives whose refs are gone, and where they were left. */
export const lostArchives = async (repo: Repository, writer: string): Promise<{ ref: string; left: string }[]> => {
  const lost: { ref: string; left: string }[] = [];
  for (const [ref, left] of readTips(repo, writer))
    if (parseArchiveRef(ref)?.writer === writer && (await readRef(repo, ref)) === undefined) lost.push({ ref, left });
  return lost;
};

/** Puts archives of ours back that another's hand took away, where what they led to is still there. */
export const restoreArchives = async (repo: Repository, writer: string): Promise<string[]> => {
  const lost = await lostArchives(repo, writer);
  if (lost.length === 0) return [];
  const reader = openCatFile(repo);
  try {
    const restored: string[] = [];
    for (const { ref, left } of lost)
      if ((await reader.object(left)) && (await moveRef(repo, ref, { to: left, from: null }))) restored.push(ref);
    return restored;
  } finally {
    reader.close();
  }
};
