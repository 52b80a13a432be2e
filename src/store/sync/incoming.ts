import { git } from '../../git/git.ts';
import { listRefs } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { moveRefs, type RefMove } from '../bring-in.ts';
import { NOTES_REF } from '../layout.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { recordTips } from '../tips.ts';
import { relateChains } from './relate-chains.ts';
import { parseSyncRef } from './sync-refs.ts';

/**
 * What was fetched lies here until it has been looked at; nobody but a sync looks here. Under the lock of a sync,
 * whatever lies here before the fetch was left by one that died.
 */
const INCOMING = 'refs/amp-incoming/';

export const incomingRef = (ref: string): string => `${INCOMING}${ref.slice('refs/'.length)}`;
export const INCOMING_NOTES = incomingRef(NOTES_REF);

/** Takes the temporary refs away; their objects go with the next gc unless another ref leads to them. */
export const clearIncoming = async (repo: Repository): Promise<void> => {
  const left = await listRefs(repo, INCOMING);
  if (left.length === 0) return;
  const stdin = left.map(({ ref, id }) => `delete ${ref} ${id}\n`).join('');
  await git(repo, ['update-ref', '--no-deref', '--stdin'], { stdin, ok: [0, 128] });
};

export interface Taken {
  /** Refs that are new here or further than before. */
  taken: string[];
  refused: { ref: string; reason: string }[];
}

const NO_CHAIN = 'what it names there is no commit';
const DIVERGED = 'it does not go on from what is here; nothing was overwritten';

/** The move that takes one ref over; a reason when it must not be, undefined when there is nothing to do. */
const judge = async (
  reader: ObjectReader,
  { ref, now, id }: { ref: string; now: string | undefined; id: string },
): Promise<RefMove | { reason: string } | undefined> => {
  if (now === undefined) {
    const object = await reader.object(id);
    return object?.type === 'commit' ? { ref, to: id, from: null } : { reason: NO_CHAIN };
  }
  const relation = await relateChains(reader, now, id);
  if (relation === 'behind') return { ref, to: id, from: now };
  if (relation === 'unknown') return { reason: NO_CHAIN };
  return relation === 'diverged' ? { reason: DIVERGED } : undefined;
};

/**
 * Moves our refs on to what was fetched, by compare-and-swap, forwards only. Our own writer's refs are remembered
 * where they now are, so that nothing later takes them for lost.
 * @param writer ours; undefined before it has written anything
 */
export const takeIncoming = async (
  repo: Repository,
  { reader, writer }: { reader: ObjectReader; writer: string | undefined },
): Promise<Taken> => {
  const here = new Map((await listRefs(repo, 'refs/amp/')).map(({ ref, id }) => [ref, id]));
  const moves: RefMove[] = [];
  const refused: Taken['refused'] = [];
  for (const { ref: incoming, id } of await listRefs(repo, `${INCOMING}amp/`)) {
    const ref = `refs/${incoming.slice(INCOMING.length)}`;
    const verdict = parseSyncRef(ref) && (await judge(reader, { ref, now: here.get(ref), id }));
    if (verdict && 'reason' in verdict) refused.push({ ref, reason: verdict.reason });
    else if (verdict) moves.push(verdict);
  }
  const moved = moves.length === 0 ? [] : await moveRefs(repo, moves);
  const done = moves.filter((_, at) => moved[at]);
  const ours = done.filter(({ ref }) => parseSyncRef(ref)?.writer === writer);
  if (writer !== undefined && ours.length > 0)
    recordTips(repo, { writer, changes: ours.map(({ ref, to }) => ({ ref, id: to })) });
  return { taken: done.map(({ ref }) => ref), refused };
};
