import type { EventType, KnownEvent, LogEvent } from '../events/catalogue.ts';
import { logId } from '../events/envelope.ts';
import { type Change, Draft } from './change.ts';
import { iterationHandlers } from './evolve-iteration.ts';
import { landingHandlers } from './evolve-landing.ts';
import { sessionHandlers } from './evolve-session.ts';
import { snapshotHandlers } from './evolve-snapshot.ts';
import { initialSession, type Session } from './state.ts';

type Handlers = { [Type in EventType]: (session: Session, event: Extract<KnownEvent, { type: Type }>) => Change };

/** One handler an event type: a type without one does not compile. It answers what changes, and changes nothing. */
const handlers: Handlers = { ...sessionHandlers, ...iterationHandlers, ...landingHandlers, ...snapshotHandlers };
const table = new Map<string, (session: Session, event: never) => Change>(Object.entries(handlers));

const add = (draft: Draft, event: LogEvent): void => {
  const { session } = draft;
  const handler = table.get(event.type);
  session.events += 1;
  if (!handler) {
    session.unknownEvents += 1;
    return;
  }
  try {
    draft.apply(handler(session, event as never));
  } catch {
    session.malformedEvents += 1;
    return;
  }
  session.id ||= logId(event.log);
  session.lastActivityAt = event.at;
};

/**
 * The session after one more event. Total: an event of an unknown type, or one whose data cannot be read, is counted
 * and passed over; nothing throws.
 */
export const evolve = (session: Session, event: LogEvent): Session => {
  const draft = new Draft(session);
  add(draft, event);
  return draft.session;
};

/** A replay that hears one event after the other, for logs that are too long to hold. Read `session` at its end. */
export class Replay {
  readonly #draft: Draft;

  constructor(from: Session = initialSession) {
    this.#draft = new Draft(from);
  }

  add(event: LogEvent): void {
    add(this.#draft, event);
  }

  get session(): Session {
    return this.#draft.session;
  }
}

/** A step of a fold that begins with nothing: one replay that is told one event after the other. */
export const replayStep = (state: Replay | undefined, event: LogEvent): Replay => {
  const told = state ?? new Replay();
  told.add(event);
  return told;
};

/** State is a replay, and nothing else. */
export const replay = (events: Iterable<LogEvent>, from: Session = initialSession): Session => {
  const draft = new Draft(from);
  for (const event of events) add(draft, event);
  return draft.session;
};
