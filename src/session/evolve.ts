import type { EventType, KnownEvent, LogEvent } from '../events/catalogue.ts';
import { logId } from '../events/envelope.ts';
import { applyChange, type Change } from './change.ts';
import { iterationHandlers } from './evolve-iteration.ts';
import { sessionHandlers } from './evolve-session.ts';
import { initialSession, type Session } from './state.ts';

type Handlers = { [Type in EventType]: (session: Session, event: Extract<KnownEvent, { type: Type }>) => Change };

/** One handler an event type: a type without one does not compile. It answers what changes, and changes nothing. */
const handlers: Handlers = { ...sessionHandlers, ...iterationHandlers };
const table = new Map<string, (session: Session, event: never) => Change>(Object.entries(handlers));

/** The session is the caller's to change; the iterations in its list are not, they are replaced. */
const ownCopy = (session: Session): Session => ({ ...session, iterations: session.iterations.slice() });

const add = (draft: Session, event: LogEvent): void => {
  const handler = table.get(event.type);
  draft.events += 1;
  if (!handler) {
    draft.unknownEvents += 1;
    return;
  }
  try {
    applyChange(draft, handler(draft, event as never));
  } catch {
    draft.malformedEvents += 1;
    return;
  }
  draft.id ||= logId(event.log);
  draft.lastActivityAt = event.at;
};

/**
 * The session after one more event. Total: an event of an unknown type, or one whose data cannot be read, is counted
 * and passed over; nothing throws.
 */
export const evolve = (session: Session, event: LogEvent): Session => {
  const next = ownCopy(session);
  add(next, event);
  return next;
};

/** A replay that is told one event after the other, for logs that are too long to hold. */
export class Replay {
  readonly #draft: Session;

  constructor(from: Session = initialSession) {
    this.#draft = ownCopy(from);
  }

  add(event: LogEvent): void {
    add(this.#draft, event);
  }

  /** The session so far; later events do not change it. */
  get session(): Session {
    return ownCopy(this.#draft);
  }
}

/** State is a replay, and nothing else. */
export const replay = (events: Iterable<LogEvent>, from: Session = initialSession): Session => {
  const draft = ownCopy(from);
  for (const event of events) add(draft, event);
  return draft;
};
