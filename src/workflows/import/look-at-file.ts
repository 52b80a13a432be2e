import { createHash } from 'node:crypto';
import { definitionOf } from '../../events/catalogue.ts';
import { decodeEvent } from '../../events/codec.ts';
import { type Envelope, GENESIS, type LogName } from '../../events/envelope.ts';
import { type ChainEnd, LineChain } from '../../store/lanes/line-chain.ts';
import { parseLaneRef } from '../../store/layout.ts';
import { payloadsIn } from '../../store/payloads.ts';
import type { FileLine, LineFile } from './file-lines.ts';

/** Where a stretch of a file is. */
export interface Range {
  start: number;
  end: number;
  /** Of its first line. */
  number: number;
}

/** One writer's part of one log, as a file has it: checked, and where it is. */
export interface FileLane {
  log: LogName;
  writer: string;
  first: { seq: number; prev: string; number: number };
  end: ChainEnd;
  /** Its lines; other lines never lie between. */
  ranges: Range[];
  /** Long texts that its lines speak of, with the number of the first line that does. */
  parts: Map<string, number>;
}

export interface FileLook {
  lanes: Map<string, FileLane>;
  /** Long texts by `<log> <writer> <sha256>`. */
  texts: Map<string, Range>;
  events: number;
  /** Events that are as they were written, and were written wrongly: places, for a person. */
  malformed: string[];
}

export const laneKey = ({ log, writer }: { log: string; writer: string }): string => `${log} ${writer}`;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ACTORS = ['user', 'agent', 'program'];
const SHA256 = /^[0-9a-f]{64}$/;

/** What is wrong with an event by itself; undefined when nothing is. */
const wrongWith = (event: Envelope, raw: Record<string, unknown>): string | undefined => {
  if (!parseLaneRef(`refs/amp/${event.log}/${event.writer}`)) return 'its log or writer has a name that no log has';
  if (!Number.isSafeInteger(event.seq) || event.seq < 1 || !/^[0-9a-f]{64}$/.test(event.prev))
    return 'its number or hash is none';
  if (!ACTORS.includes(event.by) || !TIME.test(event.at) || !('data' in raw))
    return `event ${event.seq} lacks a part of what every event has`;
  return undefined;
};

/** What of an event's data has not the shape of its type; undefined when all has, or nobody here knows the type. */
const malformed = ({ seq, type }: Envelope, raw: Record<string, unknown>): string | undefined => {
  const definition = definitionOf(type);
  if (!definition || definition.v !== raw['v']) return undefined;
  const checked = definition.data.safeParse(raw['data']);
  if (checked.success) return undefined;
  const path = checked.error.issues[0]?.path.join('.') ?? '';
  return `the data of event ${seq}, ${type}, has not its shape${path === '' ? '' : ` (${path})`}`;
};

/** A line with a long text: see `TextLine` of the export. */
export const textOf = (raw: Record<string, unknown>): Buffer | undefined => {
  const { text, base64 } = raw;
  if (typeof text === 'string') return Buffer.from(text);
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
};

export const parseLine = (bytes: Buffer): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};

class Look implements FileLook {
  readonly lanes = new Map<string, FileLane>();
  readonly texts = new Map<string, Range>();
  events = 0;
  readonly malformed: string[] = [];
  readonly #chains = new Map<string, LineChain>();
  readonly #file: LineFile;

  constructor(file: LineFile) {
    this.#file = file;
  }

  add(line: FileLine): void {
    const raw = parseLine(line.bytes);
    if (raw && typeof raw['payload'] === 'string' && !('seq' in raw)) this.#text(line, raw, raw['payload']);
    else this.#line(line, raw);
  }

  #line(line: FileLine, raw: Record<string, unknown> | undefined): void {
    const event = raw && decodeEvent(line.bytes.toString());
    if (!raw || !event) throw this.#file.wrong(line.number, 'the line is no event of a log');
    const wrong = wrongWith(event, raw);
    if (wrong !== undefined) throw this.#file.wrong(line.number, wrong);
    this.#event(line, event);
    this.events += 1;
    const odd = malformed(event, raw);
    if (odd !== undefined) this.malformed.push(`${this.#file.name}:${line.number}: ${odd}`);
  }

  /** Every long text must be there, as an event without it is not what was said. */
  finish(): void {
    for (const lane of this.lanes.values())
      for (const [part, number] of lane.parts)
        if (!this.texts.has(`${laneKey(lane)} ${part}`))
          throw this.#file.wrong(number, `the long text ${part.slice(0, 12)} of this event is not in the file`);
  }

  #text({ number, start, end }: FileLine, raw: Record<string, unknown>, payload: string): void {
    const bytes = textOf(raw);
    const hash = bytes && createHash('sha256').update(bytes).digest('hex');
    if (!SHA256.test(payload) || hash !== payload)
      throw this.#file.wrong(number, 'the long text is not what its name says');
    this.texts.set(`${String(raw['log'])} ${String(raw['writer'])} ${payload}`, { start, end, number });
  }

  #event(line: FileLine, event: Envelope): void {
    const key = laneKey(event);
    const { seq, prev, clock } = event;
    const known = this.#chains.get(key);
    if (!known && seq === 1 && prev !== GENESIS)
      throw this.#file.wrong(line.number, 'event 1 follows from another, which a first event never does');
    // Where a lane begins in the middle, what is here has to prove its beginning.
    const chain = known ?? new LineChain({ seq: seq - 1, hash: prev, clock: seq === 1 ? 0 : clock - 1 });
    this.#chains.set(key, chain);
    const wrong = chain.add(event, line.bytes);
    if (wrong !== undefined) throw this.#file.wrong(line.number, `${event.log}, ${wrong}`);
    const range = { start: line.start, end: line.end, number: line.number };
    const lane = this.lanes.get(key) ?? {
      log: event.log,
      writer: event.writer,
      first: { seq, prev, number: line.number },
      end: chain.end,
      ranges: [range],
      parts: new Map<string, number>(),
    };
    this.lanes.set(key, lane);
    lane.end = chain.end;
    const last = lane.ranges.at(-1)!;
    if (last.end === line.start) last.end = line.end;
    else if (last !== range) lane.ranges.push(range);
    if (!line.bytes.includes('"payload":')) return;
    for (const { parts } of payloadsIn(event.data))
      for (const part of parts) if (!lane.parts.has(part)) lane.parts.set(part, line.number);
  }
}

/** Checks a whole file, line by line, before anything of it is taken. @throws AppError import.invalid */
export const lookAtFile = (file: LineFile): FileLook => {
  const look = new Look(file);
  for (const line of file.lines()) look.add(line);
  look.finish();
  return look;
};
