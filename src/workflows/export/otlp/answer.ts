/** What an endpoint said to one request. */
export interface Said {
  status: number;
  /** Its own words, where it had any: one line, cut. */
  message: string;
  /** Spans that it did not take, of a request that it took. */
  rejected: number;
  /** After how many milliseconds it wishes to be asked again. */
  retryAfterMs: number | undefined;
  /** A page for people: whoever answers so takes no spans. */
  isPage: boolean;
}

/** More than this of an answer is not read. */
const MOST_BYTES = 64 * 1024;

/** No longer than this is repeated of it. */
const MOST_CHARACTERS = 200;

const bodyOf = async ({ body }: Response): Promise<string> => {
  const reader = body?.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  while (reader && size <= MOST_BYTES) {
    const { value, done } = await reader.read();
    if (done) return Buffer.concat(parts).toString();
    parts.push(value);
    size += value.length;
  }
  await reader?.cancel();
  return '';
};

const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
};

/** Its own shapes, and those of endpoints that have others: `{"message":…}`, `{"error":…}`, `{"error":{"message":…}}`. */
const messageIn = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  const { message, error, detail } = value as Record<string, unknown>;
  return messageIn(message) || messageIn(error) || messageIn(detail);
};

/** Seconds, or a date. Source: RFC 9110, section 10.2.3. */
const retryAfter = (given: string | null, now: string): number | undefined => {
  if (given === null) return undefined;
  if (/^\s*\d+\s*$/.test(given)) return Number(given) * 1000;
  const at = Date.parse(given);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.parse(now));
};

/** @param now ISO-8601 */
export const saidBy = async (response: Response, now: string): Promise<Said> => {
  const text = await bodyOf(response);
  const type = response.headers.get('content-type') ?? '';
  const isPage = /html/i.test(type);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {}
  const partial = (document as { partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown } } | undefined)
    ?.partialSuccess;
  const rejected = Number(partial?.rejectedSpans ?? 0);
  const words = document === undefined && /^text\/plain/i.test(type) ? text : messageIn(document);
  return {
    status: response.status,
    message: oneLine(messageIn(partial?.errorMessage) || words),
    rejected: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
    retryAfterMs: retryAfter(response.headers.get('retry-after'), now),
    isPage,
  };
};
