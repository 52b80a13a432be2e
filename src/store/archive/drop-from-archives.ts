import { openCatFile } from '../../git/git.ts';
import { addPack } from '../../git/packs.ts';
import { listRefs, type RefEntry, readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { moveRefs, untilWon } from '../bring-in.ts';
import { newObjects } from '../objects/new-objects.ts';
import { readTips, recordTips } from '../tips.ts';
import { ARCHIVE, CODE_ARCHIVE } from './archive-refs.ts';
import { folderOf, planWithout } from './links.ts';

/**
 * Writes an archive again as if some sessions had never been in it. Every clone comes to the same commit from the same
 * archive, and to one that follows it from a later one.
 * @param use hears of the new end (`id` itself when nothing of them is in it) while its pack is kept from any gc
 */
export const withArchiveWithout = async <T>(
  repo: Repository,
  { ref, id }: RefEntry,
  isForgotten: (session: string) => boolean,
  use: (end: string) => Promise<T>,
): Promise<T> => {
  const reader = openCatFile(repo);
  const objects = await newObjects(repo);
  try {
    const shop = { reader, objects, format: repo.objectFormat };
    const isGone = (packed: { ref: string }): boolean => isForgotten(folderOf(packed.ref)[1]);
    const end = await planWithout(shop, { ref, tip: id, isGone });
    if (end === id) return await use(id);
    const kept = await addPack(repo, await objects.pack(), `amp archive ${ref}`);
    return await use(end).finally(() => kept.release());
  } finally {
    reader.close();
    objects.dispose();
  }
};

/** What an archive was, and is without the sessions that were dropped. */
export interface Rewritten {
  ref: string;
  from: string;
  to: string;
}

/**
 * Takes sessions out of every archive that is here, their code with them. Nothing of ours leads to what was there.
 * @param writer ours: where its archives were left is remembered
 */
export const dropFromArchives = async (
  repo: Repository,
  sessions: string[],
  { writer }: { writer?: string | undefined } = {},
): Promise<Rewritten[]> => {
  const forgotten = new Set(sessions);
  const rewritten: Rewritten[] = [];
  const dropFrom = (ref: string) => async (): Promise<{ won: true } | undefined> => {
    const id = await readRef(repo, ref);
    if (id === undefined) return { won: true };
    const isForgotten = (session: string): boolean => forgotten.has(session);
    const to = await withArchiveWithout(repo, { ref, id }, isForgotten, async (end) => {
      const [moved] = end === id ? [true] : await moveRefs(repo, [{ ref, to: end, from: id }]);
      return moved ? end : undefined;
    });
    if (to === undefined) return undefined;
    if (to === id) return { won: true };
    if (writer !== undefined && readTips(repo, writer).has(ref))
      recordTips(repo, { writer, changes: [{ ref, id: to }] });
    rewritten.push({ ref, from: id, to });
    return { won: true };
  };
  const refs = [...(await listRefs(repo, ARCHIVE)), ...(await listRefs(repo, CODE_ARCHIVE))];
  for (const { ref } of refs) await untilWon(ref, dropFrom(ref));
  return rewritten;
};
