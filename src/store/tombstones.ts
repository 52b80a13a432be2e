import { openCatFile } from '../git/git.ts';
import { listRefs } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { parseTombstoneRef, TOMBSTONES, tombstoneRef } from './layout.ts';
import type { ObjectReader } from './notes/plan-notes.ts';
import { readTips } from './tips.ts';
import { type ChainReading, readChain } from './tombstones/read-chain.ts';
import { localWriters } from './wal/writer.ts';

export { addTombstones } from './tombstones/add-tombstones.ts';
export type { Tombstone } from './tombstones/tombstone-lines.ts';

export interface ForgottenBy {
  at: string;
  /** The writer who said so first. */
  writer: string;
}

/** The union of what all writers say. */
export interface Tombstones {
  isForgotten(session: string): boolean;
  /** By session. */
  forgotten: ReadonlyMap<string, ForgottenBy>;
  /** What is damaged, one sentence each; what could still be read counts nevertheless. */
  problems: string[];
}

/** Where a chain ends. */
interface End {
  ref: string;
  tip: string;
}

/** Where the chains end: as the refs say, and as we left our own, should somebody have moved or deleted it. */
const endsOf = async (repo: Repository, more: End[]): Promise<(End & { writer: string })[]> => {
  const ends = new Map<string, End & { writer: string }>();
  const add = (ref: string, tip: string | undefined): void => {
    const writer = parseTombstoneRef(ref);
    if (writer !== undefined && tip !== undefined) ends.set(`${ref} ${tip}`, { writer, ref, tip });
  };
  for (const { ref, id } of await listRefs(repo, TOMBSTONES)) add(ref, id);
  for (const { ref, tip } of more) add(ref, tip);
  for (const writer of localWriters(repo)) add(tombstoneRef(writer), readTips(repo, writer).get(tombstoneRef(writer)));
  return [...ends.values()].sort((a, b) => (`${a.ref} ${a.tip}` < `${b.ref} ${b.tip}` ? -1 : 1));
};

const unite = (chains: { writer: string; reading: ChainReading }[]): Tombstones => {
  const forgotten = new Map<string, ForgottenBy>();
  for (const { writer, reading } of chains)
    for (const { at, session } of reading.tombstones) {
      const known = forgotten.get(session);
      if (!known || at < known.at) forgotten.set(session, { at, writer });
    }
  const problems = [...new Set(chains.flatMap(({ reading }) => reading.problems))];
  return { isForgotten: (session) => forgotten.has(session), forgotten, problems };
};

const NONE: Tombstones = unite([]);

/** The last answer in each repository, good for as long as the chains end where they ended. */
const known = new WeakMap<Repository, { ends: string; tombstones: Tombstones }>();

/**
 * What was forgotten. Starts no git where there are no tombstones.
 * @param more ends that count as if they were here, for a reader that sees what is behind them
 */
export const readTombstones = async (
  repo: Repository,
  { more = [], reader: given }: { more?: End[]; reader?: ObjectReader } = {},
): Promise<Tombstones> => {
  const ends = await endsOf(repo, more);
  if (ends.length === 0) return NONE;
  const key = JSON.stringify(ends);
  const last = known.get(repo);
  if (last?.ends === key) return last.tombstones;
  const own = given ? undefined : openCatFile(repo);
  const reader = given ?? own!;
  try {
    const chains: { writer: string; reading: ChainReading }[] = [];
    for (const { writer, ref, tip } of ends)
      chains.push({ writer, reading: await readChain(reader, { ref, tip, format: repo.objectFormat }) });
    const tombstones = unite(chains);
    // A damage may be mended without any ref moving.
    if (tombstones.problems.length === 0) known.set(repo, { ends: key, tombstones });
    return tombstones;
  } finally {
    own?.close();
  }
};
