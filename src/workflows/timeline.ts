import { AppError } from '../errors.ts';
import type { LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { showPaged } from '../git/diff.ts';
import { allIterations } from '../session/conclusions.ts';
import { replay } from '../session/evolve.ts';
import { type IterationRef, nameOfIteration } from '../session/iteration-names.ts';
import { chaptersOf, viewOf } from '../session/lines.ts';
import type { Iteration, Line, Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { findIteration } from './find-iteration.ts';
import { isAlone, writersHere } from './view.ts';

interface Part {
  events: LogEvent[];
  /** Place of each event in the log, from 1. */
  numbers: number[];
}

export interface Timeline extends Part {
  /** The same as it is told: what clones did apart from each other stands apart. */
  chapters: (Part & { line: Line | null })[];
  /** With the names that tell them apart. */
  iterations: (Iteration & { label: string })[];
  /** State after the last of these events. */
  session: Session;
}

/** A moment in a log: a whole number counts events from 1, anything else is a time. */
const upTo = (events: LogEvent[], at: string): LogEvent[] => {
  if (/^\d{1,9}$/.test(at)) {
    const count = Number(at);
    if (count < 1 || count > events.length)
      throw new AppError('usage.invalid', `There is no event ${at}: the log has 1 to ${events.length}.`, {
        hint: 'Run `amp-sessions timeline` without --at to see them.',
      });
    return events.slice(0, count);
  }
  const time = Date.parse(at);
  if (Number.isNaN(time))
    throw new AppError('usage.invalid', `“${at}” is neither the number of an event nor a time.`, {
      hint: 'A time looks like 2026-11-22T13:00 or 2026-11-22.',
    });
  const until = events.filter((event) => Date.parse(event.at) <= time);
  if (until.length === 0 && events[0])
    throw new AppError('usage.invalid', `At ${at} there was no such session yet: it began at ${events[0].at}.`, {
      hint: 'Run `amp-sessions timeline` without --at to see everything.',
    });
  return until;
};

const isOf = (event: LogEvent, { iteration, writer }: Iteration): boolean =>
  event.writer === writer && (event.data as { iteration?: unknown } | null)?.iteration === iteration;

/**
 * Everything that happened, in order, as far as `at`; and the state that it gives.
 * @param iteration only what happened in this one
 * @throws AppError usage.invalid, iteration.missing, iteration.ambiguous
 */
export const timeline = async (ctx: Context, id: string, at?: string, iteration?: IterationRef): Promise<Timeline> => {
  const view = await ctx.store.read(sessionLog(id));
  for (const warning of view.warnings) ctx.warn(warning);
  const events = at === undefined ? view.events : upTo(view.events, at);
  const own = writersHere(ctx);
  const isOne = isAlone(events, own);
  const session = { ...(isOne ? replay(events) : viewOf(events, own).session), id };
  const only = iteration === undefined ? undefined : findIteration(session, iteration);
  const places = new Map(events.map((event, at) => [event, at + 1]));
  const part = (all: LogEvent[]): Part => {
    const shown = only === undefined ? all : all.filter((event) => isOf(event, only));
    return { events: shown, numbers: shown.map((event) => places.get(event)!) };
  };
  const chapters = (isOne ? [{ line: null, events }] : chaptersOf(events)).map((chapter) => ({
    line: session.lines.find(({ writer }) => writer === chapter.line) ?? null,
    ...part(chapter.events),
  }));
  const iterations = allIterations(session).map((it) => ({ ...it, label: nameOfIteration(session, it) }));
  return { ...part(events), chapters: chapters.filter((one) => one.events.length > 0), iterations, session };
};

/** Shows it to a person, through their pager where there is one. */
export const showTimeline = (ctx: Context, text: string): Promise<void> =>
  showPaged(ctx.repo, Buffer.from(`${text}\n`), 'log');
