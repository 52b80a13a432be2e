import type { Draft, LogEvent } from '../events/catalogue.ts';
import { encodeEvent, lineHash } from '../events/codec.ts';
import type { Lane } from './layout.ts';
import type { Head } from './log-store.ts';
import { extractPayloads, mapStrings } from './payloads.ts';

export type Redact = (text: string) => Promise<string> | string;

/** A draft that is checked, redacted and light: only its place in the log is missing. */
export interface Prepared {
  type: string;
  by: LogEvent['by'];
  v: number;
  data: unknown;
  payloads: Map<string, Buffer>;
}

/** Readers never need the catalogue's schemas, and loading them takes longer than reading a small log. */
const checkDraft = async (draft: Draft): Promise<number> => {
  const { definitionOf } = await import('../events/catalogue.ts');
  const definition = definitionOf(draft.type);
  if (!definition) throw new Error(`no event of the catalogue: ${draft.type}`);
  const checked = definition.data.safeParse(draft.data);
  if (!checked.success) throw new Error(`invalid data of ${draft.type}: ${checked.error.message}`);
  return definition.v;
};

/** Every string value of the data, redacted. Keys are names of the catalogue and stay. */
export const redactData = async (data: unknown, redact: Redact): Promise<unknown> => {
  const found: (Promise<string> | string)[] = [];
  mapStrings(data, (text) => found.push(redact(text)));
  const clean = found.every((text) => typeof text === 'string') ? found : await Promise.all(found);
  let next = 0;
  return mapStrings(data, () => clean[next++]);
};

/** @throws Error when the draft does not fit the catalogue: that is a bug of ours */
export const prepareDraft = async (draft: Draft, redact: Redact): Promise<Prepared> => {
  const v = await checkDraft(draft);
  const { data, payloads } = extractPayloads(await redactData(draft.data, redact));
  return { type: draft.type, by: draft.by, v, data, payloads };
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
