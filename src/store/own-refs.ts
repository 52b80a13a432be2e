import { openCatFile } from '../git/git.ts';
import { holdPacks } from '../git/hold-packs.ts';
import { listRefs, moveRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { readArchives } from './archive/archives.ts';
import { isCovered } from './archive/covered.ts';
import { DAMAGED, keepReason, type Lane, TOMBSTONES } from './layout.ts';
import type { ObjectReader } from './notes/plan-notes.ts';
import { decodeCommit } from './objects/encode.ts';
import { dropKeeps } from './recover-lane.ts';
import { relateImported } from './sync/imported-lane.ts';
import { readTips, recordTips, type Tips } from './tips.ts';
import { readTombstones } from './tombstones.ts';

/** Where our refs were, and where our file said that they were; JSON. */
export interface OwnRefs {
  writer: string | undefined;
  refs: Record<string, string>;
  tips: [ref: string, id: string][];
}

/** One of our refs that somebody else moved or deleted. */
export interface OwnChange {
  ref: string;
  /** Where it belongs. */
  from: string;
  /** Where it was found; null: it was gone. */
  to: string | null;
  /** False: what it named is gone, or it was moved again meanwhile. */
  restored: boolean;
}

/** Refs that only ever go forward, and only by us. */
const FORWARD = /^refs\/(amp\/(sessions|batches|code|archive|code-archive|tombstones)\/|notes\/amp$)/;

/**
 * Keeps what our refs lead to from any gc while an agent runs, until the answer is called. What a process that dies
 * leaves of it goes when its log is next recovered.
 */
export const holdOwnObjects = (repo: Repository, lane: Lane): (() => void) =>
  holdPacks(repo, keepReason(lane), () => dropKeeps({ repo, lane }));

const listOwn = async (repo: Repository): Promise<Record<string, string>> => {
  const found = [...(await listRefs(repo, 'refs/amp/')), ...(await listRefs(repo, 'refs/notes/'))];
  return Object.fromEntries(found.filter(({ ref }) => FORWARD.test(ref)).map(({ ref, id }) => [ref, id]));
};

export const rememberOwnRefs = async (repo: Repository, writer: string | undefined): Promise<OwnRefs> => ({
  writer,
  refs: await listOwn(repo),
  tips: writer === undefined ? [] : [...readTips(repo, writer)],
});

/** Longer ways are not walked: nobody adds as many commits during one run. */
const MOST_STEPS = 100_000;

const OUR_NAME = Buffer.from('\nauthor amp-sessions <log@amp-sessions.invalid> ');

type Way = { leads: true; isOurs: boolean } | { leads: false };

/** Whether the first parents of a commit lead to another one, and whether we made all on the way. */
export const wayBack = async (reader: ObjectReader, from: string, to: string): Promise<Way> => {
  let at: string | undefined = from;
  let isOurs = true;
  for (let step = 0; at !== undefined && step < MOST_STEPS; step++) {
    if (at === to) return { leads: true, isOurs };
    const object = await reader.object(at);
    if (object?.type !== 'commit') return { leads: false };
    isOurs &&= object.bytes.includes(OUR_NAME);
    at = decodeCommit(object.bytes).parents[0];
  }
  return { leads: false };
};

interface Belongs {
  repo: Repository;
  reader: ObjectReader;
  tips: Tips;
}

/** Where a ref belongs: where it was, or where our file says that we have moved it since, if that leads back there. */
const placeOf = async ({ reader, tips }: Belongs, ref: string, was: string): Promise<string> => {
  const noted = tips.get(ref);
  if (noted === undefined || noted === was) return was;
  const way = await wayBack(reader, noted, was);
  return way.leads && way.isOurs ? noted : was;
};

/** Puts one ref back where it belongs; undefined where nothing is wrong with it. */
const putBackOne = async (known: Belongs, at: Moved) => {
  const { ref, was, now } = at;
  const { repo, reader } = known;
  if (now === was && (known.tips.get(ref) ?? was) === was) return undefined;
  const from = await placeOf(known, ref, was);
  if (now === from) return undefined;
  const way = now === null ? undefined : await wayBack(reader, now, from);
  if (way?.leads && way.isOurs) return undefined;
  const isThere = (await reader.object(from)) !== undefined;
  const restored = isThere && (await moveRef(repo, ref, { to: from, from: now }));
  return { ref, from, to: now, restored } satisfies OwnChange;
};

interface Moved {
  ref: string;
  was: string;
  now: string | null;
}

const FORGETFUL = /^refs\/(amp\/(code-)?archive\/|notes\/amp$)/;

/**
 * What is no harm: a log that was forgotten or packed away; notes and archives that were written again without what was
 * forgotten meanwhile; a log that was repaired, its old end kept elsewhere; and what was imported and has come whole.
 */
const meantBy = async ({ repo, reader }: Omit<Belongs, 'tips'>, before: OwnRefs, current: Map<string, string>) => {
  const { isForgotten } = await readTombstones(repo);
  const archives = await Promise.all([readArchives(repo, 'log'), readArchives(repo, 'code')]);
  const aside = new Set((await listRefs(repo, DAMAGED)).map(({ id }) => id));
  const forgot = [...current].some(([ref, id]) => ref.startsWith(TOMBSTONES) && before.refs[ref] !== id);
  const isPacked = async (ref: string, id: string): Promise<boolean> => {
    for (const packed of archives) if (await isCovered(repo, reader, { id, packings: packed.of(ref) })) return true;
    return false;
  };
  return async ({ ref, was, now }: Moved): Promise<boolean> => {
    if (now === null) return isForgotten(ref.split('/')[3] ?? '') || isPacked(ref, was);
    if (now === was) return false;
    if (aside.has(was) || (forgot && FORGETFUL.test(ref))) return true;
    const isOwn = before.writer !== undefined && ref.endsWith(`/${before.writer}`);
    return !isOwn && (await relateImported(reader, { ref, now: was, id: now })) === 'behind';
  };
};

/** Our file of where refs were left may be edited too: what it says of a ref is where that ref is now. */
const mendTips = (repo: Repository, writer: string, { tips, now }: { tips: Tips; now: Map<string, string> }): void => {
  const changes = [...now]
    .filter(([ref, id]) => ref.endsWith(`/${writer}`) && tips.get(ref) !== id)
    .map(([ref, id]) => ({ ref, id }));
  if (changes.length > 0) recordTips(repo, { writer, changes });
};

/**
 * Puts back what somebody moved among our refs since they were remembered. What our own processes did meanwhile
 * stands: they go forward, by commits of ours; they take away what a tombstone names, and set aside what is damaged.
 */
export const putBackOwnRefs = async (repo: Repository, before: OwnRefs): Promise<OwnChange[]> => {
  const reader = openCatFile(repo);
  try {
    const { writer } = before;
    const tips: Tips = writer === undefined ? new Map() : readTips(repo, writer);
    const now = new Map(Object.entries(await listOwn(repo)));
    const isMeant = await meantBy({ repo, reader }, before, now);
    const changes: OwnChange[] = [];
    for (const [ref, was] of Object.entries(before.refs)) {
      if (await isMeant({ ref, was, now: now.get(ref) ?? null })) continue;
      const change = await putBackOne({ repo, reader, tips }, { ref, was, now: now.get(ref) ?? null });
      if (!change) continue;
      changes.push(change);
      if (change.restored) now.set(ref, change.from);
    }
    const noted = new Set([...before.tips.map(([ref]) => ref), ...changes.map(({ ref }) => ref)]);
    const known = new Map([...now].filter(([ref]) => noted.has(ref)));
    if (writer !== undefined) mendTips(repo, writer, { tips, now: known });
    return changes;
  } finally {
    reader.close();
  }
};
