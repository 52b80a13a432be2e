import { createHash } from 'node:crypto';
import { isPayloadReference, type PayloadReference } from '../events/long-text.ts';

export { isPayloadReference, type PayloadReference };

/** A longer string (in UTF-8 bytes) leaves its event and becomes a blob of its own. */
export const PAYLOAD_LIMIT = 64 * 1024;
/** Hosts refuse objects over 100 MB; the parts stay well below. */
const PART = 16 * 1024 * 1024;
const PREVIEW = 1000;
const PREVIEWED = new Set(['prompt', 'text']);

type OnString = (text: string, key: string) => unknown;

/** A copy of JSON data in which each string is what `onString` makes of it; keys stay. */
export const mapStrings = (value: unknown, onString: OnString, key = ''): unknown => {
  if (typeof value === 'string') return onString(value, key);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, onString, key));
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) copy[name] = mapStrings(item, onString, name);
  return copy;
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const isLong = (text: string): boolean =>
  text.length * 3 > PAYLOAD_LIMIT && (text.length > PAYLOAD_LIMIT || Buffer.byteLength(text) > PAYLOAD_LIMIT);

/** Never ends between the halves of a pair. */
const previewOf = (text: string): string => text.slice(0, PREVIEW).replace(/[\uD800-\uDBFF]$/, '');

export interface Extracted<Data> {
  data: Data;
  /** The parts by their SHA-256. */
  payloads: Map<string, Buffer>;
}

/** Takes long strings out of an event's data. */
export const extractPayloads = <Data>(data: Data): Extracted<Data> => {
  const payloads = new Map<string, Buffer>();
  const replace: OnString = (text, key) => {
    if (!isLong(text)) return text;
    const bytes = Buffer.from(text);
    const parts: string[] = [];
    for (let start = 0; start < bytes.length; start += PART) {
      const part = bytes.subarray(start, start + PART);
      const name = sha256(part);
      payloads.set(name, part);
      parts.push(name);
    }
    const payload = { sha256: parts.length === 1 ? parts[0]! : sha256(bytes), bytes: bytes.length, parts };
    return PREVIEWED.has(key) ? { payload, preview: previewOf(text) } : { payload };
  };
  return { data: mapStrings(data, replace) as Data, payloads };
};

/** All references in an event's data. */
export const payloadsIn = (data: unknown): PayloadReference['payload'][] => {
  if (typeof data !== 'object' || data === null) return [];
  if (isPayloadReference(data)) return [data.payload];
  return Object.values(data).flatMap(payloadsIn);
};
