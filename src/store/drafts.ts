import type { Draft, LogEvent } from '../events/catalogue.ts';
import { encodeEvent, lineHash } from '../events/codec.ts';
import type { Lane } from './layout.ts';
import type { Head } from './log-store.ts';
import { extractPayloads, mapStrings } from './payloads.ts';

/** `name`: what the program must find again; `key-body`: a line inside a private key. */
export type Redact = (text: string, kind?: 'name' | 'key-body') => Promise<string> | string;

/** A draft that is checked, redacted and light: only its place in the log is missing. */
export interface Prepared {
  type: string;
  by: LogEvent['by'];
  v: number;
  data: unknown;
  payloads: Map<string, Buffer>;
}

/** Readers never need the catalogue's schemas, and loading them takes longer than reading a small log. */
const definitionFor = async (draft: Draft) => {
  const { definitionOf } = await import('../events/catalogue.ts');
  const definition = definitionOf(draft.type);
  if (!definition) throw new Error(`no event of the catalogue: ${draft.type}`);
  return definition;
};

/**
 * Members that say what a thing is called, not what somebody wrote: later commands find branches, worktrees and commits
 * by them. They have been through redaction when they were made.
 */
const NAMES = new Set(
  'name previous mode model branch ref target worktree base threadId toolCallId tool sha256 code verb kind skipped hooks'.split(
    ' ',
  ),
);

const isName = (key: string, type: string): boolean =>
  NAMES.has(key) || (key === 'path' && type.startsWith('worktree'));

/** Every string value of an event's data, with what redaction has to know of it. */
export const dataTexts = (data: unknown, type: string): { text: string; kind: 'name' | undefined }[] => {
  const texts: { text: string; kind: 'name' | undefined }[] = [];
  mapStrings(data, (text, key) => texts.push({ text, kind: isName(key, type) ? 'name' : undefined }));
  return texts;
};

/** Every string value of the data, redacted; the very same data when there is nothing to take out. */
export const redactData = async (data: unknown, redact: Redact, type = ''): Promise<unknown> => {
  const texts = dataTexts(data, type);
  const found = texts.map(({ text, kind }) => redact(text, kind));
  const clean = found.every((text) => typeof text === 'string') ? found : await Promise.all(found);
  if (texts.every(({ text }, n) => clean[n] === text)) return data;
  let next = 0;
  return mapStrings(data, () => clean[next++]);
};

type Issue = { path: PropertyKey[] };

/** Puts back what has a fixed form (an object id, a word of a list), which a team's rule or an agent's `.env` may hit. */
const putBack = (data: unknown, given: unknown, issues: readonly Issue[]): unknown => {
  const whole = structuredClone(data);
  for (const { path } of issues) {
    let [to, from] = [whole, given] as [unknown, unknown];
    for (const key of path.slice(0, -1))
      [to, from] = [to, from].map((one) => (one as Record<PropertyKey, unknown>)?.[key]) as [unknown, unknown];
    const last = path.at(-1);
    if (last !== undefined && typeof to === 'object' && to !== null)
      (to as Record<PropertyKey, unknown>)[last] = (from as Record<PropertyKey, unknown>)[last];
  }
  return whole;
};

/** @throws Error when the draft does not fit the catalogue: that is a bug of ours */
export const prepareDraft = async (draft: Draft, redact: Redact): Promise<Prepared> => {
  const definition = await definitionFor(draft);
  const checked = definition.data.safeParse(draft.data);
  if (!checked.success) throw new Error(`invalid data of ${draft.type}: ${checked.error.message}`);
  const clean = await redactData(draft.data, redact, draft.type);
  const again = clean === draft.data ? checked : definition.data.safeParse(clean);
  const { data, payloads } = extractPayloads(again.success ? clean : putBack(clean, draft.data, again.error.issues));
  return { type: draft.type, by: draft.by, v: definition.v, data, payloads };
};

export interface Sealed {
  events: LogEvent[];
  /** The events' lines, each with its newline. */
  lines: string;
  head: Head;
}

/** Gives facts their place: number, clock, time, and the hash of the line before. Pure. */
export const sealDrafts = (drafts: Prepared[], { lane, head, at }: { lane: Lane; head: Head; at: string }): Sealed => {
  let { seq, clock, prev } = head;
  let lines = '';
  const events = drafts.map(({ v, by, type, data }) => {
    seq += 1;
    clock += 1;
    const event: LogEvent = { v, log: lane.log, writer: lane.writer, seq, clock, at, by, type, data, prev };
    const line = encodeEvent(event);
    prev = lineHash(line);
    lines += `${line}\n`;
    return event;
  });
  return { events, lines, head: { seq, clock, prev } };
};
