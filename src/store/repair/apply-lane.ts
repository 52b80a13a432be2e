import { rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Clock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { moveRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { dropKeptPacks, setDamagedAside, takeObjects } from '../../git/take-objects.ts';
import { bringIn } from '../bring-in.ts';
import { DAMAGED, eventsFile, type Lane, laneRef, payloadDir, quarantineDir, transcriptFile } from '../layout.ts';
import { newObjects } from '../objects/new-objects.ts';
import { planFlush } from '../plan-flush.ts';
import { recordTips } from '../tips.ts';
import { ensureDir, readIfThere, replaceFile, storeError } from '../wal/files.ts';
import { keepPayloads } from '../wal/payload-files.ts';
import type { LanePlan } from './plan-lane.ts';
import type { ObjectSource, SoundObjects } from './sound-objects.ts';

export const KEEP = 'amp repair';

interface Place {
  repo: Repository;
  clock: Clock;
  writer: string;
  ours: SoundObjects;
}

/** Takes objects over from those who have them. @returns lets them go, and names of what was set aside */
export const bringObjects = async (
  { repo, clock }: Pick<Place, 'repo' | 'clock'>,
  objects: Map<string, ObjectSource>,
): Promise<{ release(): void; aside: string[] }> => {
  dropKeptPacks(repo, KEEP);
  if (objects.size === 0) return { release: () => {}, aside: [] };
  const folder = join(quarantineDir(repo), `objects.${clock.newId()}`);
  const bySource = new Map<ObjectSource, string[]>();
  for (const [id, source] of objects) bySource.set(source, [...(bySource.get(source) ?? []), id]);
  const releases: (() => void)[] = [];
  for (const [{ objects: from }, ids] of bySource)
    releases.push(await takeObjects(repo, { from: from.repo, ids, reason: KEEP, folder }));
  const moved = await setDamagedAside(repo, [...objects.keys()], folder);
  const aside = moved.length > 0 ? [relative(repo.commonDir, folder).replaceAll('\\', '/')] : [];
  const release = (): void => {
    for (const one of releases) one();
  };
  return { release, aside };
};

/** The file as it was stays in the quarantine; then it holds what it should. */
const replaceWal = ({ repo, clock }: Place, path: string, bytes: Buffer): string | undefined => {
  const before = readIfThere(path);
  if (before?.equals(bytes) || (before === undefined && bytes.length === 0)) return undefined;
  const aside = join(quarantineDir(repo), `${basename(path)}.${clock.newId()}`);
  try {
    ensureDir(quarantineDir(repo));
    ensureDir(join(path, '..'));
    if (before) replaceFile(aside, before, `${aside}.tmp`);
    if (bytes.length > 0) replaceFile(path, bytes, `${path}.${clock.newId()}.tmp`);
    else rmSync(path, { force: true });
  } catch (error) {
    throw storeError(error, path);
  }
  return before && relative(repo.commonDir, aside).replaceAll('\\', '/');
};

const joined = (lines: { bytes: Buffer }[]): Buffer =>
  Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from('\n')]));

const rewriteFiles = (place: Place, { lane, wal, transcript, payloads }: LanePlan): string[] => {
  const { repo, clock } = place;
  const aside: (string | undefined)[] = [];
  if (wal !== null) {
    keepPayloads(payloadDir(repo, lane), new Map([...payloads].map(([id, { bytes }]) => [id, bytes])), clock.newId());
    aside.push(replaceWal(place, eventsFile(repo, lane), joined(wal)));
  }
  const lines = Buffer.concat(transcript);
  const before = readIfThere(transcriptFile(repo, lane)) ?? Buffer.alloc(0);
  if (lines.length > 0 && !before.subarray(0, lines.length).equals(lines))
    replaceWal(place, transcriptFile(repo, lane), Buffer.concat([lines, before]));
  return aside.filter((name) => name !== undefined);
};

/** What the ref named keeps a name, so that nothing of it can be swept away. */
const keepRef = async ({ repo, clock, ours }: Place, lane: Lane, now: string): Promise<string[]> => {
  if ((await ours.object(now)) === undefined) return [];
  const ref = `${DAMAGED}${lane.log}/${lane.writer}/${clock.newId()}`;
  await moveRef(repo, ref, { to: now, from: null });
  return [ref];
};

const putRef = async (place: Place, { lane, now, tip }: LanePlan): Promise<string[]> => {
  const { repo, writer } = place;
  const ref = laneRef(lane);
  const kept = now !== null && now !== tip ? await keepRef(place, lane, now) : [];
  if (now !== tip && !(await moveRef(repo, ref, { to: tip, from: now })))
    throw new AppError('store.conflict', `${ref} moved while it was being put right.`, {
      hint: 'Somebody works on it; run the command again.',
    });
  if (lane.writer === writer) recordTips(repo, { writer, changes: [{ ref, id: tip }] });
  return kept;
};

/** A flush that brings nothing but long texts, for lines that are in git without them. */
const flushPayloads = async ({ repo, clock, writer }: Place, { lane, tip, payloads, inGit }: LanePlan) => {
  const objects = await newObjects(repo);
  try {
    const parts = [...payloads.keys()];
    const content = { lane, events: Buffer.alloc(0), firstSeq: inGit + 1, lastSeq: inGit, head: null, parts };
    const part = (sha256: string): Buffer => payloads.get(sha256)!.bytes;
    const plan = { content: { ...content, transcript: Buffer.alloc(0) }, parent: tip, at: clock.now(), part };
    const to = await planFlush(plan, objects);
    await bringIn(repo, { objects, moves: [{ ref: laneRef(lane), to, from: tip }], reason: KEEP });
    recordTips(repo, { writer, changes: [{ ref: laneRef(lane), id: to }] });
  } finally {
    objects.dispose();
  }
};

/**
 * Makes a lane whole. Objects first, then the write-ahead file, then the ref: what dies between two of them is
 * planned again by the next call and comes to the same.
 * @returns where the damaged things are kept
 */
export const applyLane = async (place: Place, plan: LanePlan): Promise<string[]> => {
  const { release, aside } = await bringObjects(place, plan.objects);
  try {
    const files = rewriteFiles(place, plan);
    const refs = await putRef(place, plan);
    if (plan.payloads.size > 0 && plan.inGit > 0) await flushPayloads(place, plan);
    return [...aside, ...files, ...refs];
  } finally {
    release();
  }
};
