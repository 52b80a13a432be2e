import type { LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { type Replay, replayStep } from '../session/evolve.ts';
import { type Own, seenFrom, type View, viewOf } from '../session/lines.ts';
import { initialSession, type Session } from '../session/state.ts';
import { ownWriters } from '../store/wal/writer.ts';
import type { Context } from './context.ts';

/** Under which names this clone writes. */
export const writersHere = (ctx: Context): Own => new Set([ctx.store.writer, ...ownWriters(ctx.repo)]);

/** Nobody but this clone has written. */
export const isAlone = (events: LogEvent[], own: Own): boolean => events.every(({ writer }) => own.has(writer));

/** A session as it came out of one reading; where clones wrote beside each other, its log is read once more. */
export const sessionOf = async (ctx: Context, id: string, told: Replay | undefined): Promise<Session> => {
  const own = writersHere(ctx);
  if (!told?.isTangled) return { ...seenFrom(told?.session ?? initialSession, own), id };
  const { events } = await ctx.store.read(sessionLog(id));
  return { ...viewOf(events, own).session, id };
};

/** One session as it is now, without its lock: for the verbs that only look. */
export const readSession = async (ctx: Context, id: string): Promise<Session> => {
  const { state, warnings } = await ctx.store.fold(sessionLog(id), undefined, replayStep);
  for (const warning of warnings) ctx.warn(warning);
  return sessionOf(ctx, id, state);
};

/** The same with all that is known of other clones; undefined where there are none. */
export const readView = async (ctx: Context, id: string): Promise<View | undefined> => {
  const own = writersHere(ctx);
  const { events } = await ctx.store.read(sessionLog(id));
  return isAlone(events, own) ? undefined : viewOf(events, own);
};
