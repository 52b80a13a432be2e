import { AppError } from '../../errors.ts';
import { decodeEvent, lineHash } from '../../events/codec.ts';
import { parseSegmentName } from '../blobs.ts';
import { eachLine } from '../lines.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { type ChainEnd, NO_LINES } from './line-chain.ts';
import type { StoredLane } from './read-lanes.ts';

/** The last of the lines whose number is at most `most`. */
const lastIn = (bytes: Buffer, most: number): ChainEnd | undefined => {
  let found: { seq: number; clock: number; line: string } | undefined;
  eachLine(bytes, (line) => {
    const event = line === undefined ? undefined : decodeEvent(line);
    if (event && event.seq <= most && event.seq > (found?.seq ?? 0))
      found = { seq: event.seq, clock: event.clock, line: line! };
  });
  return found && { seq: found.seq, clock: found.clock, hash: lineHash(found.line) };
};

/**
 * The line of a lane with this number, or the last one before it; reads one blob.
 * @throws AppError log.damaged
 */
export const lineAt = async (
  reader: ObjectReader,
  lane: StoredLane,
  seq = Number.POSITIVE_INFINITY,
): Promise<ChainEnd> => {
  const loose = lastIn(lane.loose, seq);
  if (loose && (loose.seq === seq || seq === Number.POSITIVE_INFINITY)) return loose;
  const segment = lane.segments.findLast(({ name }) => (parseSegmentName(name)?.firstSeq ?? 0) <= seq);
  if (!segment) return loose ?? NO_LINES;
  const object = await reader.object(segment.id);
  const found = object && lastIn(object.bytes, seq);
  if (!found)
    throw new AppError('log.damaged', `${lane.log} is damaged: object ${segment.id} cannot be read.`, {
      hint: 'Look at it with `amp-sessions verify`.',
    });
  return loose && loose.seq > found.seq ? loose : found;
};
