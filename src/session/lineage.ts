import type { EventData, LogEvent } from '../events/catalogue.ts';
import type { Moment } from './state.ts';

/** How many of each writer's events; a writer that is not in it has none. */
export type Vector = Map<string, number>;

/** Events that bring the session's work somewhere else: a line that has one which another has not is a line of its own. */
const MOVES = new Set([
  'manual-commit.found',
  'manual-rewrite.found',
  'squash.finished',
  'rebase.finished',
  'merge.finished',
  'rewind.finished',
  'undo.finished',
]);

const isMove = ({ type, data }: LogEvent): boolean =>
  MOVES.has(type) ||
  (type === 'iteration.finished' && (data as EventData<'iteration.finished'> | null)?.commit !== undefined);

/** A moment from which on a writer's line has what others did. */
interface Stand {
  seq: number;
  from: Moment[];
  /** Of the others. */
  has: Vector;
}

/** One writer's events, oldest first. */
interface Lane {
  events: LogEvent[];
  stands: Stand[];
  /** Numbers of those that are moves. */
  moves: number[];
}

const seqOf = ({ seq }: { seq: number }): number => seq;

/** How many of a rising list are not above a bound. */
const countUpTo = <T>(rising: T[], bound: number, numberOf: (one: T) => number): number => {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberOf(rising[middle]!) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
};

export const covers = (a: Vector, b: Vector): boolean => {
  for (const [writer, count] of b) if ((a.get(writer) ?? 0) < count) return false;
  return true;
};

const raise = (vector: Vector, more: Vector): void => {
  for (const [writer, count] of more) if ((vector.get(writer) ?? 0) < count) vector.set(writer, count);
};

/** Whether something that came out of a log names a moment at all. */
const isMoment = (value: unknown): value is Moment => {
  const { writer, seq } = (value ?? {}) as Partial<Moment>;
  return typeof writer === 'string' && Number.isSafeInteger(seq);
};

const momentsOf = ({ type, data }: LogEvent, joins: Map<unknown, unknown>): Moment[] => {
  const { from, operation } = (data ?? {}) as { from?: unknown; operation?: unknown };
  const named = type === 'session.resumed' ? [from] : type === 'rebase.finished' ? joins.get(operation) : [];
  return Array.isArray(named) ? named.filter(isMoment) : [];
};

/**
 * Who went on from what. Each writer has a line: its own events, and those of others that it said it goes on from
 * (`session.resumed`) or took in (a rebase that joins). Depends on the events alone, so it is the same on every clone.
 * @param events of one log, in its order, in which nothing comes before what it goes on from
 */
export class Lineage {
  readonly #lanes = new Map<string, Lane>();
  readonly #histories = new Map<string, LogEvent[]>();
  readonly #joins = new Map<string, Map<unknown, unknown>>();

  constructor(readonly events: LogEvent[]) {
    let before: LogEvent | undefined;
    for (const event of events) {
      this.#add(event, before);
      before = event;
    }
  }

  #add(event: LogEvent, before: LogEvent | undefined): void {
    const { writer, seq, type, data } = event;
    const lane = this.#lanes.get(writer);
    const joins = this.#joins.get(writer) ?? new Map<unknown, unknown>();
    this.#joins.set(writer, joins);
    if (type === 'rebase.started')
      joins.set((data as { operation?: unknown })?.operation, (data as { joins?: unknown })?.joins);
    let from = momentsOf(event, joins);
    // A clone that says nothing at its first line is taken to have read all there was.
    if (!lane && from.length === 0 && before) from = [before];
    const own = lane ?? { events: [], stands: [], moves: [] };
    if (!lane) this.#lanes.set(writer, own);
    if (from.length > 0) this.#stand(own, event, from);
    own.events.push(event);
    if (isMove(event)) own.moves.push(seq);
  }

  /** Only what came before counts, whatever a line says of itself. */
  #stand(lane: Lane, { writer, seq }: LogEvent, named: Moment[]): void {
    const from = named.flatMap((moment) => {
      const last = this.#lanes.get(moment.writer)?.events.at(-1);
      return last && moment.writer !== writer ? [{ writer: moment.writer, seq: Math.min(moment.seq, last.seq) }] : [];
    });
    const has = new Map(lane.stands.at(-1)?.has);
    for (const moment of from) raise(has, this.has(moment));
    has.delete(writer);
    if (from.length > 0) lane.stands.push({ seq, from, has });
  }

  /** The last moment of each writer. */
  ends(): Moment[] {
    return [...this.#lanes].map(([writer, { events }]) => ({ writer, seq: events.at(-1)!.seq }));
  }

  /** What a writer's line has had at a moment. */
  has({ writer, seq }: Moment): Vector {
    const stand = this.#standAt(writer, seq);
    return new Map(stand?.has).set(writer, seq);
  }

  /** The same, moves alone. */
  moves(has: Vector): Vector {
    const moves: Vector = new Map();
    for (const [writer, seq] of has) {
      const count = countUpTo(this.#lanes.get(writer)?.moves ?? [], seq, Number);
      if (count > 0) moves.set(writer, count);
    }
    return moves;
  }

  #standAt(writer: string, seq: number): Stand | undefined {
    const stands = this.#lanes.get(writer)?.stands ?? [];
    return stands[countUpTo(stands, seq, seqOf) - 1];
  }

  /** A writer's line as one story: what it goes on from, then what it had besides, then its own. */
  history(moment: Moment): LogEvent[] {
    const key = `${moment.writer} ${moment.seq}`;
    const story = this.#histories.get(key) ?? this.#tell(moment);
    this.#histories.set(key, story);
    return story;
  }

  /**
   * Two clones that take turns are as deep as they took turns: a list of what is still to be told instead of calls
   * within calls. A stand is told once, so that a log whose numbers go in a circle comes to an end as well.
   */
  #tell(whole: Moment): LogEvent[] {
    const story: LogEvent[] = [];
    const has: Vector = new Map();
    const told = new Set<Stand>();
    const open: { moment: Moment; rest: Moment[] | undefined }[] = [{ moment: whole, rest: undefined }];
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { moment } = top;
      const isNew = top.rest === undefined;
      const stand = this.#standAt(moment.writer, moment.seq);
      if (isNew && open.length > 1 && covers(has, this.has(moment))) {
        open.pop();
        continue;
      }
      top.rest ??= stand && !told.has(stand) ? this.#before(moment.writer, stand) : [];
      if (stand) told.add(stand);
      const next = top.rest.pop();
      if (next) open.push({ moment: next, rest: undefined });
      else {
        open.pop();
        this.#tellOwn(moment, { stand, has, story });
        raise(has, this.has(moment));
      }
    }
    return story;
  }

  /** What comes before a stand, the last of it first. */
  #before(writer: string, { seq, from }: Stand): Moment[] {
    const events = this.#lanes.get(writer)!.events;
    const last = events[countUpTo(events, seq - 1, seqOf) - 1];
    return [...(last ? [{ writer, seq: last.seq }] : []), ...from.toReversed()];
  }

  #tellOwn({ writer, seq }: Moment, { stand, has, story }: { stand?: Stand; has: Vector; story: LogEvent[] }): void {
    const events = this.#lanes.get(writer)?.events ?? [];
    const known = Math.max(has.get(writer) ?? 0, (stand?.seq ?? 0) - 1);
    const end = countUpTo(events, seq, seqOf);
    for (let at = countUpTo(events, known, seqOf); at < end; at++) story.push(events[at]!);
  }
}
