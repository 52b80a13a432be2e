import type { EventData, LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import { follow } from '../store/follow.ts';
import type { TranscriptLine } from '../store/log-store.ts';
import type { Context } from './context.ts';
import type { Interrupts } from './interrupts.ts';
import { holderOf } from './journal.ts';

export type LogsEntry = { event: LogEvent } | { line: TranscriptLine };

export interface LogsWish {
  follow?: boolean;
  /** The agent's own lines instead of events. */
  raw?: boolean;
  /** Among the events what a program said that speaks no protocol: its lines, in place of the last one as a message. */
  spoken?: boolean;
  iteration?: number;
  interrupts?: Interrupts;
}

const ofIteration = (entry: LogsEntry, iteration: number | undefined): boolean => {
  if (iteration === undefined) return true;
  if ('line' in entry) return entry.line.iteration === iteration;
  return (entry.event.data as { iteration?: number } | null)?.iteration === iteration;
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
  const isSpoken = wish.spoken && !wish.raw ? speakers() : () => undefined;
  const wanted = (entry: LogsEntry): boolean =>
    ofIteration(entry, wish.iteration) && (isSpoken(entry) ?? (wish.raw ? 'line' : 'event') in entry);
  const log = sessionLog(id);
  if (wish.follow) {
    for await (const entry of followed(ctx, id, wish)) if (wanted(entry)) yield entry;
  } else if (wish.raw) {
    for await (const line of ctx.store.transcript(log, wish.iteration)) if (wanted({ line })) yield { line };
  } else {
    const view = await ctx.store.read(log);
    for (const event of view.events) {
      if (!wanted({ event })) continue;
      yield { event };
      if (event.type !== 'iteration.started') continue;
      const { iteration } = event.data as EventData<'iteration.started'>;
      const line = { iteration } as TranscriptLine;
      if (isSpoken({ line })) for await (const said of ctx.store.transcript(log, iteration)) yield { line: said };
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
