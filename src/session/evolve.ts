import type { BatchEventType } from '../events/batch-events.ts';
import type { EventData, EventType, KnownEvent, LogEvent } from '../events/catalogue.ts';
import { logId } from '../events/envelope.ts';
import { type Change, Draft } from './change.ts';
import { iterationHandlers } from './evolve-iteration.ts';
import { landingHandlers } from './evolve-landing.ts';
import { sessionHandlers } from './evolve-session.ts';
import { snapshotHandlers } from './evolve-snapshot.ts';
import { initialSession, type Moment, type Place, type Session } from './state.ts';

type OfSession = Exclude<EventType, BatchEventType>;
type Handlers = { [Type in OfSession]: (session: Session, event: Extract<KnownEvent, { type: Type }>) => Change };

/** One handler an event type: a type without one does not compile. It answers what changes, and changes nothing. */
const handlers: Handlers = { ...sessionHandlers, ...iterationHandlers, ...landingHandlers, ...snapshotHandlers };
const table = new Map<string, (session: Session, event: never) => Change>(Object.entries(handlers));

/** Events after which something else is true of the clone that they come from, and of no other. */
const OF_PLACE = new Set<string>([
  'worktree.added',
  'worktree.removed',
  'branch.removed',
  'setup.finished',
  'test-run.finished',
  'test-run.interrupted',
  'conflict.shown',
] satisfies EventType[]);

/** Where nobody has been yet. */
const NOWHERE = { hasWorktree: false, hasBranch: false, setupExitCode: undefined, leftovers: [] };

/** What the session's worktree and branch are to a clone: its own, never another's. */
export const placeFor = ({ places }: Session, writer: string): Partial<Place> =>
  Object.hasOwn(places, writer) ? places[writer]! : Object.keys(places).length > 0 ? NOWHERE : {};

const placed = ({ session }: Draft, { writer, type }: LogEvent): void => {
  if (!OF_PLACE.has(type)) return;
  const { worktree, hasWorktree, hasBranch, setupExitCode, leftovers } = session;
  session.places = { ...session.places, [writer]: { worktree, hasWorktree, hasBranch, setupExitCode, leftovers } };
};

const add = (draft: Draft, event: LogEvent): void => {
  const { session } = draft;
  const handler = table.get(event.type);
  session.events += 1;
  if (!handler) {
    session.unknownEvents += 1;
    return;
  }
  try {
    if (OF_PLACE.has(event.type)) Object.assign(session, placeFor(session, event.writer));
    draft.apply(handler(session, event as never));
    placed(draft, event);
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
  readonly #writers = new Set<string>();
  #last: Moment | undefined;
  /** Clones wrote beside each other: only `Lineage` knows who went on from what. */
  isTangled = false;

  constructor(from: Session = initialSession) {
    this.#draft = new Draft(from);
  }

  add(event: LogEvent): void {
    if (event.writer !== this.#last?.writer) this.#change(event);
    this.#last = event;
    add(this.#draft, event);
  }

  /** Another clone writes: all is well where it says that it goes on after what came just before. */
  #change({ writer, type, data }: LogEvent): void {
    const last = this.#last;
    const from = type === 'session.resumed' ? (data as EventData<'session.resumed'> | null)?.from : undefined;
    const isFollowing = last === undefined || (from?.writer === last.writer && from.seq === last.seq);
    // A clone that says nothing at its first line is taken to have read all there was.
    if (!isFollowing && (from !== undefined || this.#writers.has(writer))) this.isTangled = true;
    this.#writers.add(writer);
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
