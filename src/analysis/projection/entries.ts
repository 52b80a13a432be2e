import type { LogName } from '../../events/envelope.ts';

/** A log that is in a segment, as it was read. */
export interface LogEntry {
  log: LogName;
  /** Ends of the log: what its refs named, and its write-ahead files. */
  key: string;
  segment: string;
  events: number;
  /** What a person should hear of it. */
  warnings?: string[];
}

type EntryRow = [log: LogName, key: string, segment: number, events: number, warnings?: string[]];

/** A line for the segments' names, and one for each log. */
export const entryLines = (entries: readonly LogEntry[]): string => {
  const segments = new Map<string, number>();
  const rows = entries.map(({ log, key, segment, events, warnings }): EntryRow => {
    const at = segments.get(segment) ?? segments.size;
    segments.set(segment, at);
    return warnings ? [log, key, at, events, warnings] : [log, key, at, events];
  });
  return [[...segments.keys()], ...rows].map((row) => JSON.stringify(row)).join('\n');
};

/**
 * What stands in which segment: all logs as they were written down together, and those that changed since. Of the
 * thousands that did not, only what is asked for is looked up.
 */
export class Entries {
  readonly #lines: string;
  readonly #changed: ReadonlyMap<LogName, LogEntry>;
  readonly #isThere: (segment: string) => boolean;
  #segments: string[] | undefined;

  /** @param isThere whether a segment is: what stood in others counts no more */
  constructor(lines: string, changed: readonly LogEntry[], isThere: (segment: string) => boolean = () => true) {
    this.#lines = lines;
    this.#changed = new Map(changed.map((entry) => [entry.log, entry]));
    this.#isThere = isThere;
  }

  of(log: LogName): LogEntry | undefined {
    return this.#sound(this.#changed.get(log) ?? this.#find(log));
  }

  all(): LogEntry[] {
    const rows = this.#lines.split('\n').slice(1);
    const old = rows.map((line) => this.#parse(line)).filter(({ log }) => !this.#changed.has(log));
    return [...old, ...this.#changed.values()].filter((entry) => this.#sound(entry));
  }

  #find(log: LogName): LogEntry | undefined {
    const at = this.#lines.indexOf(`\n[${JSON.stringify(log)},`);
    if (at === -1) return undefined;
    const end = this.#lines.indexOf('\n', at + 1);
    return this.#parse(this.#lines.slice(at + 1, end === -1 ? undefined : end));
  }

  #parse(line: string): LogEntry {
    this.#segments ??= JSON.parse(this.#lines.slice(0, this.#lines.indexOf('\n'))) as string[];
    const [log, key, at, events, warnings] = JSON.parse(line) as EntryRow;
    return { log, key, segment: this.#segments[at]!, events, ...(warnings && { warnings }) };
  }

  #sound(entry: LogEntry | undefined): LogEntry | undefined {
    return entry && this.#isThere(entry.segment) ? entry : undefined;
  }
}
