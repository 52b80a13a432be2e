import type { EventType, KnownEvent, LogEvent } from '../events/catalogue.ts';
import { logId } from '../events/envelope.ts';
import { iterationHandlers } from './evolve-iteration.ts';
import { sessionHandlers } from './evolve-session.ts';
import { initialSession, type Session } from './state.ts';

type Handlers = { [Type in EventType]: (session: Session, event: Extract<KnownEvent, { type: Type }>) => Session };

/** One handler an event type: a type without one does not compile. */
const handlers: Handlers = { ...sessionHandlers, ...iterationHandlers };
const table = new Map<string, (session: Session, event: never) => Session>(Object.entries(handlers));

/**
 * The session after one more event. Total: an event of an unknown type, or one whose data cannot be read, is counted
 * and passed over; nothing throws.
 */
export const evolve = (session: Session, event: LogEvent): Session => {
  const handler = table.get(event.type);
  const events = session.events + 1;
  if (!handler) return { ...session, events, unknownEvents: session.unknownEvents + 1 };
  try {
    const next = handler(session, event as never);
    return { ...next, id: session.id || logId(event.log), events, lastActivityAt: event.at };
  } catch {
    return { ...session, events, malformedEvents: session.malformedEvents + 1 };
  }
};

/** State is a replay, and nothing else. */
export const replay = (events: Iterable<LogEvent>, from: Session = initialSession): Session => {
  let session = from;
  for (const event of events) session = evolve(session, event);
  return session;
};
