/**
 * One event is one line of NDJSON:
 *
 *     {"v":1,"log":"sessions/k3…","writer":"w7…","seq":12,"clock":40,"at":"2026-…Z","by":"agent","type":"…","data":{…},"prev":"<64 hex>"}
 *
 * `seq` counts up per writer and log from 1 without a gap; `clock` is a Lamport counter; `prev` is the SHA-256 of the
 * bytes of the writer's previous line in this log, without its newline (64 zeros before the first line).
 */
export type LogName = `sessions/${string}` | `batches/${string}`;

/** Who caused the fact: the person, the coding agent, or this program on its own. */
export type Actor = 'user' | 'agent' | 'program';

export interface Envelope<Type extends string = string, Data = unknown> {
  v: number;
  log: LogName;
  writer: string;
  seq: number;
  clock: number;
  /** Wall time, ISO-8601 UTC with milliseconds. Never used for order. */
  at: string;
  by: Actor;
  type: Type;
  data: Data;
  prev: string;
}

/** `prev` of a writer's first line. */
export const GENESIS = '0'.repeat(64);

/** Where a session's events live. */
export const sessionLog = (session: string): LogName => `sessions/${session}`;

/** The id behind a log's name: `sessions/k3…` gives `k3…`. */
export const logId = (log: LogName): string => log.slice(log.indexOf('/') + 1);
