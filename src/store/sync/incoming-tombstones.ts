import { listRefs, type RefEntry } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { moveRefs, type RefMove } from '../bring-in.ts';
import { parseTombstoneRef, TOMBSTONES } from '../layout.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { recordTips } from '../tips.ts';
import { readChain } from '../tombstones/read-chain.ts';
import { keyOf } from '../tombstones/tombstone-lines.ts';
import { relateChains } from './relate-chains.ts';

export interface IncomingTombstones {
  /** What the other side's refs are to be here. */
  moves: RefMove[];
  refused: { ref: string; reason: string }[];
}

type Verdict = { move: RefMove } | { reason: string } | undefined;

/** Forwards only, readable to the last line, and never without what was said before. */
const judge = async (
  repo: Repository,
  reader: ObjectReader,
  { ref, id, now }: { ref: string; id: string; now: string | undefined },
): Promise<Verdict> => {
  const read = (tip: string) => readChain(reader, { ref, tip, format: repo.objectFormat });
  const theirs = await read(id);
  if (theirs.problems.length > 0) return { reason: theirs.problems[0]! };
  if (now === undefined) return { move: { ref, to: id, from: null } };
  const relation = await relateChains(reader, now, id);
  if (relation === 'ahead' || relation === 'same') return undefined;
  if (relation !== 'behind') return { reason: 'it does not go on from what is here; nothing was overwritten' };
  const said = new Set(theirs.tombstones.map(keyOf));
  const isWhole = (await read(now)).tombstones.every((one) => said.has(keyOf(one)));
  return isWhole ? { move: { ref, to: id, from: now } } : { reason: 'it takes back what it said before' };
};

/**
 * Looks at tombstones that were fetched.
 * @param reader also sees what has come
 */
export const judgeTombstones = async (
  repo: Repository,
  { reader, incoming }: { reader: ObjectReader; incoming: RefEntry[] },
): Promise<IncomingTombstones> => {
  const here = new Map((await listRefs(repo, TOMBSTONES)).map(({ ref, id }) => [ref, id]));
  const result: IncomingTombstones = { moves: [], refused: [] };
  for (const { ref, id } of incoming) {
    const verdict = await judge(repo, reader, { ref, id, now: here.get(ref) });
    if (verdict && 'reason' in verdict) result.refused.push({ ref, reason: verdict.reason });
    else if (verdict) result.moves.push(verdict.move);
  }
  return result;
};

/** Takes them over, by compare-and-swap. @returns the refs that moved */
export const takeTombstones = async (
  repo: Repository,
  { moves, writer }: { moves: RefMove[]; writer: string },
): Promise<string[]> => {
  if (moves.length === 0) return [];
  const moved = await moveRefs(repo, moves);
  const done = moves.filter((_, at) => moved[at]);
  const ours = done.filter(({ ref }) => parseTombstoneRef(ref) === writer);
  if (ours.length > 0) recordTips(repo, { writer, changes: ours.map(({ ref, to }) => ({ ref, id: to })) });
  return done.map(({ ref }) => ref);
};
