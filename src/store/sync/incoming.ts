import { changePackedRefs } from '../../git/packed-refs.ts';
import { listRefs, type RefEntry } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { readArchives } from '../archive/archives.ts';
import { isCovered } from '../archive/covered.ts';
import { moveRefs, type RefMove } from '../bring-in.ts';
import { parseCodeRef } from '../layout.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { recordTips } from '../tips.ts';
import { localWriters } from '../wal/writer.ts';
import { relateImported } from './imported-lane.ts';
import { relateChains } from './relate-chains.ts';
import { parseSyncRef } from './sync-refs.ts';

const NO_CHAIN = 'what it names there is no commit';
const DIVERGED = 'it does not go on from what is here; nothing was overwritten';
const INCOMPLETE = 'the other side has only the end of its history';

/** The move that takes one ref over; a reason when it must not be, undefined when there is nothing to do. */
const judge = async (
  reader: ObjectReader,
  { ref, now, id, own }: { ref: string; now: string | undefined; id: string; own: boolean },
): Promise<RefMove | { reason: string } | undefined> => {
  if (now === undefined) {
    const object = await reader.object(id);
    return object?.type === 'commit' ? { ref, to: id, from: null } : { reason: NO_CHAIN };
  }
  const relation = await relateChains(reader, now, id);
  if (relation === 'behind') return { ref, to: id, from: now };
  if (relation === 'unknown') return { reason: NO_CHAIN };
  if (relation !== 'diverged') return undefined;
  const byLines = own ? 'diverged' : await relateImported(reader, { ref, now, id });
  if (byLines === 'behind') return { ref, to: id, from: now };
  return byLines === 'diverged' ? { reason: DIVERGED } : undefined;
};

/** Whether an archive that is here has all of a ref that was packed away: it does not come in again. */
const packedCheck = async (
  repo: Repository,
  reader: ObjectReader,
): Promise<(ref: string, id: string) => Promise<boolean>> => {
  const [log, code] = [await readArchives(repo, 'log'), await readArchives(repo, 'code')];
  const of = (ref: string) => (parseCodeRef(ref) ? code : log).of(ref);
  return (ref, id) => isCovered(repo, reader, { id, packings: of(ref) });
};

export interface Judged {
  moves: RefMove[];
  refused: { ref: string; reason: string }[];
}

/**
 * What is to be done with refs of the other side whose objects have come: taken when they are new or go on from ours,
 * or have all lines of what was imported here.
 * @param reader also sees what has come
 * @param incomplete ids of which only the end of the history has come
 */
export const judgeIncoming = async (
  repo: Repository,
  incoming: RefEntry[],
  { reader, incomplete }: { reader: ObjectReader; incomplete: Set<string> },
): Promise<Judged> => {
  const here = new Map((await listRefs(repo, 'refs/amp/')).map(({ ref, id }) => [ref, id]));
  const isPacked = await packedCheck(repo, reader);
  const own = new Set(localWriters(repo));
  const moves: RefMove[] = [];
  const refused: Judged['refused'] = [];
  for (const { ref, id } of incoming) {
    if (await isPacked(ref, id)) continue;
    const parsed = parseSyncRef(ref);
    const known = { ref, now: here.get(ref), id, own: own.has(parsed?.writer ?? '') };
    const verdict = incomplete.has(id) ? { reason: INCOMPLETE } : parsed && (await judge(reader, known));
    if (verdict && 'reason' in verdict) refused.push({ ref, reason: verdict.reason });
    else if (verdict) moves.push(verdict);
  }
  return { moves, refused };
};

/** From so many on, new refs are made together. */
const MANY = 100;

/** Those of the moves that were done. */
const moveAll = async (repo: Repository, moves: RefMove[]): Promise<RefMove[]> => {
  const create = moves.flatMap(({ ref, to, from }) => (from === null ? [{ ref, id: to }] : []));
  const made = create.length < MANY ? undefined : await changePackedRefs(repo, 'refs/amp/', { create });
  const rest = moves.filter(({ ref }) => !made?.has(ref));
  const moved = rest.length === 0 ? [] : await moveRefs(repo, rest);
  return [...moves.filter(({ ref }) => made?.has(ref)), ...rest.filter((_, at) => moved[at])];
};

/**
 * Moves our refs on to what was fetched, by compare-and-swap. Our own writer's refs are remembered where they now are,
 * so that nothing later takes them for lost.
 * @param writer ours; undefined before it has written anything
 * @returns refs that are new here or further than before
 */
export const takeIncoming = async (
  repo: Repository,
  moves: RefMove[],
  writer: string | undefined,
): Promise<string[]> => {
  const done = await moveAll(repo, moves);
  const ours = done.filter(({ ref }) => parseSyncRef(ref)?.writer === writer);
  if (writer !== undefined && ours.length > 0)
    recordTips(repo, { writer, changes: ours.map(({ ref, to }) => ({ ref, id: to })) });
  return done.map(({ ref }) => ref);
};
