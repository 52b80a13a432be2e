import { createHash } from 'node:crypto';

/** A value as OTLP has it in JSON: whole numbers are text. Source: opentelemetry-proto 1.11, `common.proto`. */
export type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } };

export interface KeyValue {
  key: string;
  value: AnyValue;
}

/** A span as OTLP has it in JSON. Source: opentelemetry-proto 1.11, `trace.proto`. */
export interface Span {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 1: within one program. */
  kind: 1;
  /** Nanoseconds since 1970, as text. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  /** 0: nothing is said, 2: an error. */
  status: { code: 0 | 2 };
}

/** What an attribute may be told as; what is null or undefined has none. */
export type Told = string | number | boolean | null | undefined | readonly string[] | { double: number | null };

const anyValue = (told: Exclude<Told, null | undefined>): AnyValue | undefined => {
  if (typeof told === 'string') return { stringValue: told };
  if (typeof told === 'boolean') return { boolValue: told };
  if (typeof told === 'number') return Number.isInteger(told) ? { intValue: String(told) } : { doubleValue: told };
  if ('double' in told) return told.double === null ? undefined : { doubleValue: told.double };
  return { arrayValue: { values: told.map((text) => ({ stringValue: text })) } };
};

/** Attributes in the order in which they are told. */
export const attributesOf = (told: Readonly<Record<string, Told>>): KeyValue[] =>
  Object.entries(told).flatMap(([key, given]) => {
    const value = given === null || given === undefined ? undefined : anyValue(given);
    return value === undefined ? [] : [{ key, value }];
  });

const hash = (...parts: (string | number)[]): string =>
  createHash('sha256')
    .update(JSON.stringify(['amp-sessions', ...parts]))
    .digest('hex');

/** A session is one trace, wherever and however often it is exported. */
export const traceIdOf = (session: string): string => hash('trace', session).slice(0, 32);

/** The event that a span comes from; without one it is the session's own. */
export const spanIdOf = (session: string, from?: { kind: string; writer: string; seq: number }): string =>
  hash('span', session, ...(from ? [from.kind, from.writer, from.seq] : [])).slice(0, 16);

/** @param time ISO-8601 with milliseconds */
export const nanos = (time: string): string => String(BigInt(Date.parse(time)) * 1_000_000n);

/** From when to when something was, as far as any of it is known: never backwards, undefined where it has no end. */
export const between = (
  from: string | null,
  to: string | null,
  durationMs: number | null = null,
): { start: string; end: string } | undefined => {
  if (to === null) return undefined;
  const end = Date.parse(to);
  const start = from === null ? end - Math.round(durationMs ?? 0) : Date.parse(from);
  if (Number.isNaN(start) || Number.isNaN(end)) return undefined;
  const [first, last] = [Math.max(0, Math.min(start, end)), Math.max(0, end)];
  return { start: new Date(first).toISOString(), end: new Date(last).toISOString() };
};
