import { existsSync } from 'node:fs';
import type { LogEvent } from '../events/catalogue.ts';
import { decodeEvent } from '../events/codec.ts';
import { logId } from '../events/envelope.ts';
import { readRef } from '../git/refs.ts';
import { bringIn, type RefMove, untilWon } from './bring-in.ts';
import { keepCode, keepsAlready, planCode } from './code-ref.ts';
import type { LaneState } from './lane-state.ts';
import type { LaneDeps } from './lane-writer.ts';
import { codeRef, keepReason, laneRef, NOTES_REF } from './layout.ts';
import { eachLine } from './lines.ts';
import type { Attachments } from './log-store.ts';
import { NotesLine } from './notes/notes-line.ts';
import { planNotes } from './notes/plan-notes.ts';
import { attachNotes } from './notes.ts';
import { type NewObjects, newObjects } from './objects/new-objects.ts';
import { payloadsIn } from './payloads.ts';
import { contentOf, type FlushContent, planFlush } from './plan-flush.ts';
import { signerOf } from './sign-flush.ts';
import { recordTips } from './tips.ts';
import type { Exclusive } from './wal/exclusive.ts';
import { dropPayloads, readPayloadPart } from './wal/payload-files.ts';

export interface FlushJob extends LaneDeps {
  state: LaneState;
  disk: Exclusive;
  attachments?: Attachments | undefined;
}

/** One blob of a flush stays well below what hosts accept. */
const MAX_FLUSH = 16 * 1024 * 1024;

interface Attached {
  notes: Map<string, LogEvent[]>;
  code: string[];
}

const attachedOf = ({ notes = new Map(), code = [] }: Attachments = {}): Attached | undefined =>
  notes.size > 0 || code.length > 0 ? { notes, code } : undefined;

/** One pack for what is left of the job, and the refs it moves: the log's own first, it holds the facts. */
class Shipment {
  readonly moves: RefMove[] = [];
  /** Refs of the attachments that are left to those who know how to win them. */
  readonly left: string[] = [];
  readonly objects: NewObjects;
  readonly #job: FlushJob;
  #letGo = (): void => {};

  constructor(job: FlushJob, objects: NewObjects) {
    this.#job = job;
    this.objects = objects;
  }

  async addLog(content: FlushContent): Promise<void> {
    const { state, lane, clock } = this.#job;
    const part = (sha256: string) => readPayloadPart(state.payloadDir, sha256);
    const sign = signerOf(this.#job);
    const plan = { content, parent: state.tip, at: clock.now(), part, ...(sign && { sign }) };
    this.moves.push({ ref: laneRef(lane), to: await planFlush(plan, this.objects), from: state.ref });
  }

  async addAttached({ notes, code }: Attached): Promise<void> {
    const { repo, lane, clock, reader } = this.#job;
    const session = logId(lane.log);
    const ref = codeRef(session, lane.writer);
    const at = clock.now();
    const last = (await readRef(repo, ref)) ?? null;
    if (code.length > 0 && !(await keepsAlready(reader(), last, code))) {
      const to = await planCode({ session, tip: last, commits: code, at }, this.objects);
      this.moves.push({ ref, to, from: last });
    }
    if (notes.size > 0) await this.#addNotes(notes, at);
  }

  async #addNotes(entries: Attached['notes'], at: string): Promise<void> {
    const { repo, reader } = this.#job;
    const letGo = NotesLine.of(repo).claim();
    if (!letGo) return void this.left.push(NOTES_REF);
    this.#letGo = letGo;
    const tip = (await readRef(repo, NOTES_REF)) ?? null;
    const to = await planNotes(repo, { tip, entries, at }, { reader: reader(), objects: this.objects });
    if (to !== undefined) this.moves.push({ ref: NOTES_REF, to, from: tip });
  }

  dispose(): void {
    this.#letGo();
    this.objects.dispose();
  }
}

const isEmpty = ({ events, transcript }: FlushContent): boolean => events.length === 0 && transcript.length === 0;

interface Shipped {
  /** Refs of the attachments that others moved at the same time. */
  lost: string[];
  flushed: boolean;
}

type Lines = { events: Buffer; transcript: Buffer };

/**
 * One try: everything in one pack, then ref after ref. Undefined when the log's own ref had moved: then it is known
 * anew, and tried again. Refs that others move too are left to those who know how to win them.
 */
const ship = async (job: FlushJob, lines: Lines, attached?: Attached): Promise<{ won: Shipped } | undefined> => {
  const { repo, lane, state, disk } = job;
  const content = contentOf(lane, lines, state.flushedSeq);
  const objects = await newObjects(repo);
  const shipment = new Shipment(job, objects);
  try {
    if (!isEmpty(content)) await shipment.addLog(content);
    if (attached) await shipment.addAttached(attached);
    const { moves, left } = shipment;
    if (moves.length === 0) return { won: { lost: left, flushed: false } };
    const moved = await bringIn(repo, { objects, moves, reason: keepReason(lane) });
    const ours = moves.filter(({ ref }, at) => moved[at] && ref !== NOTES_REF);
    if (ours.length > 0)
      recordTips(repo, { writer: lane.writer, changes: ours.map(({ ref, to }) => ({ ref, id: to })) });
    if (!isEmpty(content)) {
      if (!moved[0]) {
        await disk.run(() => state.refresh());
        return undefined;
      }
      state.flushed({ tip: moves[0]!.to, seq: content.lastSeq });
    }
    const lost = moves.filter((_, at) => !moved[at]).map(({ ref }) => ref);
    return { won: { lost: [...lost, ...left], flushed: true } };
  } finally {
    shipment.dispose();
  }
};

/** The refs that another process moved at the same time, each won on its own. */
const shipRest = async ({ repo, lane, clock }: FlushJob, lost: string[], { notes, code }: Attached): Promise<void> => {
  const session = logId(lane.log);
  if (lost.includes(codeRef(session, lane.writer)))
    await keepCode(repo, { session, writer: lane.writer, commits: code, clock });
  if (lost.includes(NOTES_REF)) await attachNotes(repo, notes, { clock });
};

/** The parts that lines still in the write-ahead file refer to. */
const neededParts = (lines: Buffer): Set<string> => {
  const needed = new Set<string>();
  eachLine(lines, (line) => {
    const event = line === undefined ? undefined : decodeEvent(line);
    for (const { parts } of payloadsIn(event?.data)) for (const part of parts) needed.add(part);
  });
  return needed;
};

/**
 * Brings what is acknowledged into git, in this order: pack (verified and synced), ref, the ref's folder, `.keep`
 * away; only then the write-ahead files are cut. What is appended meanwhile stays for the next flush.
 */
export const flushLane = async (job: FlushJob): Promise<boolean> => {
  const { state, disk, lane, attachments } = job;
  let attached = attachedOf(attachments);
  for (let any = false; ; any = true) {
    const lines = await disk.run(async () => {
      await state.load();
      return state.firstLines(MAX_FLUSH);
    });
    const { lost, flushed } = await untilWon(laneRef(lane), () => ship(job, lines, attached));
    const rest = await disk.run(async () => {
      state.cut({ events: lines.events.length, transcript: lines.transcript.length });
      if (existsSync(state.payloadDir)) dropPayloads(state.payloadDir, neededParts(state.firstLines(Infinity).events));
      return state.eventBytes + state.transcriptSize;
    });
    if (attached) await shipRest(job, lost, attached);
    attached = undefined;
    const wasFull = Math.max(lines.events.length, lines.transcript.length) > MAX_FLUSH / 2;
    if (rest === 0 || !wasFull) return any || flushed;
  }
};
