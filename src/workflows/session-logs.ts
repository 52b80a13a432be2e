import type { EventData, LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { type IterationRef, iterationsNamed, parseIterationRef } from '../session/iteration-names.ts';
import { follow } from '../store/follow.ts';
import type { TranscriptLine } from '../store/log-store.ts';
import type { Context } from './context.ts';
import { findIteration } from './find-iteration.ts';
import type { Interrupts } from './interrupts.ts';
import { holderOf } from './journal.ts';
import { readSession } from './view.ts';

export type LogsEntry = { event: LogEvent } | { line: TranscriptLine };

export interface LogsWish {
  follow?: boolean;
  /** The agent's own lines instead of events. */
  raw?: boolean;
  /** Among the events what a program said that speaks no protocol: its lines, in place of the last one as a message. */
  spoken?: boolean;
  iteration?: IterationRef;
  interrupts?: Interrupts;
}

/** Lines of a transcript do not tell their clone: whoever reads them asks for one clone's. */
const ofIteration = (entry: LogsEntry, only: Only | undefined): boolean => {
  if (only === undefined) return true;
  if ('line' in entry) return entry.line.iteration === only.iteration;
  const { data, writer } = entry.event;
  if (only.writer !== undefined && writer !== only.writer) return false;
  return (data as { iteration?: number } | null)?.iteration === only.iteration;
};

interface Only {
  iteration: number;
  /** Undefined where it is not begun yet. */
  writer: string | undefined;
}

/** The one that is asked for, which may be still to come. @throws AppError iteration.ambiguous */
const onlyOf = async (ctx: Context, id: string, { iteration }: LogsWish): Promise<Only | undefined> => {
  if (iteration === undefined) return undefined;
  const session = await readSession(ctx, id);
  if (iterationsNamed(session, iteration).length > 0) return findIteration(session, iteration);
  return { writer: undefined, iteration: parseIterationRef(iteration)?.iteration ?? 0 };
};

/** Tells, as a log goes by, what stands for the words of a program without a protocol; undefined where nothing does. */
const speakers = (): ((entry: LogsEntry) => boolean | undefined) => {
  const silent = new Set<number>();
  return (entry) => {
    if ('line' in entry) return silent.has(entry.line.iteration) || undefined;
    if (entry.event.type === 'iteration.started') {
      const { iteration, agent } = entry.event.data as EventData<'iteration.started'>;
      if (agent.name === 'command') silent.add(iteration);
    }
    if (entry.event.type !== 'agent-message.received') return undefined;
    const { iteration } = entry.event.data as EventData<'agent-message.received'>;
    return silent.has(iteration) ? false : undefined;
  };
};

/** How often a follower looks whether anybody still works on the session. */
const LOOK_MS = 500;

/**
 * What the agent said and did: events, or with `raw` its own lines. Following goes on until Ctrl-C, or until the
 * iteration that was running ends.
 */
export async function* readLogs(ctx: Context, id: string, wish: LogsWish): AsyncGenerator<LogsEntry, void, undefined> {
  const only = await onlyOf(ctx, id, wish);
  const isSpoken = wish.spoken && !wish.raw ? speakers() : () => undefined;
  const wanted = (entry: LogsEntry): boolean =>
    ofIteration(entry, only) && (isSpoken(entry) ?? (wish.raw ? 'line' : 'event') in entry);
  const log = sessionLog(id);
  if (wish.follow) {
    for await (const entry of followed(ctx, id, wish)) if (wanted(entry)) yield entry;
  } else if (wish.raw) {
    for await (const line of ctx.store.transcript(log, only?.iteration, only?.writer))
      if (wanted({ line })) yield { line };
  } else {
    const view = await ctx.store.read(log);
    for (const event of view.events) {
      if (!wanted({ event })) continue;
      yield { event };
      if (event.type !== 'iteration.started') continue;
      const { iteration } = event.data as EventData<'iteration.started'>;
      const line = { iteration } as TranscriptLine;
      if (isSpoken({ line }))
        for await (const said of ctx.store.transcript(log, iteration, event.writer)) yield { line: said };
    }
  }
}

async function* followed(ctx: Context, id: string, wish: LogsWish): AsyncGenerator<LogsEntry, void, undefined> {
  const ended = new AbortController();
  const off = wish.interrupts?.onStop(() => ended.abort());
  const timer = setInterval(() => {
    if (!holderOf(ctx, id)) ended.abort();
  }, LOOK_MS);
  try {
    yield* follow(ctx.store, sessionLog(id), { signal: ended.signal });
  } finally {
    clearInterval(timer);
    off?.();
  }
}
