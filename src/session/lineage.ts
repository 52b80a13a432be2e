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

const keyOf = ({ writer, seq }: Moment): string => `${writer} ${seq}`;

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

  /**
   * A writer's line as one story: what it goes on from, then what it had besides, then its own. Not told by recursion:
   * clones may have taken turns thousands of times.
   */
  history(moment: Moment): LogEvent[] {
    const todo = [moment];
    for (let next = todo.at(-1); next; next = todo.at(-1)) {
      const open = this.#chapters(next).filter(({ from }) => !this.#histories.has(keyOf(from)));
      if (open.length > 0) todo.push(...open.map(({ from }) => from));
      else {
        todo.pop();
        if (!this.#histories.has(keyOf(next))) this.#histories.set(keyOf(next), this.#story(next));
      }
    }
    return this.#histories.get(keyOf(moment))!;
  }

  /** Earlier moments whose stories have something new, each with what was had before it. */
  #chapters({ writer, seq }: Moment): { from: Moment; before: Vector }[] {
    const stand = this.#standAt(writer, seq);
    if (!stand) return [];
    const last = this.#lanes.get(writer)!.events.findLast((event) => event.seq < stand.seq);
    const has: Vector = new Map();
    return [...stand.from, ...(last ? [{ writer, seq: last.seq }] : [])].flatMap((from) => {
      const before = new Map(has);
      const more = this.has(from);
      raise(has, more);
      return covers(before, more) ? [] : [{ from, before }];
    });
  }

  #story(moment: Moment): LogEvent[] {
    const { writer, seq } = moment;
    const since = this.#standAt(writer, seq)?.seq ?? 0;
    const own = (this.#lanes.get(writer)?.events ?? []).filter((event) => event.seq <= seq && event.seq >= since);
    const earlier = this.#chapters(moment).flatMap(({ from, before }) =>
      this.#histories.get(keyOf(from))!.filter((event) => event.seq > (before.get(event.writer) ?? 0)),
    );
    return [...earlier, ...own];
  }
}
