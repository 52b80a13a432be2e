import { openCatFile } from '../../git/git.ts';
import { listRefs, readRef } from '../../git/refs.ts';
import { isPartialClone, listRemoteRefs, presentCommits } from '../../git/sync-fetch.ts';
import type { SyncRemote } from '../../git/sync-remote.ts';
import { type ArchivedRef, readArchives } from '../../store/archive/archives.ts';
import { isCovered } from '../../store/archive/covered.ts';
import { withArchiveWithout } from '../../store/archive/drop-from-archives.ts';
import { NOTES_REF } from '../../store/layout.ts';
import { relateImported } from '../../store/sync/imported-lane.ts';
import { type Relation, relateChains } from '../../store/sync/relate-chains.ts';
import {
  ARCHIVE_PATTERNS,
  type Choice,
  parseSyncRef,
  SESSION_PATTERNS,
  type SyncRef,
  sessionOf,
  syncPrefixes,
} from '../../store/sync/sync-refs.ts';
import { readTombstones } from '../../store/tombstones.ts';
import { localWriters } from '../../store/wal/writer.ts';
import type { Context } from '../context.ts';

/** A ref that is not the same on both sides. */
export interface Difference extends SyncRef {
  /** Undefined: not here. */
  ours: string | undefined;
  /** Undefined: not there. */
  theirs: string | undefined;
  /** `unknown`: what they have is not here, so it has to be fetched to be compared. */
  relation: Exclude<Relation, 'same'>;
  /** Archives that are here have packed this ref away once. */
  packed: boolean;
  /** Ours is theirs without what was forgotten: it takes the place of this, and of nothing else. */
  lease?: string;
}

/** A ref of the other side whose history is in an archive that is here. */
export interface Stale extends SyncRef {
  /** What it names there. */
  theirs: string;
  archive: string;
}

export interface Comparison {
  differences: Difference[];
  stale: Stale[];
  notes: { ours: string | undefined; theirs: string | undefined };
  /** How many sessions and batches the other side has. */
  logs: number;
  /** Tips of the other side's branches. */
  heads: string[];
  /** Refs that the other side still has of sessions that were forgotten. */
  forgotten: { ref: string; id: string }[];
}

/** The other side's refs by name. */
export type There = ReadonlyMap<string, string>;

/** @throws AppError remote.unreachable */
export const lookThere = (ctx: Context, remote: SyncRemote): Promise<There> =>
  listRemoteRefs(ctx.repo, remote, [
    ...SESSION_PATTERNS,
    ...ARCHIVE_PATTERNS,
    'refs/amp/batches/*',
    NOTES_REF,
    'refs/heads/*',
  ]);

const hereNow = async (ctx: Context, prefixes: string[]): Promise<Map<string, string>> => {
  const lists = await Promise.all(prefixes.map((prefix) => listRefs(ctx.repo, prefix)));
  return new Map(lists.flat().map(({ ref, id }) => [ref, id]));
};

const relate = async (
  reader: ReturnType<typeof openCatFile>,
  ours: string | undefined,
  theirs: string | undefined,
): Promise<Relation> => {
  if (ours === undefined) return 'behind';
  return theirs === undefined ? 'ahead' : relateChains(reader, ours, theirs);
};

/** What was imported here and has come whole since then: where ours goes further, there is nothing that could go there. */
const byLines = async (
  reader: ReturnType<typeof openCatFile>,
  { ref, ours, theirs }: { ref: string; ours: string; theirs: string },
): Promise<Relation> => {
  const relation = await relateImported(reader, { ref, now: ours, id: theirs });
  return relation === 'ahead' ? 'same' : relation;
};

/** In a partial clone, to ask for a commit that is not here would fetch it, each with a connection of its own. */
const absentIn = async (ctx: Context, there: There, here: Map<string, string>) => {
  if (!(await isPartialClone(ctx.repo))) return () => false;
  const changed = [...there].filter(([ref, id]) => here.get(ref) !== id).map(([, id]) => id);
  const present = await presentCommits(ctx.repo, changed);
  const absent = new Set(changed.filter((id) => !present.has(id)));
  return (id: string | undefined): boolean => id !== undefined && absent.has(id);
};

/** What was packed away here: all packings of a ref. */
const packingsHere = async ({ repo }: Context): Promise<(ref: string) => ArchivedRef[]> => {
  const [log, code] = [await readArchives(repo, 'log'), await readArchives(repo, 'code')];
  return (ref) => (ref.startsWith('refs/amp/code/') ? code : log).of(ref);
};

/** The archive here that has all of what a ref there leads to; undefined when none has. */
const archiveOf = async (
  { repo }: Context,
  reader: ReturnType<typeof openCatFile>,
  seen: { id: string | undefined; packings: ArchivedRef[]; isAbsent(id: string | undefined): boolean },
): Promise<string | undefined> => {
  const { id, packings, isAbsent } = seen;
  const last = packings.at(-1);
  if (!last || id === undefined) return undefined;
  const isKnown = packings.some(({ tip }) => tip === id);
  if (!isKnown && (isAbsent(id) || !(await isCovered(repo, reader, { id, packings })))) return undefined;
  return last.archive;
};

/** Whether our archive is theirs, or goes on from theirs, when the forgotten sessions are taken out of that. */
const isWithoutForgotten = async (
  { repo }: Context,
  reader: ReturnType<typeof openCatFile>,
  { ref, ours, theirs }: { ref: string; ours: string; theirs: string },
): Promise<boolean> => {
  const { forgotten, isForgotten } = await readTombstones(repo);
  if (forgotten.size === 0) return false;
  return withArchiveWithout(repo, { ref, id: theirs }, isForgotten, async (end) => {
    if (end === theirs) return false;
    return end === ours || (await relateChains(reader, ours, end)) === 'ahead';
  });
};

/** Holds our refs against the other side's; what was forgotten is nobody's any more. */
export const compareWith = async (ctx: Context, there: There, choice: Choice): Promise<Comparison> => {
  const prefixes = syncPrefixes(choice);
  const { isForgotten } = await readTombstones(ctx.repo);
  const isGone = (ref: string): boolean => isForgotten(sessionOf(ref) ?? '');
  const isChosen = (ref: string): boolean => prefixes.some((prefix) => ref.startsWith(prefix)) && !isGone(ref);
  const here = await hereNow(ctx, prefixes);
  const isAbsent = await absentIn(ctx, there, here);
  const reader = openCatFile(ctx.repo);
  const packingsOf = await packingsHere(ctx);
  const own = new Set(localWriters(ctx.repo));
  const differences: Difference[] = [];
  const stale: Stale[] = [];
  const logs = new Set<string>();
  try {
    for (const ref of new Set([...here.keys(), ...there.keys()])) {
      const parsed = parseSyncRef(ref);
      if (!parsed || !isChosen(ref)) continue;
      const ours = here.get(ref);
      let theirs = there.get(ref);
      if (theirs !== undefined && parsed.kind === 'log') logs.add(parsed.id);
      if (ours === theirs) continue;
      const packings = packingsOf(ref);
      const archive = await archiveOf(ctx, reader, { id: theirs, packings, isAbsent });
      if (archive !== undefined) {
        stale.push({ ...parsed, theirs: theirs!, archive });
        theirs = undefined;
        if (ours === undefined) continue;
      }
      const chains = isAbsent(theirs) ? 'unknown' : await relate(reader, ours, theirs);
      const ids = ours !== undefined && theirs !== undefined ? { ref, ours, theirs } : undefined;
      const relation = chains === 'diverged' && ids && !own.has(parsed.writer) ? await byLines(reader, ids) : chains;
      const isRewritten = relation === 'diverged' && ids && parsed.kind.endsWith('archive');
      if (isRewritten && (await isWithoutForgotten(ctx, reader, ids))) {
        differences.push({ ...parsed, ...ids, relation: 'ahead', packed: false, lease: ids.theirs });
      } else if (relation !== 'same')
        differences.push({ ...parsed, ours, theirs, relation, packed: packings.length > 0 });
    }
  } finally {
    reader.close();
  }
  const heads = [...there].filter(([ref]) => ref.startsWith('refs/heads/')).map(([, id]) => id);
  const notes = { ours: await readRef(ctx.repo, NOTES_REF), theirs: there.get(NOTES_REF) };
  const forgotten = [...there].flatMap(([ref, id]) => (isGone(ref) ? [{ ref, id }] : []));
  return { differences, stale, notes, logs: logs.size, heads, forgotten };
};

/** One look at both sides. @throws AppError remote.unreachable */
export const compare = async (ctx: Context, remote: SyncRemote, choice: Choice): Promise<Comparison> =>
  compareWith(ctx, await lookThere(ctx, remote), choice);
