import { AppError } from '../errors.ts';
import type { LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { replay } from '../session/evolve.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';

export interface Timeline {
  events: LogEvent[];
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

/** Everything that happened, in order, as far as `at`; and the state that it gives. */
export const timeline = async (ctx: Context, id: string, at?: string): Promise<Timeline> => {
  const view = await ctx.store.read(sessionLog(id));
  for (const warning of view.warnings) ctx.warn(warning);
  const events = at === undefined ? view.events : upTo(view.events, at);
  return { events, session: { ...replay(events), id } };
};
