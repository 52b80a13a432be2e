import { isAppError } from '../../errors.ts';
import { decodeEvent } from '../../events/codec.ts';
import { logId } from '../../events/envelope.ts';
import { parseSegmentName, readFlush } from '../blobs.ts';
import { lineAt } from '../lanes/line-at.ts';
import { type ChainEnd, LineChain, NO_LINES } from '../lanes/line-chain.ts';
import type { StoredLane } from '../lanes/read-lanes.ts';
import { parseLaneRef } from '../layout.ts';
import { eachLine } from '../lines.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';

/** A line of the message of a flush that `import` made. */
export const IMPORTED = 'Amp-Imported: yes';

/** How an imported lane stands to another chain of flushes with the same writer's lines. */
export type ImportedRelation = 'behind' | 'ahead' | 'diverged';

interface Lane extends StoredLane {
  /** Blobs that no line proves to be there: transcripts and long texts. */
  others: Set<string>;
}

const textOf = (commit: Buffer): string => commit.toString('utf8', Math.max(commit.indexOf('\n\n'), 0));

/** What a chain of flushes holds; undefined where something of it is not here. */
const laneBehind = async (reader: ObjectReader, ref: string, tip: string): Promise<Lane | undefined> => {
  const name = parseLaneRef(ref);
  if (!name) return undefined;
  const segments = new Map<string, { id: string; name: string; firstSeq: number }>();
  const others = new Set<string>();
  for (let at: string | undefined = tip; at !== undefined; ) {
    const flush = await readFlush(reader, at);
    if (!flush) return undefined;
    for (const file of flush.files) {
      const segment = parseSegmentName(file.name);
      if (segment?.kind !== 'events') others.add(file.id);
      else if (segment.id === logId(name.log)) segments.set(file.id, { ...file, firstSeq: segment.firstSeq });
    }
    at = flush.parents[0];
  }
  const sorted = [...segments.values()].sort((a, b) => a.firstSeq - b.firstSeq);
  return { ...name, segments: sorted, payloads: new Map(), loose: Buffer.alloc(0), others };
};

/**
 * Where a lane's lines have come to, up to a number. Every line is looked at: whoever pushed it may have left out what
 * its last line speaks of.
 */
const followTo = async (reader: ObjectReader, lane: Lane, most: number): Promise<ChainEnd | undefined> => {
  const chain = new LineChain(NO_LINES);
  let isSound = true;
  const add = (line: string | undefined): void => {
    const event = line === undefined ? undefined : decodeEvent(line);
    if (!event || event.log !== lane.log || event.writer !== lane.writer) isSound = false;
    else if (event.seq <= most && chain.add(event, line!) !== undefined) isSound = false;
  };
  for (const { id, name } of lane.segments) {
    if ((parseSegmentName(name)?.firstSeq ?? 0) > most) break;
    const blob = await reader.object(id);
    if (!blob) return undefined;
    eachLine(blob.bytes, add);
    if (!isSound) return undefined;
  }
  return chain.end.seq === 0 ? undefined : chain.end;
};

const relateLines = async (reader: ObjectReader, ours: Lane, theirs: Lane): Promise<ImportedRelation> => {
  const here = await lineAt(reader, ours);
  const there = await followTo(reader, theirs, here.seq);
  if (!there) return 'diverged';
  if (there.seq < here.seq) return (await lineAt(reader, ours, there.seq)).hash === there.hash ? 'ahead' : 'diverged';
  return there.hash === here.hash && [...ours.others].every((id) => theirs.others.has(id)) ? 'behind' : 'diverged';
};

/**
 * How our end of a lane stands to another's where their commits have parted: an import makes commits of its own for
 * lines that are the original's. Lines decide then: `behind` where theirs have all of ours, and may take their place;
 * `ahead` where ours have all of theirs, and more. All but an imported lane has `diverged`.
 */
export const relateImported = async (
  reader: ObjectReader,
  { ref, now, id }: { ref: string; now: string; id: string },
): Promise<ImportedRelation> => {
  if (!parseLaneRef(ref)) return 'diverged';
  try {
    const tip = await reader.object(now);
    if (tip?.type !== 'commit' || !textOf(tip.bytes).split('\n').includes(IMPORTED)) return 'diverged';
    const [ours, theirs] = [await laneBehind(reader, ref, now), await laneBehind(reader, ref, id)];
    return ours && theirs ? await relateLines(reader, ours, theirs) : 'diverged';
  } catch (error) {
    if (isAppError(error, 'log.damaged') || isAppError(error, 'git.failed')) return 'diverged';
    throw error;
  }
};
