import { AppError, inShell, isAppError } from '../../errors.ts';
import { decodeEvent } from '../../events/codec.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { openCatFile, READ_THROUGH } from '../../git/git.ts';
import { AheadReader } from '../../git/read-ahead.ts';
import { transcriptName } from '../../store/blobs.ts';
import { LineChain, NO_LINES } from '../../store/lanes/line-chain.ts';
import type { SpokenLane, StoredLane } from '../../store/lanes/read-lanes.ts';
import { readLanes } from '../../store/lanes/read-lanes.ts';
import { payloadDir } from '../../store/layout.ts';
import { eachLine } from '../../store/lines.ts';
import { payloadsIn } from '../../store/payloads.ts';
import { readPayloadPart } from '../../store/wal/payload-files.ts';
import type { Context } from '../context.ts';
import { type SecretPlace, scanFile } from '../sync/scan-logs.ts';
import { findSecrets } from '../sync/secret-finder.ts';

/** A log that stays here, and why. */
export interface HeldLog {
  log: string;
  session: string;
  secrets: SecretPlace[];
}

/** A lane that was looked through and may leave, exactly as it was then. */
export interface LeavingLane extends StoredLane {
  /** Lines that are in no flush yet. */
  unflushed: Buffer;
  /** Long texts of those. */
  texts: Map<string, Buffer>;
  events: number;
}

export interface Leaving {
  lanes: LeavingLane[];
  held: HeldLog[];
}

/** Places of one log that are told one by one. */
const TOLD = 50;

export type Reader = Pick<ReturnType<typeof openCatFile>, 'object'>;

/** Lanes whose lines are asked for together. */
const TOGETHER = 32;

/** @throws AppError log.damaged */
export const blobOf = async (reader: Reader, { log }: StoredLane, id: string): Promise<Buffer> => {
  const object = await reader.object(id).catch((error: unknown) => {
    if (isAppError(error, 'git.failed')) return undefined;
    throw error;
  });
  if (object) return object.bytes;
  throw damaged(log, `object ${id} is missing`);
};

const damaged = (log: LogName, detail: string): AppError =>
  new AppError('log.damaged', `${log} is damaged: ${detail}.`, {
    hint: `Mend it with \`amp-sessions verify ${inShell(logId(log))} --repair\`, or name the sessions that are to leave.`,
  });

/** Follows the lines of a lane, and says which of them are new in each stretch of bytes. */
class LaneLines {
  readonly #lane: StoredLane;
  readonly #chain = new LineChain(NO_LINES);
  /** Long texts that its lines speak of. */
  readonly parts = new Set<string>();

  constructor(lane: StoredLane) {
    this.#lane = lane;
  }

  get events(): number {
    return this.#chain.end.seq;
  }

  /** @returns the offset of the first line that was not there before */
  add(bytes: Buffer, from: 'git' | 'file'): number {
    let known = 0;
    eachLine(bytes, (line) => {
      const event = line === undefined ? undefined : decodeEvent(line);
      if (!event || event.log !== this.#lane.log || event.writer !== this.#lane.writer)
        throw damaged(this.#lane.log, `a line after event ${this.events} is none of its events`);
      if (from === 'file' && event.seq <= this.events && known >= 0) known += Buffer.byteLength(line!) + 1;
      else {
        const wrong = this.#chain.add(event, line!);
        if (wrong !== undefined) throw damaged(this.#lane.log, wrong);
        if (line!.includes('"payload":'))
          for (const { parts } of payloadsIn(event.data)) for (const part of parts) this.parts.add(part);
      }
    });
    return known;
  }
}

export interface LookWish {
  /** Transcripts are to leave as well. */
  transcripts?: boolean;
  signal?: AbortSignal;
}

const interrupted = (): AppError =>
  new AppError('interrupted', 'The export was interrupted before anything left.', { hint: 'Run it again.' });

/** Looks through one lane. */
const examine = async (
  ctx: Context,
  reader: Reader,
  lane: SpokenLane,
  transcripts: boolean,
): Promise<{ lane: LeavingLane; secrets: SecretPlace[] }> => {
  const secrets: SecretPlace[] = [];
  const look = async (name: string, bytes: Buffer): Promise<void> => {
    if (secrets.length >= TOLD) return;
    secrets.push(...(await scanFile((text, kind) => findSecrets(ctx.redact, text, kind), { name, bytes }, lane.log)));
  };
  const lines = new LaneLines(lane);
  for (const { id, name } of lane.segments) {
    const bytes = await blobOf(reader, lane, id);
    lines.add(bytes, 'git');
    await look(name, bytes);
  }
  const end = lane.loose.lastIndexOf(10) + 1;
  const unflushed = lane.loose.subarray(lines.add(lane.loose.subarray(0, end), 'file'), end);
  if (unflushed.length > 0) await look('events-0000000001-unflushed.ndjson', unflushed);
  const texts = new Map<string, Buffer>();
  for (const part of lines.parts) {
    const id = lane.payloads.get(part);
    const bytes = id === undefined ? readPayloadPart(payloadDir(ctx.repo, lane), part) : await blobOf(reader, lane, id);
    if (bytes === undefined) throw damaged(lane.log, `the long text ${part.slice(0, 12)} is missing`);
    if (id === undefined) texts.set(part, bytes);
    await look(`payload-${part}`, bytes);
  }
  if (transcripts) {
    for (const { id, name } of lane.transcripts) await look(name, await blobOf(reader, lane, id));
    if (lane.looseTranscript.length > 0) await look(transcriptName(1, logId(lane.log)), lane.looseTranscript);
  }
  const payloads = new Map([...lane.payloads].filter(([part]) => lines.parts.has(part)));
  return { lane: { ...lane, payloads, unflushed, texts, loose: Buffer.alloc(0), events: lines.events }, secrets };
};

/** Lanes in groups, of which the reader knows what it will be asked for. */
export async function* knownAhead<Lane extends StoredLane>(
  lanes: AsyncIterable<Lane> | Iterable<Lane>,
  reader: AheadReader,
): AsyncGenerator<Lane> {
  let group: Lane[] = [];
  const told = (): Lane[] => {
    const whole = group;
    group = [];
    reader.expect(whole.flatMap(({ segments }) => segments.map(({ id }) => id)));
    return whole;
  };
  for await (const lane of lanes) if (group.push(lane) === TOGETHER) yield* told();
  yield* told();
}

/**
 * THE CHOKE POINT of an export: looks through every line and long text that is about to leave, as `sync` does before it
 * pushes. A log with what looks like a secret stays here, whole. Only what was looked through may be written.
 * @throws AppError log.damaged, interrupted
 */
export const lookThrough = async (
  ctx: Context,
  logs: LogName[],
  { transcripts = false, signal }: LookWish = {},
): Promise<Leaving> => {
  ctx.secrets.watchAll();
  const reader = openCatFile(ctx.repo, READ_THROUGH);
  const lanes: LeavingLane[] = [];
  const held = new Map<LogName, HeldLog>();
  try {
    const ahead = new AheadReader(reader);
    for await (const stored of knownAhead(readLanes(ctx.repo, logs, { transcripts }), ahead)) {
      const { lane, secrets } = await examine(ctx, ahead, stored, transcripts);
      if (signal?.aborted) throw interrupted();
      lanes.push(lane);
      if (secrets.length === 0) continue;
      const known = held.get(lane.log)?.secrets ?? [];
      held.set(lane.log, { log: lane.log, session: logId(lane.log), secrets: [...known, ...secrets].slice(0, TOLD) });
    }
  } finally {
    reader.close();
  }
  return { lanes: lanes.filter(({ log }) => !held.has(log)), held: [...held.values()] };
};
