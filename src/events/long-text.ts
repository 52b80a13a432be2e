/**
 * What stands in an event's data for a string over 64 KiB: SHA-256 and length of its UTF-8 bytes, and the SHA-256 of
 * its parts of at most 16 MiB, in order; each part is a blob of its own. A prompt or a message keeps its first 1,000
 * characters as `preview`.
 */
export interface PayloadReference {
  payload: { sha256: string; bytes: number; parts: string[] };
  preview?: string;
}

/** A text that may be long: whole, or where the whole is. */
export type LongText = string | PayloadReference;

export const isPayloadReference = (value: unknown): value is PayloadReference => {
  const payload = (value as PayloadReference | null)?.payload as PayloadReference['payload'] | null | undefined;
  return typeof payload === 'object' && typeof payload?.sha256 === 'string' && Array.isArray(payload.parts);
};

/** The text as far as the event itself has it. */
export const shownText = (text: LongText): string =>
  isPayloadReference(text) ? `${text.preview ?? ''}… (${text.payload.bytes} bytes in all)` : text;
