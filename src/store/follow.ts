import type { LogEvent } from '../events/catalogue.ts';
import type { LogName } from '../events/envelope.ts';
import type { LogStore, TranscriptLine } from './log-store.ts';

/** Where to begin: with what comes after this clock and this transcript line. Nothing given: with all there is. */
export interface FollowFrom {
  /** Lamport clock of the last event that is known already. */
  clock?: number;
  /** The last transcript line that is known already. */
  line?: { iteration: number; n: number };
}

export interface FollowOptions {
  signal: AbortSignal;
  from?: FollowFrom;
  /** Time between two looks; default 150. */
  everyMs?: number;
}

export type Followed = { event: LogEvent } | { line: TranscriptLine };

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });

const isLater = (line: TranscriptLine, known: FollowFrom['line']): boolean =>
  !known || line.iteration > known.iteration || (line.iteration === known.iteration && line.n > known.n);

/** Events and lines of one look, by wall time, each kind in its own order. */
const interleaved = (events: LogEvent[], lines: TranscriptLine[]): Followed[] => {
  const followed: Followed[] = [];
  let next = 0;
  for (const event of events) {
    while (next < lines.length && lines[next]!.at < event.at) followed.push({ line: lines[next++]! });
    followed.push({ event });
  }
  return [...followed, ...lines.slice(next).map((line) => ({ line }))];
};

/**
 * Events and transcript lines as they are acknowledged, also by another process, until the signal.
 * Each comes once; an event that arrives late from another clone comes when it arrives.
 */
export async function* follow(store: LogStore, log: LogName, options: FollowOptions): AsyncGenerator<Followed> {
  const { signal, from = {}, everyMs = 150 } = options;
  const watch = store.watch(log);
  let isFirst = true;
  while (!signal.aborted) {
    const { events, lines } = await watch.look();
    yield* isFirst
      ? interleaved(
          events.filter((event) => event.clock > (from.clock ?? 0)),
          lines.filter((line) => isLater(line, from.line)),
        )
      : interleaved(events, lines);
    isFirst = false;
    if (!signal.aborted) await pause(everyMs, signal);
  }
}
