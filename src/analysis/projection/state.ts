import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { KnownPrices } from '../prices.ts';
import { answersFile } from './answers.ts';
import { Entries, entryLines, type LogEntry } from './entries.ts';
import type { Seen } from './look.ts';
import { readSealed, sha256, writeSealed } from './sealed.ts';

/** The rows of one table, as their file was when it was written. */
export interface PartFile {
  table: string;
  /** Lines of JSON: of few rows they are sooner written, and read, than Parquet. */
  isLines?: true;
  bytes: number;
  mtimeMs: number;
  sha256: string;
}

/** The rows of some whole logs. Its name is a hash of what they were made from. */
export interface Segment {
  id: string;
  files: PartFile[];
  logs: number;
  events: number;
  /** Sessions whose rows in here count no more, because a later segment has them. */
  dead: string[];
  deadEvents: number;
}

/** What the cache holds; small, as every question reads it. */
export interface State {
  /** How refs and write-ahead files stood; absent where a glance does not tell, or something could not be read. */
  seen?: Seen | undefined;
  segments: Segment[];
  /** Name of the file with the entries of all logs, beside this one. */
  logsFile: string;
  /** Entries that count instead of those in there. */
  changed: LogEntry[];
  logs: number;
  events: number;
  warnings: string[];
  /** Segments that no longer count, and since when: another process may just be reading them. */
  retired: { id: string; at: string }[];
}

const STATE = 'state.json';

/** Prices that were looked up; a build has one version of the price table. */
const PRICES = 'prices.json';

export const eventsOf = (entries: readonly Pick<LogEntry, 'events'>[]): number =>
  entries.reduce((sum, entry) => sum + entry.events, 0);

export const readState = (folder: string): State | undefined => {
  const body = readSealed(join(folder, STATE));
  return body === undefined ? undefined : (JSON.parse(body) as State);
};

/** Undefined when the file is gone or damaged: then nothing is known of the segments. */
export const readEntries = (
  folder: string,
  state: State,
  isThere?: (segment: string) => boolean,
): Entries | undefined => {
  const body = readSealed(join(folder, state.logsFile));
  return body === undefined ? undefined : new Entries(body, state.changed, isThere);
};

export const hasEntries = (folder: string, { logsFile }: State): boolean => existsSync(join(folder, logsFile));

export const writeState = (folder: string, state: State, clock: Clock): void =>
  writeSealed(join(folder, STATE), JSON.stringify(state), clock);

/** The entries first, under a name of their content: whoever reads the state finds the entries that belong to it. */
export const writeWhole = (
  folder: string,
  {
    state,
    entries,
    clock,
  }: { state: Omit<State, 'logsFile' | 'changed' | 'logs' | 'events'>; entries: LogEntry[]; clock: Clock },
): State => {
  const body = entryLines(entries);
  const logsFile = `logs-${sha256(body).slice(0, 16)}.json`;
  const whole: State = { ...state, logsFile, changed: [], logs: entries.length, events: eventsOf(entries) };
  writeSealed(join(folder, logsFile), body, clock);
  writeState(folder, whole, clock);
  return whole;
};

export const readPrices = (folder: string): KnownPrices => {
  const body = readSealed(join(folder, PRICES));
  return body === undefined ? {} : (JSON.parse(body) as KnownPrices);
};

export const writePrices = (folder: string, known: KnownPrices, clock: Clock): void =>
  writeSealed(join(folder, PRICES), JSON.stringify(known), clock);

/** Names in the folder that the state needs. */
export const neededNames = (state: State): Set<string> =>
  new Set([
    STATE,
    PRICES,
    state.logsFile,
    answersFile(state.segments),
    ...state.segments.map(({ id }) => id),
    ...state.retired.map(({ id }) => id),
  ]);
