import { lineHash } from '../../events/codec.ts';
import { GENESIS, logId } from '../../events/envelope.ts';
import { parseSegmentName } from '../blobs.ts';
import type { Lane } from '../layout.ts';
import { decodeCommit, decodeTree } from '../objects/encode.ts';
import type { UnitedObjects } from './sound-objects.ts';

/** A line of one writer as it lies somewhere. */
export interface FoundLine {
  seq: number;
  prev: string;
  hash: string;
  /** Without its newline. */
  bytes: Buffer;
  /** Where it lies; null: in what is damaged itself. */
  source: string | null;
}

/** One flush of a chain, as far as it can be read. */
export interface ChainFlush {
  commit: string;
  /** Of this log and writer, as its message says. */
  isOurs: boolean;
  lastSeq: number;
  head: string | null;
  lines: FoundLine[];
  transcript: Buffer[];
  /** Blobs of long texts by their SHA-256. */
  payloads: Map<string, string>;
  /** Every object that it is made of. */
  objects: string[];
  /** Those of them that nobody has. */
  missing: string[];
  /** Lines that are no events of the lane. */
  strange: number;
}

export interface Chain {
  tip: string;
  /** Oldest first; not from the beginning where a commit is missing. */
  flushes: ChainFlush[];
  isWhole: boolean;
  /** The commit that nobody has. */
  lost: string | null;
  source: string | null;
}

/** The lines of bytes that are events of a lane; counts the others. */
export const linesOf = (bytes: Buffer, lane: Lane, source: string | null): { lines: FoundLine[]; strange: number } => {
  const lines: FoundLine[] = [];
  let strange = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const line = bytes.subarray(start, newline < 0 ? bytes.length : newline);
    const event = newline < 0 ? undefined : parse(line);
    if (event && event['log'] === lane.log && event['writer'] === lane.writer && Number(event['seq']) > 0)
      lines.push({
        seq: Number(event['seq']),
        prev: String(event['prev']),
        hash: lineHash(line),
        bytes: line,
        source,
      });
    else strange += 1;
    start += line.length + 1;
  }
  return { lines, strange };
};

const parse = (line: Buffer): Record<string, unknown> | undefined => {
  const text = line.toString('utf8');
  try {
    return Buffer.byteLength(text) === line.length ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
};

const trailer = (message: string, key: string): string | undefined =>
  new RegExp(`^${key}: (\\S+)$`, 'm').exec(message)?.[1];

const flushOf = (commit: string, message: string, lane: Lane): ChainFlush => ({
  commit,
  isOurs:
    (trailer(message, 'Amp-Log') ?? lane.log) === lane.log &&
    (trailer(message, 'Amp-Writer') ?? lane.writer) === lane.writer,
  lastSeq: Number(trailer(message, 'Amp-Last-Seq') ?? 0),
  head: trailer(message, 'Amp-Head') ?? null,
  lines: [],
  transcript: [],
  payloads: new Map(),
  objects: [commit],
  missing: [],
  strange: 0,
});

/** Reads one writer's chain from its end, whatever of it there is. */
export const readChain = async (
  objects: UnitedObjects,
  { tip, lane, source }: { tip: string; lane: Lane; source: string | null },
  format: 'sha1' | 'sha256',
): Promise<Chain> => {
  const chain: Chain = { tip, flushes: [], isWhole: true, lost: null, source };
  for (let at: string | undefined = tip; at !== undefined; ) {
    const object = await objects.object(at);
    if (object?.type !== 'commit') {
      chain.isWhole = false;
      chain.lost = object ? null : at;
      break;
    }
    const { tree, parents } = decodeCommit(object.bytes);
    const flush = flushOf(at, object.bytes.toString('utf8'), lane);
    if (parents.length > 1) flush.isOurs = false;
    await readFiles(objects, tree, { flush, lane, chain, format });
    chain.flushes.push(flush);
    // Somebody else's history has nothing of the lane, however long it is.
    if (!flush.isOurs) {
      chain.isWhole = parents.length === 0;
      break;
    }
    at = parents[0];
  }
  chain.flushes.reverse();
  return chain;
};

const readFiles = async (
  objects: UnitedObjects,
  tree: string,
  into: { flush: ChainFlush; lane: Lane; chain: Chain; format: 'sha1' | 'sha256' },
): Promise<void> => {
  const { flush, lane, chain } = into;
  const listing = await objects.object(tree);
  if (listing?.type !== 'tree') {
    flush.missing.push(tree);
    return;
  }
  flush.objects.push(tree);
  for (const { id, name } of decodeTree(listing.bytes, into.format)) {
    const segment = parseSegmentName(name);
    const isPayload = /^payload-[0-9a-f]{64}$/.test(name);
    if (!isPayload && segment?.id !== logId(lane.log)) {
      flush.isOurs = false;
      return;
    }
    const blob = await objects.object(id);
    if (!blob) {
      flush.missing.push(id);
      continue;
    }
    flush.objects.push(id);
    if (isPayload) flush.payloads.set(name.slice('payload-'.length), id);
    else if (segment?.kind === 'transcript') flush.transcript.push(blob.bytes);
    else {
      const { lines, strange } = linesOf(blob.bytes, lane, chain.source);
      flush.lines.push(...lines);
      flush.strange += strange;
    }
  }
};

/**
 * How many flushes from the first on are as they were written, and hold just the lines that belong there.
 * @param goal the lane's true lines, in order
 */
export const soundFlushes = (chain: Chain, goal: FoundLine[]): number => {
  if (!chain.isWhole) return 0;
  let seq = 0;
  for (const [at, flush] of chain.flushes.entries()) {
    if (!flush.isOurs || flush.missing.length > 0 || flush.strange > 0) return at;
    for (const line of flush.lines) if (goal[seq++]?.hash !== line.hash) return at;
    const isHead = flush.head === null || flush.head === (goal[flush.lastSeq - 1]?.hash ?? GENESIS);
    if (!isHead) return at;
  }
  return chain.flushes.length;
};
