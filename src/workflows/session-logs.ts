import type { LogEvent } from '../events/catalogue.ts';
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
  iteration?: number;
  interrupts?: Interrupts;
}

const ofIteration = (entry: LogsEntry, iteration: number | undefined): boolean => {
  if (iteration === undefined) return true;
  if ('line' in entry) return entry.line.iteration === iteration;
  return (entry.event.data as { iteration?: number } | null)?.iteration === iteration;
};

/** How often a follower looks whether anybody still works on the session. */
const LOOK_MS = 500;

/**
 * What the agent said and did: events, or with `raw` its own lines. Following goes on until Ctrl-C, or until the
 * iteration that was running ends.
 */
export async function* readLogs(ctx: Context, id: string, wish: LogsWish): AsyncGenerator<LogsEntry, void, undefined> {
  const kind = wish.raw ? 'line' : 'event';
  const wanted = (entry: LogsEntry): boolean => kind in entry && ofIteration(entry, wish.iteration);
  const log = sessionLog(id);
  if (wish.follow) {
    for await (const entry of followed(ctx, id, wish)) if (wanted(entry)) yield entry;
  } else if (wish.raw) {
    for await (const line of ctx.store.transcript(log, wish.iteration)) if (wanted({ line })) yield { line };
  } else {
    const view = await ctx.store.read(log);
    for (const event of view.events) if (wanted({ event })) yield { event };
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
