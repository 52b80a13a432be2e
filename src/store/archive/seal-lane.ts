import { decodeEvent, lineHash } from '../../events/codec.ts';
import { GENESIS, logId } from '../../events/envelope.ts';
import { eventsName, parseSegmentName, transcriptName } from '../blobs.ts';
import { type Lane, laneRef } from '../layout.ts';
import { wholeLines } from '../lines.ts';
import { BLOB_MODE, type TreeEntry } from '../objects/encode.ts';
import type { NewObjects } from '../objects/new-objects.ts';
import { describeLines } from '../plan-flush.ts';
import type { Flush } from '../verify/lane-history.ts';
import type { Packed } from './contents.ts';

/** A sealed log lies in pieces of at most so many bytes of each kind. */
const PIECE = 4 * 1024 * 1024;

export interface Sealing {
  lane: Lane;
  /** What the lane's ref names. */
  tip: string;
  /** Flushes that are not sealed yet, oldest first. */
  flushes: Flush[];
  /** Where the lane was sealed before. */
  base: Packed | undefined;
  /** What the session had come to, for whoever reads the archive without this program. */
  state: unknown;
  /** Bytes of the files that hold lines. */
  blob(id: string): Buffer;
}

export interface Sealed {
  packed: Packed;
  /** What goes into the session's folder. */
  files: TreeEntry[];
}

interface Piece {
  bytes: Buffer;
  /** Zero in a piece without events. */
  firstSeq: number;
  lastSeq: number;
  head: string;
}

/** Why a log cannot be sealed: `verify` says where it is damaged. */
export class NotSound extends Error {}

/** Where a piece ends that begins at an offset: behind the last whole line that fits, or behind one that never would. */
const endOfPiece = (bytes: Buffer, from: number): number => {
  const end = from + wholeLines(bytes.subarray(from), PIECE);
  return end > from ? end : bytes.indexOf(10, from) + 1;
};

/** Cuts a lane's lines into pieces, and holds each line against the one before on the way. */
const cutEvents = (lane: Lane, bytes: Buffer, last: { seq: number; hash: string; at: string }): Piece[] => {
  const pieces: Piece[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = endOfPiece(bytes, from);
    if (end <= from) throw new NotSound('its last line has no end');
    const firstSeq = last.seq + 1;
    for (let at = from; at < end; ) {
      const newline = bytes.indexOf(10, at);
      const line = bytes.subarray(at, newline);
      const event = decodeEvent(line.toString('utf8'));
      if (event?.log !== lane.log || event.writer !== lane.writer) throw new NotSound('a line is none of its events');
      if (event.seq !== last.seq + 1 || event.prev !== last.hash)
        throw new NotSound(`event ${event.seq} does not follow from event ${last.seq}`);
      Object.assign(last, { seq: event.seq, hash: lineHash(line), at: event.at });
      at = newline + 1;
    }
    pieces.push({ bytes: bytes.subarray(from, end), firstSeq, lastSeq: last.seq, head: last.hash });
    from = end;
  }
  return pieces;
};

const cutTranscript = (bytes: Buffer): Buffer[] => {
  const pieces: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = endOfPiece(bytes, from);
    if (end <= from) throw new NotSound('the last line of its transcript has no end');
    pieces.push(bytes.subarray(from, end));
    from = end;
  }
  return pieces;
};

/** All bytes of one kind, in the order in which they were flushed. */
const joined = ({ lane, flushes, blob }: Sealing, kind: 'events' | 'transcript'): Buffer => {
  const id = logId(lane.log);
  const files = flushes.flatMap(({ files }) => files);
  return Buffer.concat(
    files.flatMap((file) => {
      const segment = parseSegmentName(file.name);
      return segment?.kind === kind && segment.id === id ? [blob(file.id)] : [];
    }),
  );
};

const addNew = (files: TreeEntry[], more: TreeEntry[]): void => {
  for (const file of more) if (!files.some(({ name }) => name === file.name)) files.push(file);
};

/**
 * Writes a log again in few large pieces: the same lines, byte for byte, as a chain of flushes that goes on from where
 * it was sealed before, or begins. Long texts stay the objects they are. The same log always gives the same commits.
 * @throws NotSound
 */
export const sealLane = async (sealing: Sealing, objects: NewObjects): Promise<Sealed> => {
  const { lane, base, tip, flushes, state } = sealing;
  const last = { seq: base?.lastSeq ?? 0, hash: base?.head ?? GENESIS, at: base?.at ?? '' };
  const events = cutEvents(lane, joined(sealing, 'events'), last);
  const lines = cutTranscript(joined(sealing, 'transcript'));
  const longTexts = flushes
    .flatMap(({ files }) => files)
    .filter(({ name }) => name.startsWith('payload-'))
    .map(({ id, name }) => ({ mode: BLOB_MODE, name, id }));
  if (events.length === 0) throw new NotSound('it has no events');
  const id = logId(lane.log);
  const files: TreeEntry[] = [];
  let parent = base?.commit;
  for (let at = 0; at < Math.max(events.length, lines.length); at += 1) {
    const piece = events[at] ?? { bytes: Buffer.alloc(0), firstSeq: last.seq + 1 + at, lastSeq: last.seq, head: null };
    const transcript = lines[at] ?? Buffer.alloc(0);
    const tree: TreeEntry[] = [];
    if (at === 0) addNew(tree, longTexts);
    for (const [name, bytes] of [
      [eventsName(piece.firstSeq, id), piece.bytes],
      [transcriptName(piece.firstSeq, id), transcript],
    ] as const)
      if (bytes.length > 0) tree.push({ mode: BLOB_MODE, name, id: await objects.blob(bytes) });
    const isEnd = at === Math.max(events.length, lines.length) - 1;
    const said = describeLines({ lane, ...piece, events: piece.bytes, transcript });
    parent = await objects.commit({
      tree: await objects.tree(tree),
      parents: parent === undefined ? [] : [parent],
      at: last.at,
      message: [said, `Amp-Sealed: ${tip}`, ...(isEnd ? [`Amp-State: ${JSON.stringify(state)}`] : [])].join('\n'),
    });
    addNew(files, tree);
  }
  const packed = { ref: laneRef(lane), commit: parent!, tip, lastSeq: last.seq, head: last.hash, at: last.at };
  return { packed, files };
};
