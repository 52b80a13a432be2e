import { lineHash } from '../../events/codec.ts';
import type { Repository } from '../../git/repository.ts';
import { listBlobs, parseSegmentName } from '../blobs.ts';
import { parseLaneRef } from '../layout.ts';
import { eachLine } from '../lines.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { relateChains } from '../sync/relate-chains.ts';
import type { ArchivedRef } from './archives.ts';

const trailer = (message: string, key: string): string | undefined =>
  new RegExp(`^${key}: (\\S+)$`, 'm').exec(message)?.[1];

/** Hash of one line of a sealed log; the pieces behind it are looked up by the numbers in their names. */
const hashAt = async (
  repo: Repository,
  reader: ObjectReader,
  end: string,
  seq: number,
): Promise<string | undefined> => {
  const pieces = (await listBlobs(repo, [end])).flatMap(({ id, name }) => {
    const segment = parseSegmentName(name);
    return segment?.kind === 'events' && segment.firstSeq <= seq ? [{ id, firstSeq: segment.firstSeq }] : [];
  });
  pieces.sort((a, b) => b.firstSeq - a.firstSeq);
  const [piece] = pieces;
  const bytes = piece && (await reader.object(piece.id))?.bytes;
  if (!bytes) return undefined;
  let at = piece.firstSeq;
  let hash: string | undefined;
  eachLine(bytes, (line) => {
    if (at++ === seq && line !== undefined) hash = lineHash(line);
  });
  return hash;
};

/**
 * Whether all that a lane's ref leads to is in a sealed log. Its flush names its last event and the hash of that line,
 * which proves all lines before it, so the flushes that were sealed need not be here any more.
 */
const isLaneCovered = async (
  repo: Repository,
  reader: ObjectReader,
  { packed, id }: { packed: ArchivedRef; id: string },
): Promise<boolean> => {
  const flush = await reader.object(id);
  if (flush?.type !== 'commit') return false;
  const message = flush.bytes.toString('utf8', flush.bytes.indexOf('\n\n'));
  const [seq, head] = [Number(trailer(message, 'Amp-Last-Seq')), trailer(message, 'Amp-Head')];
  if (head === undefined || !(seq <= packed.lastSeq)) return (await relateChains(reader, id, packed.tip)) === 'behind';
  const lane = parseLaneRef(packed.ref)!;
  const isOfLane = trailer(message, 'Amp-Log') === lane.log && trailer(message, 'Amp-Writer') === lane.writer;
  return isOfLane && (await hashAt(repo, reader, packed.commit, seq)) === head;
};

/** Whether a ref that was packed away, and is there again or still at `id`, has nothing that its archive has not. */
export const isCovered = async (
  repo: Repository,
  reader: ObjectReader,
  { id, packings }: { id: string; packings: ArchivedRef[] },
): Promise<boolean> => {
  if (packings.some(({ tip, commit }) => tip === id || commit === id)) return true;
  const packed = packings.at(-1);
  if (!packed) return false;
  if (parseLaneRef(packed.ref)) return isLaneCovered(repo, reader, { packed, id });
  for (const { tip } of packings) if ((await relateChains(reader, id, tip)) === 'behind') return true;
  return false;
};
