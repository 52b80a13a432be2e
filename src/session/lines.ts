import type { LogEvent } from '../events/catalogue.ts';
import { placeFor, replay } from './evolve.ts';
import { covers, Lineage, type Vector } from './lineage.ts';
import { initialSession, type Line, type ManualCommit, type Moment, type Session } from './state.ts';

/** Writers that are this clone's own: its writer now, and those from before its machine got another name. */
export type Own = ReadonlySet<string>;

/** A way the session went on that no other one contains. */
interface Way {
  /** Clones that stand on it have the same work; this one has read the most. */
  end: Moment;
  has: Vector;
  moves: Vector;
  writers: string[];
  name: string;
}

const sizeOf = (has: Vector): number => [...has.values()].reduce((sum, count) => sum + count, 0);

const isSame = (a: Vector, b: Vector): boolean => covers(a, b) && covers(b, a);

/** The ends that no other one contains, those with the same work together; in the order of their names. */
const waysOf = (lineage: Lineage): Way[] => {
  const ends = lineage.ends().map((end) => {
    const has = lineage.has(end);
    return { end, has, moves: lineage.moves(has) };
  });
  const open = ends.filter(
    ({ moves }) => !ends.some((other) => covers(other.moves, moves) && !covers(moves, other.moves)),
  );
  const ways: Way[] = [];
  for (const { end, has, moves } of open) {
    const way = ways.find((one) => isSame(one.moves, moves));
    if (!way) ways.push({ end, has, moves, writers: [end.writer], name: '' });
    else {
      way.writers.push(end.writer);
      const [more, most] = [sizeOf(has), sizeOf(way.has)];
      if (more > most || (more === most && end.writer < way.end.writer)) Object.assign(way, { end, has });
    }
  }
  for (const way of ways) way.name = lastMover(lineage, way, ways);
  return ways.sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** A line is called after the clone that went on with it last. */
const lastMover = (lineage: Lineage, way: Way, ways: Way[]): string => {
  const mover = lineage.events.findLast(
    ({ writer, seq }) =>
      seq <= (way.has.get(writer) ?? 0) &&
      (lineage.moves(new Map([[writer, seq]])).get(writer) ?? 0) >
        (lineage.moves(new Map([[writer, seq - 1]])).get(writer) ?? 0),
  )?.writer;
  return mover === undefined || ways.some(({ name }) => name === mover) ? way.end.writer : mover;
};

const shared = (ways: Way[]): Vector => {
  const [first, ...rest] = ways;
  const common: Vector = new Map();
  for (const [writer, count] of first!.has) {
    const least = Math.min(count, ...rest.map(({ has }) => has.get(writer) ?? 0));
    if (least > 0) common.set(writer, least);
  }
  return common;
};

const within =
  (has: Vector) =>
  ({ writer, seq }: LogEvent): boolean =>
    seq <= (has.get(writer) ?? 0);

/** What a session is whoever looks: the last word of anybody counts, and it needs no line. */
const saidByAll = (events: LogEvent[]): Partial<Session> => {
  const {
    name,
    prompt,
    test,
    agent,
    archived,
    removed,
    pullRequest,
    hosts,
    places,
    lastActivityAt,
    unknownEvents,
    malformedEvents,
  } = replay(events);
  return {
    name,
    prompt,
    test,
    agent,
    archived,
    removed,
    pullRequest,
    hosts,
    places,
    lastActivityAt,
    unknownEvents,
    malformedEvents,
    events: events.length,
  };
};

/** A session as this clone has it: worktree, branch and left files are its own. */
export const seenFrom = (session: Session, own: Own): Session => {
  const writers = Object.keys(session.places);
  if (writers.length === 0) return session;
  const mine = writers.findLast((writer) => own.has(writer));
  if (mine !== undefined) return { ...session, ...session.places[mine] };
  // Of a clone that never had it, the log says where the worktree would be.
  const { hasWorktree: _, ...nowhere } = placeFor(session, '');
  return { ...session, ...nowhere };
};

/** What one clone knows of a session that several may have gone on with. */
export interface View {
  /** As everybody's work makes it; on the fork where this clone stands on none of several lines. */
  session: Session;
  /** As this clone itself left it; undefined where it never did anything. */
  own: Session | undefined;
  /** Where this clone's own line is; undefined where it has none. */
  ownEnd: Moment | undefined;
  /** This clone's line has all the work there is, or all of one of several lines. */
  isAtPar: boolean;
  /** The end to go on from: of the one line, or of the line that this clone is on. */
  end: Moment | undefined;
}

const ownEndOf = (lineage: Lineage, own: Own): Moment | undefined => {
  const last = lineage.events.findLast(({ writer }) => own.has(writer));
  return last && { writer: last.writer, seq: last.seq };
};

interface Fork {
  has: Vector;
  session: Session;
}

const lineOf = (lineage: Lineage, way: Way, fork: Fork, own: Own, hosts: Session['hosts']): Line => {
  const story = lineage.history(way.end);
  const session = replay(story);
  const known = new Set(fork.session.iterations.map(({ writer, seq, outcome }) => `${writer} ${seq} ${outcome}`));
  const found = new Set(
    story.flatMap((event) =>
      event.type === 'manual-commit.found' && !within(fork.has)(event) ? [(event.data as ManualCommit).commit] : [],
    ),
  );
  return {
    writer: way.name,
    host: hosts[way.name] ?? null,
    here: way.writers.some((writer) => own.has(writer)),
    end: way.end,
    head: session.head,
    fork: fork.session.head,
    iterations: session.iterations.filter(({ writer, seq, outcome }) => !known.has(`${writer} ${seq} ${outcome}`)),
    manualCommits: session.manualCommits.filter(({ commit }) => found.has(commit)),
    lastActivityAt: session.lastActivityAt,
  };
};

/**
 * The session that a log tells of, when clones may have gone on apart: one line where each went on from the other,
 * else the lines there are. The same lines on every clone; which of them is its own depends on who looks.
 * @param events of one log, in its order
 */
export const viewOf = (events: LogEvent[], own: Own): View => {
  const lineage = new Lineage(events);
  const ways = waysOf(lineage);
  const ownEnd = ownEndOf(lineage, own);
  if (ways.length === 0) return { session: initialSession, own: undefined, ownEnd, isAtPar: true, end: undefined };
  const all = saidByAll(events);
  const whole = (story: LogEvent[]): Session => seenFrom({ ...replay(story), ...all }, own);
  const mine = ownEnd && lineage.moves(lineage.has(ownEnd));
  const [only, ...others] = ways;
  const way = others.length === 0 ? only : mine && onlyOne(ways.filter(({ moves }) => covers(moves, mine)));
  const isAtPar = way !== undefined && mine !== undefined && isSame(way.moves, mine);
  const common = shared(ways);
  const inLines: Vector = new Map();
  for (const { has } of ways)
    for (const [writer, count] of has) inLines.set(writer, Math.max(count, inLines.get(writer) ?? 0));
  const beside = events.filter((event) => !within(inLines)(event));
  // What this clone did last is its own story, to the last detail.
  const story = isAtPar
    ? lineage.history(ownEnd!)
    : way
      ? lineage.history(way.end)
      : lineage.history(only!.end).filter(within(common));
  const told = new Set(story);
  const session = whole([...story, ...beside.filter((event) => !told.has(event))]);
  const fork = { has: common, session: replay(lineage.history(only!.end).filter(within(common))) };
  session.lines = others.length === 0 ? [] : ways.map((one) => lineOf(lineage, one, fork, own, session.hosts));
  return {
    session,
    own: ownEnd && { ...whole(lineage.history(ownEnd)), lines: session.lines },
    ownEnd,
    isAtPar,
    end: way?.end,
  };
};

/** A stretch of a log that one line has for itself, or all share. */
export interface Chapter {
  /** The line's name; null: all share it. */
  line: string | null;
  events: LogEvent[];
}

/** A log as stories that can be read one after the other: what all lines share, then each line's own. */
export const chaptersOf = (events: LogEvent[]): Chapter[] => {
  const lineage = new Lineage(events);
  const ways = waysOf(lineage);
  if (ways.length === 0) return [{ line: null, events }];
  const common = shared(ways);
  const stories = ways.map((way) => ({ line: way.name, events: lineage.history(way.end) }));
  const told = new Set(stories.flatMap((story) => story.events));
  const beside = events.filter((event) => !told.has(event));
  const first = stories[0]!.events.filter(within(common));
  if (ways.length === 1) return [{ line: null, events: [...first, ...beside] }];
  const rest = stories.map((story) => ({ ...story, events: story.events.filter((event) => !within(common)(event)) }));
  return [{ line: null, events: first }, ...rest, { line: null, events: beside }].filter(
    (one) => one.events.length > 0,
  );
};

const onlyOne = <T>(list: T[]): T | undefined => (list.length === 1 ? list[0] : undefined);
