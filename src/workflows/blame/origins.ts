import { shownText } from '../../events/long-text.ts';
import type { BlameCommit } from '../../git/blame.ts';
import { iterationsNamed } from '../../session/iteration-names.ts';
import { firstLine, shorten } from '../commit-message.ts';
import type { Credit } from './credits.ts';
import type { Facts } from './facts.ts';

/** Where a line comes from. What does not apply is absent. */
export interface Origin {
  kind: 'agent' | 'manual' | 'other' | 'uncommitted';
  commit?: string;
  /** Id of the session. */
  session?: string;
  name?: string;
  iteration?: number;
  /** The clone that ran it, where others have an iteration of that number too. */
  writer?: string;
  agent?: string;
  mode?: string | null;
  /** One line, shortened. */
  prompt?: string;
  author?: { name: string; email: string };
  /** ISO-8601 UTC. */
  at?: string;
  subject?: string;
}

export const UNCOMMITTED: Origin = { kind: 'uncommitted' };

const short = (prompt: string): string => shorten(firstLine(prompt));

/** What was asked for, and of whom: in an iteration, or where several are in one commit in the session. */
const request = ({ iteration, agent, writer }: Credit, facts: Facts | undefined): Partial<Origin> => {
  const named = facts === undefined || iteration === null ? [] : iterationsNamed(facts.session, iteration);
  const found = named.find((one) => one.writer === writer) ?? named[0];
  if (found)
    return {
      iteration: found.iteration,
      ...(named.length > 1 && { writer: found.writer }),
      agent: found.agent.name,
      mode: found.agent.mode,
      prompt: short(found.prompt),
    };
  const own = agent ?? facts?.session.agent;
  const prompt = facts?.session.prompt;
  return {
    ...(iteration !== null && { iteration }),
    ...(own && { agent: own.name, mode: own.mode }),
    ...(prompt && iteration === null && { prompt: short(shownText(prompt)) }),
  };
};

/** What is told of every line of a commit. */
export const originOf = (commit: BlameCommit, credit: Credit | undefined, facts: Facts | undefined): Origin => ({
  kind: credit?.kind ?? 'other',
  commit: commit.id,
  ...(credit && { session: credit.session }),
  ...(credit && facts && { name: facts.session.name }),
  ...(credit?.kind === 'agent' && request(credit, facts)),
  author: commit.author,
  at: commit.authoredAt,
  subject: commit.subject,
});

/** How many lines somebody has. */
export type Share = Pick<Origin, 'kind' | 'session' | 'name' | 'iteration' | 'writer' | 'agent' | 'mode' | 'prompt'> & {
  lines: number;
};

/** Lines by session and iteration, by hand, from elsewhere, and not committed; most lines first. */
export const sharesOf = (origins: Origin[]): Share[] => {
  const shares = new Map<string, Share>();
  const keys = new Map<Origin, Share>();
  for (const origin of origins) {
    let share = keys.get(origin);
    if (!share) {
      const { kind, session, name, iteration, writer, agent, mode, prompt } = origin;
      const key = `${kind} ${session ?? ''} ${iteration ?? ''} ${writer ?? ''}`;
      const own = { session, name, iteration, writer, agent, mode, prompt };
      const known = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
      share = shares.get(key) ?? { kind, ...known, lines: 0 };
      shares.set(key, share);
      keys.set(origin, share);
    }
    share.lines++;
  }
  return [...shares.values()].sort((a, b) => b.lines - a.lines);
};
