import { AppError } from '../errors.ts';
import type { LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { showPaged } from '../git/diff.ts';
import { replay } from '../session/evolve.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { iterationMissing } from './session-diff.ts';

export interface Timeline {
  events: LogEvent[];
  /** Place of each event in the log, from 1. */
  numbers: number[];
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

const isOf = (event: LogEvent, iteration: number): boolean =>
  (event.data as { iteration?: unknown } | null)?.iteration === iteration;

/**
 * Everything that happened, in order, as far as `at`; and the state that it gives.
 * @param iteration only what happened in this one
 * @throws AppError usage.invalid, iteration.missing
 */
export const timeline = async (ctx: Context, id: string, at?: string, iteration?: number): Promise<Timeline> => {
  const view = await ctx.store.read(sessionLog(id));
  for (const warning of view.warnings) ctx.warn(warning);
  const events = at === undefined ? view.events : upTo(view.events, at);
  const session = { ...replay(events), id };
  if (iteration !== undefined && !session.iterations.some((known) => known.iteration === iteration))
    throw iterationMissing(session, iteration);
  const shown = [...events.keys()].filter((place) => iteration === undefined || isOf(events[place]!, iteration));
  return { events: shown.map((place) => events[place]!), numbers: shown.map((place) => place + 1), session };
};

/** Shows it to a person, through their pager where there is one. */
export const showTimeline = (ctx: Context, text: string): Promise<void> =>
  showPaged(ctx.repo, Buffer.from(`${text}\n`), 'log');
