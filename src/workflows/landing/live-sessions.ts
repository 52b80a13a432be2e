import { isAppError } from '../../errors.ts';
import { logId, sessionLog } from '../../events/envelope.ts';
import { readRef } from '../../git/refs.ts';
import { statusOf } from '../../session/conclusions.ts';
import { replayStep } from '../../session/evolve.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { type SessionSummary, summaries } from '../summaries.ts';
import { sessionOf } from '../view.ts';
import type { Comer } from './survey.ts';
import { type Target, targetOf } from './target.ts';

/** A session whose work is still to land, and where. */
export interface LiveSession {
  comer: Comer;
  session: Session;
  target: Target;
}

export interface LiveSessions {
  live: LiveSession[];
  /** Sessions that were passed over: the ones without any activity for longest. */
  passedOver: number;
}

/** Sessions that are compared at most. */
export const SESSIONS_MOST = 300;

const SETTLED = new Set(['archived', 'merged']);

const byActivity = (a: SessionSummary, b: SessionSummary): number => (a.lastActivityAt < b.lastActivityAt ? 1 : -1);

const look = async (ctx: Context, session: Session, into: string | undefined): Promise<LiveSession | undefined> => {
  const { id } = session;
  if (SETTLED.has(statusOf(session))) return undefined;
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (tip === undefined) return undefined;
  try {
    const target = await targetOf(ctx, session, into);
    return { comer: { id, name: session.name, createdAt: session.createdAt, tip }, session, target };
  } catch (error) {
    // Where it is to go nobody knows.
    if (isAppError(error, 'ref.missing') && into === undefined) return undefined;
    throw error;
  }
};

/** One reading for all; a damaged log was warned of already. */
const readAll = async (ctx: Context, chosen: SessionSummary[]): Promise<Session[]> => {
  const logs = chosen.map(({ id }) => sessionLog(id));
  const read = await ctx.store.foldMany(logs, undefined, replayStep);
  const sessions: Session[] = [];
  for (const { log, state, damaged } of read)
    if (state && !damaged) sessions.push(await sessionOf(ctx, logId(log), state));
  return sessions;
};

/** Every session that has not landed, with its target. @param into the target of all; default each one's own */
export const liveSessions = async (
  ctx: Context,
  options: { into?: string; but?: string } = {},
): Promise<LiveSessions> => {
  const all = (await summaries(ctx)).filter(
    ({ id, state, removed }) => id !== options.but && !removed && !SETTLED.has(state),
  );
  const newest = new Set(all.toSorted(byActivity).slice(0, SESSIONS_MOST));
  // Oldest first, as they were.
  const chosen = all.filter((summary) => newest.has(summary));
  const live: LiveSession[] = [];
  for (const session of await readAll(ctx, chosen)) {
    const found = await look(ctx, session, options.into);
    if (found) live.push(found);
  }
  return { live, passedOver: all.length - chosen.length };
};
