import { type Clock, systemClock } from '../../clock.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { blobSizes } from '../../git/blob-sizes.ts';
import { catFileStream, openCatFile } from '../../git/git.ts';
import { readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { parseSegmentName } from '../blobs.ts';
import { bringIn, untilWon } from '../bring-in.ts';
import { codeRef, type Lane, laneRef } from '../layout.ts';
import { newObjects } from '../objects/new-objects.ts';
import { recordTips } from '../tips.ts';
import { type Flush, readFlushes } from '../verify/lane-history.ts';
import { archiveRef } from './archive-refs.ts';
import { type ArchivedRef, readArchives } from './archives.ts';
import { dropCovered } from './drop-covered.ts';
import { type Item, planLink } from './links.ts';
import { NotSound, sealLane } from './seal-lane.ts';

export interface LaneToPack extends Lane {
  /** What its ref names. */
  tip: string;
  /** What the session has come to; goes into the sealed commit for people. */
  state: unknown;
}

export interface PackWish {
  writer: string;
  /** Of the archive, such as `2026-11`. */
  month: string;
  lanes: LaneToPack[];
  clock?: Clock;
}

export interface PackResult {
  packed: LogName[];
  skipped: { log: LogName; why: string }[];
  /** Refs that are gone now. */
  dropped: string[];
}

/** A lane with all that sealing it takes. */
interface Job {
  lane: LaneToPack;
  flushes: Flush[];
  base: ArchivedRef | undefined;
  /** Of the lines that are to be written again. */
  bytes: number;
}

/** Why a log stays whose closing was signed. */
const SIGNED = 'the commit that closes it is signed, and packing would take the signature away';

/** So many bytes of lines are held in memory, and go into one pack. */
const AT_ONCE = 64 * 1024 * 1024;

const lineFiles = ({ flushes }: Pick<Job, 'flushes'>): string[] =>
  flushes.flatMap(({ files }) => files.flatMap(({ id, name }) => (parseSegmentName(name) ? [id] : [])));

/** The flushes of a lane that no archive has, oldest first. @throws NotSound */
const unsealed = (tip: string, all: Map<string, Flush>, base: ArchivedRef | undefined): Flush[] => {
  const chain: Flush[] = [];
  for (let at: string | undefined = tip; at !== base?.commit && at !== base?.tip; ) {
    const flush: Flush | undefined = at === undefined ? undefined : all.get(at);
    if (!flush) throw new NotSound('it does not go on from what was packed away before');
    chain.push(flush);
    if (flush.parents.length > 1) throw new NotSound('it is no chain of flushes');
    at = flush.parents[0];
  }
  return chain.reverse();
};

/** A signature is over the very commit that closes a session; written again, it would be gone. */
const signedAmong = async (repo: Repository, jobs: Job[]): Promise<Set<Job>> => {
  const reader = openCatFile(repo);
  try {
    const isSigned = async ({ commit }: Flush): Promise<boolean> => {
      const bytes = (await reader.object(commit))?.bytes;
      return bytes?.subarray(0, bytes.indexOf('\n\n')).includes('\ngpgsig') ?? false;
    };
    const signed = await Promise.all(jobs.map(async ({ flushes }) => Promise.all(flushes.map(isSigned))));
    return new Set(jobs.filter((_, at) => signed[at]!.some(Boolean)));
  } finally {
    reader.close();
  }
};

const jobsOf = async (repo: Repository, wish: PackWish, result: PackResult): Promise<Job[]> => {
  const tips = wish.lanes.map(({ tip }) => tip);
  const flushes = new Map((await readFlushes(repo, tips)).map((flush) => [flush.commit, flush]));
  const ends = (await readArchives(repo, 'log')).ends();
  const jobs: Job[] = [];
  for (const lane of wish.lanes)
    try {
      const base = ends.get(laneRef(lane));
      const job = { lane, base, flushes: unsealed(lane.tip, flushes, base), bytes: 0 };
      // Sealed already by a packing that was interrupted: only its ref has to go.
      if (job.flushes.length === 0) result.packed.push(lane.log);
      else jobs.push(job);
    } catch (error) {
      if (!(error instanceof NotSound)) throw error;
      result.skipped.push({ log: lane.log, why: error.message });
    }
  const signed = await signedAmong(repo, jobs);
  for (const { lane } of signed) result.skipped.push({ log: lane.log, why: SIGNED });
  const free = jobs.filter((job) => !signed.has(job));
  const sizes = await blobSizes(repo, free.flatMap(lineFiles));
  for (const job of free) job.bytes = lineFiles(job).reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
  return free;
};

const inBatches = (jobs: Job[]): Job[][] => {
  const batches: Job[][] = [];
  let bytes = Infinity;
  for (const job of jobs) {
    if (bytes + job.bytes > AT_ONCE) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(job);
    bytes += job.bytes;
  }
  return batches;
};

const codeItem = async (repo: Repository, { lane }: Job, at: string): Promise<Item[]> => {
  if (!lane.log.startsWith('sessions/')) return [];
  const ref = codeRef(logId(lane.log), lane.writer);
  const tip = await readRef(repo, ref);
  return tip === undefined ? [] : [{ packed: { ref, commit: tip, tip, lastSeq: 0, head: '', at }, files: [] }];
};

/** Seals what can be sealed, in one pack, and moves both archives on to it. */
const packBatch = async (repo: Repository, { writer, month }: PackWish, jobs: Job[], result: PackResult) => {
  const blobs = new Map<string, Buffer>();
  await catFileStream(repo, jobs.flatMap(lineFiles), (id, bytes) => blobs.set(id, bytes));
  const reader = openCatFile(repo);
  const objects = await newObjects(repo);
  try {
    const logs: Item[] = [];
    const code: Item[] = [];
    for (const job of jobs)
      try {
        const { lane, flushes, base } = job;
        const sealing = { lane, tip: lane.tip, state: lane.state, flushes, base, blob: (id: string) => blobs.get(id)! };
        const { packed, files } = await sealLane(sealing, objects);
        logs.push({ packed, files });
        code.push(...(await codeItem(repo, job, packed.at)));
        result.packed.push(lane.log);
      } catch (error) {
        if (!(error instanceof NotSound)) throw error;
        result.skipped.push({ log: job.lane.log, why: error.message });
      }
    const shop = { reader, objects, format: repo.objectFormat };
    const refs = [
      { ref: archiveRef({ kind: 'code', writer, month }), items: code },
      { ref: archiveRef({ kind: 'log', writer, month }), items: logs },
    ];
    await untilWon(refs[1]!.ref, async () => {
      const moves = [];
      for (const { ref, items } of refs) {
        const from = (await readRef(repo, ref)) ?? null;
        const to = items.length === 0 ? from : await planLink(shop, { ref, tip: from, items });
        if (to !== null && to !== from) moves.push({ ref, to, from });
      }
      if (moves.length === 0) return { won: true };
      const moved = await bringIn(repo, { objects, moves, reason: `amp archive ${writer}` });
      const changes = moves.filter((_, at) => moved[at]).map(({ ref, to }) => ({ ref, id: to }));
      if (changes.length > 0) recordTips(repo, { writer, changes });
      return moved.every(Boolean) ? { won: true } : undefined;
    });
  } finally {
    objects.dispose();
    reader.close();
  }
};

/**
 * Rolls lanes of this writer into its archive of one month: sealed logs and the list of them first, in a kept pack and
 * under refs that are on disk; only then the lanes' own refs go. Interrupted anywhere, it is finished by being called
 * again, for the same log seals to the same commits and what an archive lists is not added twice.
 */
export const packLanes = async (repo: Repository, wish: PackWish): Promise<PackResult> => {
  const result: PackResult = { packed: [], skipped: [], dropped: [] };
  for (const batch of inBatches(await jobsOf(repo, wish, result))) await packBatch(repo, wish, batch, result);
  const { writer, clock = systemClock } = wish;
  result.dropped = await dropCovered(repo, { writer, clock });
  return result;
};
