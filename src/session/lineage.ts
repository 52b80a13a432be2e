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

/** How many of a rising list are not above a bound. */
const countUpTo = (rising: number[], bound: number): number => {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! <= bound) low = middle + 1;
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
      const count = countUpTo(this.#lanes.get(writer)?.moves ?? [], seq);
      if (count > 0) moves.set(writer, count);
    }
    return moves;
  }

  #standAt(writer: string, seq: number): Stand | undefined {
    return this.#lanes.get(writer)?.stands.findLast((stand) => stand.seq <= seq);
  }

  /** A writer's line as one story: what it goes on from, then what it had besides, then its own. */
  history(moment: Moment): LogEvent[] {
    const { writer, seq } = moment;
    const key = `${writer} ${seq}`;
    const known = this.#histories.get(key);
    if (known) return known;
    const stand = this.#standAt(writer, seq);
    const own = (this.#lanes.get(writer)?.events ?? []).filter(
      (event) => event.seq <= seq && event.seq >= (stand?.seq ?? 0),
    );
    const story: LogEvent[] = [];
    const has: Vector = new Map();
    const tell = (from: Moment): void => {
      const more = this.has(from);
      if (!covers(has, more))
        for (const event of this.history(from)) if (event.seq > (has.get(event.writer) ?? 0)) story.push(event);
      raise(has, more);
    };
    for (const from of stand?.from ?? []) tell(from);
    const last = stand && this.#lanes.get(writer)!.events.findLast((event) => event.seq < stand.seq);
    if (last) tell({ writer, seq: last.seq });
    story.push(...own);
    this.#histories.set(key, story);
    return story;
  }
}
