import type { LogEvent } from '../../events/catalogue.ts';
import type { LogStore } from '../../store/log-store.ts';
import type { PriceBook } from '../prices.ts';
import { rowsOfLog } from '../tables/rows.ts';
import type { LogEntry } from './entries.ts';
import type { Spool } from './spool.ts';

/** A log to read, with where it ended when we looked. */
export type Wanted = Pick<LogEntry, 'log' | 'key'>;

/** About so many events are in memory at a time, unless one log has more. */
const EVENTS_AT_ONCE = 20_000;
const MOST_LOGS = 500;

const keep = (events: LogEvent[], event: LogEvent): LogEvent[] => {
  events.push(event);
  return events;
};

/** What reading came to. */
export interface ReadLogs {
  entries: Omit<LogEntry, 'segment'>[];
  /** Of logs that cannot be read: they are tried again the next time. */
  damaged: string[];
}

/**
 * Reads logs in chunks, two processes each, until so many events were spooled; takes what it read from `wanted`.
 * Chunks grow and shrink with what the logs before had.
 */
export const readSome = async (
  store: LogStore,
  { wanted, spool, most, prices }: { wanted: Wanted[]; spool: Spool; most: number; prices: PriceBook },
): Promise<ReadLogs> => {
  const read: ReadLogs = { entries: [], damaged: [] };
  let events = 0;
  let logs = 0;
  while (wanted.length > 0 && events < most) {
    const average = logs === 0 ? EVENTS_AT_ONCE / 100 : Math.max(1, events / logs);
    const chunk = wanted.splice(0, Math.min(MOST_LOGS, Math.max(1, Math.round(EVENTS_AT_ONCE / average))));
    // A list for each log: the one that is handed in is where all of them would begin.
    const folded = await store.foldMany<LogEvent[] | undefined>(
      chunk.map(({ log }) => log),
      undefined,
      (state, event) => keep(state ?? [], event),
    );
    for (const [at, { log, state = [], warnings, damaged }] of folded.entries()) {
      if (damaged) read.damaged.push(damaged.message);
      if (damaged || state.length === 0) continue;
      spool.add(rowsOfLog(log, state, await prices.for(state)));
      read.entries.push({ ...chunk[at]!, events: state.length, ...(warnings.length > 0 && { warnings }) });
      events += state.length;
    }
    logs += chunk.length;
  }
  return read;
};
