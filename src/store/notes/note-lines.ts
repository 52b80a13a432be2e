import type { LogEvent } from '../../events/catalogue.ts';
import { decodeEvent, encodeEvent } from '../../events/codec.ts';
import { compareEvents } from '../../events/order.ts';

/** A note is read in a terminal: `git log --notes=amp`. */
const MAX_NOTE = 4096;
const MAX_STRING = 200;
/** What people and agents said, and what commands printed, is in the log; a note only points. */
const BULKY = new Set(['outputTail', 'prompt', 'text', 'message', 'payload', 'preview', 'leftovers']);

const shorten = (value: unknown): unknown => {
  if (typeof value === 'string') return value.length > MAX_STRING ? `${value.slice(0, MAX_STRING - 1)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(shorten);
  const kept = Object.entries(value).filter(([key]) => !BULKY.has(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, shorten(item)]));
};

const scalars = (data: unknown): unknown =>
  Object.fromEntries(Object.entries(data as object).filter(([, value]) => typeof value !== 'object' || value === null));

/** The event's line without what is bulky: envelope and facts stay, so it can be found in the log again. */
export const noteLine = (event: LogEvent): string => {
  const line = encodeEvent({ ...event, data: shorten(event.data) });
  return line.length <= MAX_NOTE / 4 ? line : encodeEvent({ ...event, data: scalars(shorten(event.data)) });
};

/** Same event, same key, whatever was cut from its line; a stranger's line is its own key. */
export const keyOf = (line: string): string => {
  const event = decodeEvent(line);
  return event ? `${event.log} ${event.writer} ${event.seq}` : line;
};

const isEvent = (line: string): boolean => decodeEvent(line) !== undefined;

/** Takes the oldest events away until the rest fits; lines that are not ours stay in any case. */
const withinLimit = (lines: string[]): string[] => {
  const kept = [...lines];
  let size = kept.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  while (size > MAX_NOTE) {
    const oldest = kept.findIndex(isEvent);
    if (oldest < 0) break;
    size -= Buffer.byteLength(kept[oldest]!) + 1;
    kept.splice(oldest, 1);
  }
  return kept;
};

/**
 * Whether a note's line says of an event what the event itself says: a note leaves out and shortens, it never differs.
 * @param event as it is in its log
 */
export const isTrueLine = (line: string, event: LogEvent): boolean => {
  const told = decodeEvent(line);
  if (!told || told.prev !== event.prev || told.at !== event.at || told.type !== event.type) return false;
  if (told.clock !== event.clock || told.by !== event.by || told.v !== event.v) return false;
  const known = (shorten(event.data) ?? {}) as Record<string, unknown>;
  return Object.entries((told.data ?? {}) as object).every(
    ([key, value]) => JSON.stringify(value) === JSON.stringify(known[key]),
  );
};

/** The union of a note's lines and these events'; undefined when the note says it all already. */
export const joinNote = (note: Buffer | undefined, events: LogEvent[]): Buffer | undefined => {
  const before = note?.toString() ?? '';
  const lines = new Map<string, string>();
  for (const line of before.split('\n')) if (line !== '') lines.set(keyOf(line), line);
  for (const line of events.map(noteLine)) if (!lines.has(keyOf(line))) lines.set(keyOf(line), line);
  const after = withinLimit([...lines.values()])
    .map((line) => `${line}\n`)
    .join('');
  return after === before ? undefined : Buffer.from(after);
};

/** In the order of the log, whatever a note has come through; lines that are not ours stand first. */
const compareLines = (a: string, b: string): number => {
  const [first, second] = [decodeEvent(a), decodeEvent(b)];
  if (first && second) return compareEvents(first, second) || (a < b ? -1 : 1);
  if (first || second) return first ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
};

/** The lines of two notes on one commit. Of two lines for the same event the longer stays; either way round the same. */
export const uniteNotes = (one: Buffer, other: Buffer): Buffer => {
  const lines = new Map<string, string>();
  for (const line of `${one.toString()}\n${other.toString()}`.split('\n')) {
    const known = lines.get(keyOf(line));
    const isBetter =
      known === undefined || line.length > known.length || (line.length === known.length && line < known);
    if (line !== '' && isBetter) lines.set(keyOf(line), line);
  }
  const united = withinLimit([...lines.values()].sort(compareLines));
  return Buffer.from(united.map((line) => `${line}\n`).join(''));
};

/** The log that a line is of, also of a line that is cut or damaged. */
const SESSION = /"log":"sessions\/([A-Za-z0-9_-]+)"/g;

/** The sessions that lines tell of. */
export const sessionsIn = (bytes: Buffer): string[] => [
  ...new Set([...bytes.toString().matchAll(SESSION)].map(([, session]) => session!)),
];

/** A note without the lines of some sessions; the very same bytes where it has none. */
export const withoutSessions = (note: Buffer, isForgotten: (session: string) => boolean): Buffer => {
  if (!sessionsIn(note).some(isForgotten)) return note;
  const lines = note.toString().split('\n');
  return Buffer.from(lines.filter((line) => !sessionsIn(Buffer.from(line)).some(isForgotten)).join('\n'));
};
