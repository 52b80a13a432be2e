import { isUtf8 } from 'node:buffer';
import { AppError, inShell } from '../../errors.ts';
import { type LogName, logId, sessionLog } from '../../events/envelope.ts';
import { openCatFile, READ_THROUGH } from '../../git/git.ts';
import { AheadReader } from '../../git/read-ahead.ts';
import { readTombstones } from '../../store/tombstones.ts';
import type { Context } from '../context.ts';
import { findSession } from '../find-session.ts';
import { summaries } from '../summaries.ts';
import { blobOf, type HeldLog, knownAhead, type LeavingLane, lookThrough, type Reader } from './leaving.ts';
import type { Out } from './out-file.ts';

/** Which logs leave. */
export interface Selection {
  /** As a person names them; none: all. */
  sessions: string[];
  /** Sessions with something in this time, whole. */
  since?: string;
  until?: string;
  /** Where the person stands. */
  directory: string;
}

/** The logs of a selection, in the order in which they are written. @throws AppError session.missing, session.ambiguous */
export const selectLogs = async (ctx: Context, wish: Selection): Promise<LogName[]> => {
  const named = new Set<string>();
  for (const given of wish.sessions) named.add((await findSession(ctx, given, wish.directory)).id);
  const { isForgotten } = await readTombstones(ctx.repo);
  if (named.size === 0 && wish.since === undefined && wish.until === undefined) {
    const logs = (await ctx.store.logs()).map(({ log }) => log);
    return logs.filter((log) => !isForgotten(logId(log)));
  }
  const ids = (await summaries(ctx))
    .filter(
      ({ id, createdAt, lastActivityAt }) =>
        (named.size === 0 || named.has(id)) &&
        (wish.since === undefined || lastActivityAt >= wish.since) &&
        (wish.until === undefined || createdAt <= wish.until),
    )
    .map(({ id }) => id);
  return ids.sort().map(sessionLog);
};

/** A long text that events refer to, as a line of its own before the lines of its lane. */
export interface TextLine {
  log: string;
  writer: string;
  /** SHA-256 of its bytes: what the reference in the event says. */
  payload: string;
  text?: string;
  /** Where the bytes are no text, or would be much longer as JSON. */
  base64?: string;
}

const textLine = ({ log, writer }: LeavingLane, payload: string, bytes: Buffer): string => {
  const text = isUtf8(bytes) ? JSON.stringify({ log, writer, payload, text: bytes.toString() }) : undefined;
  if (text !== undefined && text.length < 2 * bytes.length + 1000) return `${text}\n`;
  return `${JSON.stringify({ log, writer, payload, base64: bytes.toString('base64') } satisfies TextLine)}\n`;
};

const writeLane = async (reader: Reader, lane: LeavingLane, out: Out): Promise<void> => {
  for (const [part, id] of lane.payloads) await out.write(textLine(lane, part, await blobOf(reader, lane, id)));
  for (const [part, bytes] of lane.texts) await out.write(textLine(lane, part, bytes));
  for (const { id } of lane.segments) await out.write(await blobOf(reader, lane, id));
  if (lane.unflushed.length > 0) await out.write(lane.unflushed);
};

export interface ExportedLogs {
  sessions: number;
  /** Lines of events. */
  rows: number;
  held: HeldLog[];
}

interface Found {
  lanes: LeavingLane[];
  ctx: Context;
}

/** Of a lane that several repositories have, the one where it goes furthest. */
const furthest = (all: Found[]): Found[] => {
  const best = new Map<string, { events: number; at: number }>();
  const key = ({ log, writer }: LeavingLane): string => `${log} ${writer}`;
  for (const [at, { lanes }] of all.entries())
    for (const lane of lanes)
      if (lane.events > (best.get(key(lane))?.events ?? 0)) best.set(key(lane), { events: lane.events, at });
  return all.map(({ ctx, lanes }, at) => ({ ctx, lanes: lanes.filter((lane) => best.get(key(lane))?.at === at) }));
};

/**
 * Writes logs as they are, line by line and byte by byte, so that every hash holds: log by log, a log's writers in the
 * order of their ids, each writer's lines in their own order.
 * @param all what was selected in each repository
 * @throws AppError log.damaged, and what writing throws
 */
export const exportLogs = async (
  all: { ctx: Context; logs: LogName[] }[],
  out: Out,
  signal?: AbortSignal,
): Promise<ExportedLogs> => {
  const found: Found[] = [];
  const held: HeldLog[] = [];
  for (const { ctx, logs } of all) {
    const looked = await lookThrough(ctx, logs, { signal });
    found.push({ ctx, lanes: looked.lanes });
    held.push(...looked.held);
  }
  const logs = new Set<string>();
  let rows = 0;
  for (const { ctx, lanes } of furthest(found)) {
    const reader = openCatFile(ctx.repo, READ_THROUGH);
    try {
      const ahead = new AheadReader(reader);
      for await (const lane of knownAhead(lanes, ahead)) {
        await writeLane(ahead, lane, out);
        logs.add(lane.log);
        rows += lane.events;
      }
    } finally {
      reader.close();
    }
  }
  return { sessions: logs.size, rows, held };
};

/** The error for logs that stayed here; everything else was written. */
export const heldError = (held: HeldLog[], answer: Record<string, unknown>): AppError | undefined => {
  const [first] = held;
  if (!first) return undefined;
  const place = first.secrets[0];
  const at = place?.seq == null ? (place?.where ?? first.log) : `event ${place.seq} of ${first.log}`;
  const more = held.length > 1 ? `, and ${held.length - 1} more` : '';
  return new AppError(
    'export.secrets',
    `Session ${first.session} was left out${more}: ${at} holds what looks like a secret (${place?.kind ?? 'secret'}).`,
    {
      hint: `Look at it: amp-sessions timeline ${inShell(first.session)}; amp-sessions forget ${inShell(first.session)} takes it out of the history.`,
      answer,
    },
  );
};
