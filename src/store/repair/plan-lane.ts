import type { Repository } from '../../git/repository.ts';
import { eventsFile, type Lane, laneRef } from '../layout.ts';
import { payloadsIn } from '../payloads.ts';
import { readTips } from '../tips.ts';
import { readIfThere } from '../wal/files.ts';
import { type Chain, type ChainFlush, type FoundLine, linesOf, readChain, soundFlushes } from './chain.ts';
import { findGoal, type Goal } from './goal.ts';
import { type ObjectSource, type SoundObjects, UnitedObjects } from './sound-objects.ts';

/** Somebody who may have what is missing: another clone, or what was set aside here before. */
export interface RepairSource extends ObjectSource {
  /** Ends of a lane's chain there. */
  tips(lane: Lane): string[];
  /** Bytes of lines that are not in git there. */
  loose(lane: Lane): Buffer[];
  /** A part of a long text that is not in git there. */
  payload(lane: Lane, sha256: string): Buffer | undefined;
}

/** What makes one lane whole again. Everything in it is proved by ids and hashes. */
export interface LanePlan {
  lane: Lane;
  /** Where its ref is; null when it is gone. */
  now: string | null;
  /** Where it has to be; null: all of it is in the write-ahead file. */
  tip: string | null;
  /** Objects that are missing here or damaged, each with who has it. */
  objects: Map<string, ObjectSource>;
  /** How many of its lines are in git then. */
  inGit: number;
  /** Lines that come after the ref's, for the write-ahead file; null: it stays as it is. */
  wal: FoundLine[] | null;
  transcript: Buffer[];
  /** Long texts that are nowhere here, by their SHA-256. */
  payloads: Map<string, { bytes: Buffer; source: string }>;
  /** Lines that were not here, or not as they were written. */
  regained: FoundLine[];
}

/** Why a lane cannot be made whole. */
export interface LaneLoss {
  lane: Lane;
  detail: string;
  seq: number | null;
}

export interface LaneQuestion {
  repo: Repository;
  ours: SoundObjects;
  lane: Lane;
  now: string | null;
  /** This clone's writer: what it wrote may be written again. */
  writer: string;
  sources: RepairSource[];
}

interface Survey {
  chains: Chain[];
  goal: Goal;
  wal: Buffer;
  objects: UnitedObjects;
  /** A commit of the lane's own history that nobody has. */
  lost: string | null;
}

const MAX_TORN = 64 * 1024 * 1024;

const survey = async ({ repo, ours, lane, now, writer, sources }: LaneQuestion): Promise<Survey> => {
  const objects = new UnitedObjects(ours, sources);
  const left = lane.writer === writer ? readTips(repo, writer).get(laneRef(lane)) : undefined;
  const ends = new Map<string, string | null>();
  for (const tip of [now, left]) if (tip) ends.set(tip, null);
  for (const source of sources) for (const tip of source.tips(lane)) if (!ends.has(tip)) ends.set(tip, source.label);
  const chains: Chain[] = [];
  for (const [tip, source] of ends) chains.push(await readChain(objects, { tip, lane, source }, repo.objectFormat));
  const wal = readIfThere(eventsFile(repo, lane)) ?? Buffer.alloc(0);
  const loose = sources.flatMap((source) =>
    source.loose(lane).flatMap((bytes) => linesOf(bytes, lane, source.label).lines),
  );
  const flushes = chains.flatMap((chain) => chain.flushes.map((flush) => ({ ...flush, source: chain.source })));
  const goal = findGoal({
    lines: [...flushes.flatMap(({ lines }) => lines), ...linesOf(wal, lane, null).lines, ...loose],
    heads: flushes.flatMap(({ head, lastSeq, source }) =>
      head === null || lastSeq === 0 ? [] : [{ seq: lastSeq, hash: head, source }],
    ),
    last: flushes.reduce((last, { lastSeq, source }) => (source === null ? Math.max(last, lastSeq) : last), 0),
    torn: wal.subarray(Math.max(wal.lastIndexOf(10) + 1, wal.length - MAX_TORN)),
  });
  const lost = chains.find(({ tip }) => tip === (left ?? now))?.lost ?? null;
  return { chains, goal, wal, objects, lost };
};

interface Choice {
  tip: string | null;
  /** Flushes of the chosen chain up to the tip. */
  chain: Chain | undefined;
  flushes: number;
}

/**
 * The chain to go on from: the one that is here, or was left here, when it is sound; another's that has all of it;
 * the longest sound beginning only where this clone may write the rest again.
 */
const choose = ({ chains, goal }: Survey, isOwn: boolean): Choice => {
  const sound = chains.map((chain) => ({ chain, flushes: soundFlushes(chain, goal.lines) }));
  const whole = sound.filter(({ chain, flushes }) => flushes === chain.flushes.length && flushes > 0);
  const events = (choice: { chain: Chain; flushes: number }): number =>
    choice.chain.flushes.slice(0, choice.flushes).reduce((sum, { lines }) => sum + lines.length, 0);
  const own = whole.filter(({ chain }) => chain.source === null).sort((a, b) => events(b) - events(a))[0];
  const best = [...(isOwn ? sound : whole)].sort((a, b) => events(b) - events(a))[0];
  const chosen = own && best && events(own) >= events(best) ? own : (best ?? own);
  if (!chosen || chosen.flushes === 0) return { tip: null, chain: undefined, flushes: 0 };
  return { tip: chosen.chain.flushes[chosen.flushes - 1]!.commit, ...chosen };
};

const dataOf = (line: FoundLine): unknown => (JSON.parse(line.bytes.toString()) as { data?: unknown }).data;

const partsOf = (lines: FoundLine[]): Set<string> =>
  new Set(lines.flatMap((line) => payloadsIn(dataOf(line)).flatMap(({ parts }) => parts)));

/** Lines may speak of long texts: the word stands in them then. */
const mayRefer = ({ bytes }: FoundLine): boolean => bytes.includes('"payload":');

const findPayload = async (
  question: LaneQuestion,
  { chains, objects }: Survey,
  sha256: string,
): Promise<{ bytes: Buffer; source: string } | undefined> => {
  for (const source of question.sources) {
    const bytes = source.payload(question.lane, sha256);
    if (bytes) return { bytes, source: source.label };
  }
  for (const { flushes, source } of chains)
    for (const { payloads } of flushes) {
      const id = payloads.get(sha256);
      const blob = id === undefined ? undefined : await objects.object(id);
      if (blob) return { bytes: blob.bytes, source: source ?? 'this clone' };
    }
  return undefined;
};

const loss = (lane: Lane, detail: string, seq: number | null = null): { loss: LaneLoss } => ({
  loss: { lane, detail, seq },
});

const lostLines = ({ goal }: Survey, { lane }: LaneQuestion): { loss: LaneLoss } => {
  const { from, to } = goal.lost!;
  const what = from === to ? `event ${from}` : `events ${from} to ${to}`;
  return loss(lane, `nobody has ${what} of ${lane.log} as it was written`, from);
};

/** Long texts that the lines speak of and that neither the chosen chain nor this clone's files have. */
const findPayloads = async (
  question: LaneQuestion,
  found: Survey,
  choice: Choice,
  isHere: (sha256: string) => boolean,
): Promise<{ payloads: LanePlan['payloads'] } | { missing: string }> => {
  const kept = new Set(
    choice.chain?.flushes.slice(0, choice.flushes).flatMap(({ payloads }) => [...payloads.keys()]) ?? [],
  );
  const payloads: LanePlan['payloads'] = new Map();
  for (const part of partsOf(found.goal.lines.filter(mayRefer))) {
    if (kept.has(part) || isHere(part)) continue;
    const text = await findPayload(question, found, part);
    if (!text) return { missing: part };
    payloads.set(part, text);
  }
  return { payloads };
};

/** What makes a lane whole; a loss when nothing does. */
export const planLane = async (
  question: LaneQuestion,
  isPayloadHere: (sha256: string) => boolean,
): Promise<{ plan: LanePlan } | { loss: LaneLoss }> => {
  const { lane, now, writer } = question;
  const isOwn = lane.writer === writer;
  const found = await survey(question);
  if (found.lost) return loss(lane, `nobody has commit ${found.lost.slice(0, 12)} of ${laneRef(lane)}`);
  if (found.goal.lost) return lostLines(found, question);
  const choice = choose(found, isOwn);
  const flushes = choice.chain?.flushes.slice(0, choice.flushes) ?? [];
  const inGit = flushes.reduce((sum, { lines }) => sum + lines.length, 0);
  const rest = found.goal.lines.slice(inGit);
  const before = linesOf(found.wal, lane, null);
  const isWalFine = before.strange === 0 && sameLines(before.lines, found.goal.lines, inGit);
  const mayWrite = isOwn || isWalFine;
  if (!mayWrite) return loss(lane, `${rest.length} events of another writer are in no sound history`, inGit + 1);
  if (choice.tip === null && now !== null && !isOwn) return loss(lane, `nobody has the history of ${laneRef(lane)}`);
  const texts = await findPayloads(question, found, choice, isPayloadHere);
  if ('missing' in texts) return loss(lane, `nobody has the long text ${texts.missing.slice(0, 12)}`);
  if (texts.payloads.size > 0 && !isOwn) return loss(lane, 'a long text of another writer is missing');
  const needed = new Set(flushes.flatMap(({ objects }) => objects));
  const isTaken = (flush: ChainFlush): boolean => flush.objects.some((id) => found.objects.taken.has(id));
  const back = new Set(flushes.filter(isTaken).flatMap(({ lines }) => lines.map(({ seq }) => seq)));
  const plan: LanePlan = {
    lane,
    now,
    tip: choice.tip,
    objects: new Map([...found.objects.taken].filter(([id]) => needed.has(id))),
    wal: isWalFine ? null : rest,
    transcript: isOwn ? laterTranscript(found, flushes.length > 0 ? choice : undefined, now) : [],
    payloads: texts.payloads,
    inGit,
    regained: found.goal.lines.filter(({ source, seq }) => source !== null || back.has(seq)),
  };
  return { plan };
};

/** A file's lines may begin with such as are in git already. */
const sameLines = (file: FoundLine[], goal: FoundLine[], inGit: number): boolean => {
  const isRising = file.every(({ seq }, at) => at === 0 || seq === file[at - 1]!.seq + 1);
  const isTrue = file.every(({ seq, hash }) => goal[seq - 1]?.hash === hash);
  const reaches = file.at(-1)?.seq ?? inGit;
  return isRising && isTrue && Math.max(reaches, inGit) === goal.length && (file[0]?.seq ?? 0) <= inGit + 1;
};

/** Transcript lines of flushes that the ref no longer has: they are not proved by any chain, and not lost either. */
const laterTranscript = ({ chains }: Survey, choice: Choice | undefined, now: string | null): Buffer[] => {
  const current = chains.find(({ tip }) => tip === now);
  if (!current || current === choice?.chain) {
    return current ? current.flushes.slice(choice?.flushes).flatMap(({ transcript }) => transcript) : [];
  }
  const kept = new Set(choice?.chain?.flushes.map(({ commit }) => commit));
  return current.flushes.filter(({ commit }) => !kept.has(commit)).flatMap(({ transcript }) => transcript);
};
