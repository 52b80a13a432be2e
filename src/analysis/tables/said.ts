import type { LogEvent } from '../../events/catalogue.ts';
import { isPayloadReference } from '../../events/long-text.ts';
import { asCount, asData, asInteger, asText, asTime, asWhole } from './read.ts';
import type { Place } from './run.ts';
import type { Row } from './table.ts';

interface Said {
  event: LogEvent;
  role: 'user' | 'agent';
  kind: 'task' | 'prompt' | 'message';
  text: unknown;
}

export const messageRow = (place: Place, { event, role, kind, text: given }: Said): Row => {
  const isLong = isPayloadReference(given);
  const text = asText(isLong ? given.preview : given);
  return {
    repo: null,
    session: place.session,
    line: place.line,
    writer: place.writer,
    seq: asWhole(place.seq),
    iteration: asInteger(asData(event.data)['iteration']),
    at: asTime(event.at),
    role,
    kind,
    text,
    bytes: isLong ? asCount(given.payload.bytes) : text === null ? null : Buffer.byteLength(text),
    sha256: isLong ? asText(given.payload.sha256) : null,
  };
};
