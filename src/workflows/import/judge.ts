import { lineHash } from '../../events/codec.ts';
import { logId } from '../../events/envelope.ts';
import { openCatFile } from '../../git/git.ts';
import { lineAt } from '../../store/lanes/line-at.ts';
import { type ChainEnd, NO_LINES } from '../../store/lanes/line-chain.ts';
import { readLanes, type StoredLane } from '../../store/lanes/read-lanes.ts';
import { readTombstones } from '../../store/tombstones.ts';
import { localWriters } from '../../store/wal/writer.ts';
import type { Context } from '../context.ts';
import type { LineFile } from './file-lines.ts';
import { type FileLane, laneKey, parseLine } from './look-at-file.ts';

export interface RefusedLane {
  log: string;
  writer: string;
  reason: string;
}

/** A lane whose lines after `after` are to come in. */
export interface Taking {
  lane: FileLane;
  after: number;
}

export interface Judgement {
  take: Taking[];
  same: number;
  refused: RefusedLane[];
  /** Sessions. */
  forgotten: string[];
}

/** The hash of one of a file's lines. */
const hashIn = (file: LineFile, lane: FileLane, seq: number): string | undefined => {
  for (const { start, end } of lane.ranges)
    for (const { bytes } of file.lines({ from: start, to: end }))
      if (parseLine(bytes)?.['seq'] === seq) return lineHash(bytes);
  return undefined;
};

type Verdict = 'same' | { after: number } | { reason: string };

const DIVERGED = 'it does not go on from what is here; nothing was overwritten';

/** Whether a file's lines go on from those that are here; each line proves all before it. */
const relate = (file: LineFile, lane: FileLane, here: ChainEnd, hereAtEnd: ChainEnd): Verdict => {
  const { first, end } = lane;
  if (here.seq >= end.seq) return hereAtEnd.hash === end.hash ? 'same' : { reason: DIVERGED };
  if (first.seq > here.seq + 1) {
    const there = here.seq === 0 ? 'nothing before that is here' : `here it ends with event ${here.seq}`;
    return { reason: `it begins with event ${first.seq}, and ${there}` };
  }
  const before = first.seq === here.seq + 1 ? first.prev : hashIn(file, lane, here.seq);
  return before === here.hash ? { after: here.seq } : { reason: DIVERGED };
};

const judge = async (
  { file, reader, own }: { file: LineFile; reader: ReturnType<typeof openCatFile>; own: Set<string> },
  lane: FileLane,
  stored: StoredLane | undefined,
): Promise<Verdict> => {
  const here = stored ? await lineAt(reader, stored) : NO_LINES;
  const atEnd = stored && here.seq >= lane.end.seq ? await lineAt(reader, stored, lane.end.seq) : NO_LINES;
  const verdict = relate(file, lane, here, atEnd);
  if (typeof verdict === 'object' && 'after' in verdict && own.has(lane.writer))
    return { reason: 'this clone wrote it, and has less of it: `amp-sessions verify --repair` looks for the rest' };
  return verdict;
};

/** What of a file is to come in. Changes nothing. */
export const judgeLanes = async (ctx: Context, file: LineFile, lanes: FileLane[]): Promise<Judgement> => {
  const { isForgotten } = await readTombstones(ctx.repo);
  const isGone = ({ log }: FileLane): boolean => log.startsWith('sessions/') && isForgotten(logId(log));
  const result: Judgement = { take: [], same: 0, refused: [], forgotten: [] };
  result.forgotten.push(...new Set(lanes.filter(isGone).map(({ log }) => logId(log))));
  const wanted = lanes.filter((lane) => !isGone(lane));
  const known = new Set((await ctx.store.logs()).map(({ log }) => log));
  const logs = [...new Set(wanted.map(({ log }) => log))].filter((log) => known.has(log));
  const byKey = new Map(wanted.map((lane) => [laneKey(lane), lane]));
  const reader = openCatFile(ctx.repo);
  const place = { file, reader, own: new Set(localWriters(ctx.repo)) };
  const add = (lane: FileLane, verdict: Verdict): void => {
    if (verdict === 'same') result.same += 1;
    else if ('after' in verdict) result.take.push({ lane, after: verdict.after });
    else result.refused.push({ log: lane.log, writer: lane.writer, reason: verdict.reason });
  };
  try {
    for await (const stored of readLanes(ctx.repo, logs)) {
      const lane = byKey.get(laneKey(stored));
      if (!lane) continue;
      byKey.delete(laneKey(stored));
      add(lane, await judge(place, lane, stored));
    }
    for (const lane of byKey.values()) add(lane, await judge(place, lane, undefined));
  } finally {
    reader.close();
  }
  return result;
};
