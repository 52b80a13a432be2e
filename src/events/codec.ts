import { createHash } from 'node:crypto';
import type { Envelope } from './envelope.ts';
import { upcast } from './upcast.ts';

/** The line of an event, without its newline. Key order is fixed, so equal events are equal bytes. */
export const encodeEvent = (event: Envelope): string =>
  JSON.stringify({
    v: event.v,
    log: event.log,
    writer: event.writer,
    seq: event.seq,
    clock: event.clock,
    at: event.at,
    by: event.by,
    type: event.type,
    data: event.data,
    prev: event.prev,
  });

/** SHA-256 of a line's bytes without the newline: what the next line of the writer carries as `prev`. */
export const lineHash = (line: string | Uint8Array): string => createHash('sha256').update(line).digest('hex');

const isEnvelope = (value: unknown): value is Envelope => {
  if (typeof value !== 'object' || value === null) return false;
  const event = value as Record<string, unknown>;
  return (
    typeof event['v'] === 'number' &&
    typeof event['log'] === 'string' &&
    typeof event['writer'] === 'string' &&
    Number.isSafeInteger(event['seq']) &&
    Number.isSafeInteger(event['clock']) &&
    typeof event['at'] === 'string' &&
    typeof event['type'] === 'string' &&
    typeof event['prev'] === 'string'
  );
};

/** Reads a line; undefined when it is no event at all. Unknown types and newer versions are events. */
export const decodeEvent = (line: string): Envelope | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isEnvelope(value) ? upcast(value) : undefined;
};
