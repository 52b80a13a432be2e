import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextIfAny, replaceFile } from '../git/files.ts';
import { openCatFile } from '../git/git.ts';
import { listRefs } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { readArchives } from './archive/archives.ts';
import { moveRefs, type RefMove } from './bring-in.ts';
import { relateChains } from './sync/relate-chains.ts';
import { parseSyncRef } from './sync/sync-refs.ts';
import { readTips, tipWriters } from './tips.ts';
import { readTombstones } from './tombstones.ts';
import { findWriter } from './wal/writer.ts';

const stampOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : '';
};

/** Changes when another writer's memory of its refs, or the file of packed refs, is another. */
const lookAt = (repo: Repository, writers: string[]): string => {
  const files = [...writers.map((writer) => join('amp', 'tips', writer)), 'packed-refs'];
  return files.map((file) => `${file} ${stampOf(join(repo.commonDir, file))}\n`).join('');
};

const movesFor = async (repo: Repository, writers: string[]): Promise<RefMove[]> => {
  const here = new Map((await listRefs(repo, 'refs/amp/')).map(({ ref, id }) => [ref, id]));
  const tips = writers.flatMap((writer) => [...readTips(repo, writer)]);
  const apart = tips.filter(([ref, left]) => parseSyncRef(ref) && here.get(ref) !== left);
  if (apart.length === 0) return [];
  const { isForgotten } = await readTombstones(repo);
  const archives = [await readArchives(repo, 'log'), await readArchives(repo, 'code')];
  const isPacked = (ref: string): boolean => archives.some((packed) => packed.of(ref).length > 0);
  const reader = openCatFile(repo);
  const moves: RefMove[] = [];
  try {
    for (const [ref, left] of apart) {
      if (isForgotten(parseSyncRef(ref)!.id) || (!here.has(ref) && isPacked(ref))) continue;
      const from = here.get(ref) ?? null;
      const isFurther =
        from === null
          ? (await reader.object(left))?.type === 'commit'
          : (await relateChains(reader, from, left)) === 'behind';
      if (isFurther) moves.push({ ref, to: left, from });
    }
  } finally {
    reader.close();
  }
  return moves;
};

/**
 * Where folders of two machines were put together file by file, one side's `packed-refs` has replaced the other's, and
 * with it the names of its logs: their commits are there, and so is each writer's own memory of where it left its refs.
 * Refs that are gone or behind it are put back. Looks at some file names and times only while nothing has changed.
 * @returns refs that were put back
 */
export const restoreLeftRefs = async (repo: Repository): Promise<string[]> => {
  const own = findWriter(repo);
  const writers = tipWriters(repo).filter((writer) => writer !== own);
  if (writers.length === 0) return [];
  const seen = join(repo.commonDir, 'amp', 'cache', 'left-refs');
  const look = lookAt(repo, writers);
  if (readTextIfAny(seen) === look) return [];
  const moves = await movesFor(repo, writers);
  const moved = moves.length === 0 ? [] : await moveRefs(repo, moves);
  mkdirSync(dirname(seen), { recursive: true });
  replaceFile(seen, look);
  return moves.filter((_, at) => moved[at]).map(({ ref }) => ref);
};
