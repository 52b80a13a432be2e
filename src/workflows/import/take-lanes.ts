import { AppError } from '../../errors.ts';
import { lineHash } from '../../events/codec.ts';
import type { Envelope } from '../../events/envelope.ts';
import { logId } from '../../events/envelope.ts';
import { addPack } from '../../git/packs.ts';
import { dropKeptPacks } from '../../git/take-objects.ts';
import { eventsName, payloadName } from '../../store/blobs.ts';
import type { RefMove } from '../../store/bring-in.ts';
import { readLaneRefs, readLaneTips } from '../../store/lane-refs.ts';
import { laneRef } from '../../store/layout.ts';
import { BLOB_MODE, type TreeEntry } from '../../store/objects/encode.ts';
import { type NewObjects, newObjects } from '../../store/objects/new-objects.ts';
import { payloadsIn } from '../../store/payloads.ts';
import { describeLines } from '../../store/plan-flush.ts';
import { IMPORTED } from '../../store/sync/imported-lane.ts';
import { takeIncoming } from '../../store/sync/incoming.ts';
import type { Context } from '../context.ts';
import type { LineFile } from './file-lines.ts';
import type { Taking } from './judge.ts';
import { type FileLook, laneKey, parseLine, textOf } from './look-at-file.ts';

const KEEP = 'amp import';

/** As large as the pieces of a log that was packed away. */
const PIECE = 4 << 20;
/** So much is in memory before it becomes a pack. */
const PACK = 32 << 20;

interface Piece {
  lines: Buffer[];
  size: number;
  firstSeq: number;
  last: Envelope;
  parts: Set<string>;
}

const NEWLINE = Buffer.from('\n');

/** The lines that are to come in, some megabytes at a time. */
function* piecesOf(file: LineFile, { lane, after }: Taking): Generator<Piece, void, undefined> {
  let piece: Piece | undefined;
  for (const { start, end } of lane.ranges)
    for (const { bytes } of file.lines({ from: start, to: end })) {
      const event = parseLine(bytes) as unknown as Envelope | undefined;
      if (event === undefined || event.seq <= after) continue;
      piece ??= { lines: [], size: 0, firstSeq: event.seq, last: event, parts: new Set() };
      piece.lines.push(bytes, NEWLINE);
      piece.size += bytes.length + 1;
      piece.last = event;
      for (const { parts } of payloadsIn(event.data)) for (const part of parts) piece.parts.add(part);
      if (piece.size < PIECE) continue;
      yield piece;
      piece = undefined;
    }
  if (piece) yield piece;
}

/** Objects on their way into the repository: packs that are kept until refs lead to them. */
class Shipment {
  readonly #ctx: Context;
  readonly #kept: { release(): void }[] = [];
  #objects: NewObjects | undefined;
  #size = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  async objects(size: number): Promise<NewObjects> {
    if (this.#size > PACK) await this.send();
    this.#size += size;
    this.#objects ??= await newObjects(this.#ctx.repo);
    return this.#objects;
  }

  async send(): Promise<void> {
    const objects = this.#objects;
    if (!objects) return;
    this.#objects = undefined;
    this.#size = 0;
    try {
      this.#kept.push(await addPack(this.#ctx.repo, await objects.pack(), KEEP));
    } finally {
      objects.dispose();
    }
  }

  release(): void {
    this.#objects?.dispose();
    for (const one of this.#kept) one.release();
  }
}

interface Source {
  file: LineFile;
  texts: FileLook['texts'];
}

/** A lane's new lines as a chain of flushes, which come out the same wherever the file is imported. */
const buildLane = async (
  { file, texts }: Source,
  taking: Taking,
  { shipment, parent }: { shipment: Shipment; parent: string | undefined },
): Promise<string> => {
  const { log, writer, end } = taking.lane;
  let tip = parent;
  let hash = '';
  const done = new Set<string>();
  for (const { lines, size, firstSeq, last, parts } of piecesOf(file, taking)) {
    const objects = await shipment.objects(size);
    const events = Buffer.concat(lines);
    const tree: TreeEntry[] = [
      { mode: BLOB_MODE, name: eventsName(firstSeq, logId(log)), id: await objects.blob(events) },
    ];
    for (const part of parts) {
      if (done.has(part)) continue;
      done.add(part);
      const range = texts.get(`${laneKey(taking.lane)} ${part}`)!;
      const bytes = textOf(parseLine(file.bytes(range.start, range.end - range.start)) ?? {})!;
      tree.push({ mode: BLOB_MODE, name: payloadName(part), id: await objects.blob(bytes) });
    }
    hash = lineHash(lines.at(-2)!);
    const about = { lane: { log, writer }, events, firstSeq, lastSeq: last.seq, head: hash };
    tip = await objects.commit({
      tree: await objects.tree(tree),
      parents: tip === undefined ? [] : [tip],
      at: last.at,
      message: `${describeLines({ ...about, transcript: Buffer.alloc(0) })}\n${IMPORTED}`,
    });
  }
  if (tip === undefined || hash !== end.hash)
    throw new AppError('import.invalid', `${file.name} changed while it was read. Nothing was imported.`, {
      hint: 'Run the command again.',
    });
  return tip;
};

/**
 * Brings lanes in: all objects first, then ref after ref by compare-and-swap, so that a lane comes whole or not at all,
 * and none of them where something is wrong.
 * @returns the lanes that have come; another was moved by somebody else meanwhile
 */
export const takeLanes = async (ctx: Context, source: Source, take: Taking[]): Promise<Taking[]> => {
  if (take.length === 0) return [];
  dropKeptPacks(ctx.repo, KEEP);
  const logs = [...new Set(take.map(({ lane }) => lane.log))];
  const refs = await readLaneRefs(ctx.repo, logs);
  const tips = await readLaneTips(ctx.repo, logs, refs);
  const shipment = new Shipment(ctx);
  try {
    const moves: RefMove[] = [];
    for (const taking of take) {
      const { log, writer } = taking.lane;
      const to = await buildLane(source, taking, { shipment, parent: tips.get(log)?.get(writer) });
      moves.push({ ref: laneRef({ log, writer }), to, from: refs.get(log)?.get(writer) ?? null });
    }
    await shipment.send();
    const done = new Set(await takeIncoming(ctx.repo, moves, undefined));
    return take.filter(({ lane }) => done.has(laneRef(lane)));
  } finally {
    shipment.release();
  }
};
