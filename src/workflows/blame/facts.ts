import type { EventData, LogEvent } from '../../events/catalogue.ts';
import { logId, sessionLog } from '../../events/envelope.ts';
import { Replay } from '../../session/evolve.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { sessionOf } from '../view.ts';

/** An iteration, by number and by the clone that ran it. */
export interface Ran {
  iteration: number;
  writer: string;
}

/** What a session's log says of commits. */
export interface Facts {
  session: Session;
  /** Commits that the agent made itself, and the iteration that took them in. */
  folded: Map<string, Ran>;
  /** What commits in conflict became, and the iteration in which the agent decided; null: a person did. */
  resolved: Map<string, Ran | null>;
  /** Commits that people were found to have made or brought in, and their parents. */
  found: Map<string, string[]>;
  /** Tips of the branch that a host has seen, oldest first. */
  pushed: string[];
}

interface Told extends Omit<Facts, 'session'> {
  replay: Replay;
}

const LISTENERS: Record<string, (told: Told, data: never, writer: string) => void> = {
  'agent-commit.folded': ({ folded }, { commit, iteration }: EventData<'agent-commit.folded'>, writer) =>
    folded.set(commit, { iteration, writer }),
  'conflict.resolved': ({ resolved }, { as, iteration }: EventData<'conflict.resolved'>, writer) =>
    as === null || resolved.set(as, iteration === undefined ? null : { iteration, writer }),
  'manual-commit.found': ({ found }, { commit, parents }: EventData<'manual-commit.found'>) =>
    found.set(commit, parents),
  'branch.pushed': ({ pushed }, { commit }: EventData<'branch.pushed'>) => pushed.push(commit),
  'pull-request.opened': ({ pushed }, { commit }: EventData<'pull-request.opened'>) => pushed.push(commit),
};

const step = (state: Told | undefined, event: LogEvent): Told => {
  const told = state ?? { replay: new Replay(), folded: new Map(), resolved: new Map(), found: new Map(), pushed: [] };
  told.replay.add(event);
  if (typeof event.data === 'object' && event.data !== null)
    LISTENERS[event.type]?.(told, event.data as never, event.writer);
  return told;
};

/** Reads the logs of sessions; those that are not here, or damaged, are left out. */
export const readFacts = async (ctx: Context, sessions: string[]): Promise<Facts[]> => {
  if (sessions.length === 0) return [];
  const logs = await ctx.store.foldMany(sessions.map(sessionLog), undefined, step);
  const facts: Facts[] = [];
  for (const { log, state, damaged } of logs) {
    if (damaged) ctx.warn(damaged.message);
    if (damaged || !state?.replay.session.exists) continue;
    const { replay, ...told } = state;
    facts.push({ ...told, session: await sessionOf(ctx, logId(log), replay) });
  }
  return facts;
};
