import { accessSync, constants, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import type { Repository } from '../../git/repository.ts';
import { isForgetPending } from '../../store/forget/pending.ts';
import type { LogStore } from '../../store/log-store.ts';
import { readTombstones } from '../../store/tombstones.ts';
import { storeError } from '../../store/wal/files.ts';
import type { Database } from '../duckdb.ts';
import { PriceBook } from '../prices.ts';
import type { Table } from '../tables/table.ts';
import { changedLogs, isSame, keyOf, type Look, logsIn, look, type Part, type Seen } from './look.ts';
import { type Place, placeOf, removeFolder, sweep, temporaryPlace } from './place.ts';
import { readSome, type Wanted } from './read-logs.ts';
import { readTranscripts } from './read-transcripts.ts';
import { isSound, makeSegment, type Workshop } from './segments.ts';
import { Spool } from './spool.ts';
import {
  type LogEntry,
  neededNames,
  readEntries,
  readPrices,
  readState,
  type Segment,
  type State,
  writePrices,
  writeState,
} from './state.ts';
import { bury, tidySegments } from './tidy-segments.ts';

/** Events of one segment: what a cold build has on disk as text at a time. */
const SEGMENT_EVENTS = 500_000;

export interface ProjectionDeps {
  repo: Repository;
  store: LogStore;
  clock: Clock;
  tables: readonly Table[];
  /** Which tables, made by which program. */
  key: string;
  /** What of the logs the tables are made of; events if not said. */
  part?: Part;
  /** Keys of what is kept beside it. */
  beside?: readonly string[];
  /** DuckDB, loaded when first needed: a process that grew large starts git slowly. */
  db(): Promise<Database>;
}

/** The rows of one repository, as files. */
export interface Projected {
  place: Place;
  segments: Segment[];
  logs: number;
  events: number;
  warnings: string[];
  /** What stands in which segment; read when asked. */
  entries(): LogEntry[];
}

/** How closely files are looked at: size and time, or every byte. */
type Closeness = 'glance' | 'bytes';

/** What counts of the cache: segments whose files are whole, and what is in them. */
interface Known {
  segments: Segment[];
  entries: LogEntry[];
  retired: State['retired'];
  /** How refs stood then; undefined also where a segment is missing, so that logs have to be read that did not change. */
  seen: Seen | undefined;
  /** In the folder, of this and earlier states. */
  names: string[];
}

const NOTHING: Known = { segments: [], entries: [], retired: [], seen: undefined, names: [] };

const known = (folder: string, how: Closeness): Known => {
  const state = readState(folder);
  const entries = state && readEntries(folder, state);
  if (!state) return NOTHING;
  // Another process wrote the next state meanwhile, and took away what only this one needed.
  if (!entries) return readState(folder)?.logsFile === state.logsFile ? NOTHING : known(folder, how);
  const segments = state.segments.filter((segment) => isSound(folder, segment, how));
  const ids = new Set(segments.map(({ id }) => id));
  return {
    segments,
    entries: entries.filter(({ segment }) => ids.has(segment)),
    retired: state.retired,
    seen: segments.length === state.segments.length ? state.seen : undefined,
    names: [...neededNames(state)],
  };
};

/** Ends of logs, of all or of some, without those that are on their way out; a batch has no transcript. */
const currentKeys = async (
  { repo, part }: ProjectionDeps,
  at: Look,
  only?: ReadonlySet<LogName>,
): Promise<Map<LogName, string>> => {
  const isForgotten = isForgetPending(repo) ? (await readTombstones(repo)).isForgotten : () => false;
  const isAsked = (log: LogName): boolean => part !== 'transcript' || log.startsWith('sessions/');
  const logs = (await logsIn(repo, only)).filter(({ log }) => isAsked(log) && !isForgotten(logId(log)));
  return new Map(logs.map((log) => [log.log, keyOf(log, at)]));
};

interface News {
  /** Logs that are in the cache as they are now. */
  entries: LogEntry[];
  outdated: LogEntry[];
  gone: LogEntry[];
  wanted: Wanted[];
}

/** What became of the logs since the cache was written. Where a glance tells which ones changed, only those are looked at. */
const newsOf = async (deps: ProjectionDeps, at: Look, before: Known): Promise<News> => {
  const only = isForgetPending(deps.repo) ? undefined : changedLogs(before.seen, at.seen);
  const keys = await currentKeys(deps, at, only);
  const news: News = { entries: [], outdated: [], gone: [], wanted: [] };
  const there = new Set<LogName>();
  for (const entry of before.entries) {
    const key = only && !only.has(entry.log) ? entry.key : keys.get(entry.log);
    if (key === entry.key) {
      news.entries.push(entry);
      there.add(entry.log);
    } else news.outdated.push(entry);
    if (key === undefined) news.gone.push(entry);
  }
  for (const [log, key] of keys) if (!there.has(log)) news.wanted.push({ log, key });
  return news;
};

/** What came to a cache that is there, a session or two: to write it as Parquet takes longer than a question does. */
const FEW_EVENTS = 500;

const isFew = (entries: readonly { events: number }[]): boolean =>
  entries.reduce((events, entry) => events + entry.events, 0) <= FEW_EVENTS;

/** Reads logs into new segments; `entries` and `segments` learn of them. Returns what could not be read. */
const addLogs = async (
  deps: ProjectionDeps,
  { folder, wanted, segments, entries }: { folder: string; wanted: Wanted[]; segments: Segment[]; entries: LogEntry[] },
): Promise<string[]> => {
  const damaged: string[] = [];
  if (wanted.length === 0) return damaged;
  const prices = new PriceBook(readPrices(folder));
  while (wanted.length > 0) {
    const spool = new Spool(join(folder, `rows-${deps.clock.newId()}`), deps.tables);
    try {
      const some = { wanted, spool, most: SEGMENT_EVENTS, prices };
      const read =
        deps.part === 'transcript' ? await readTranscripts(deps.repo, some) : await readSome(deps.store, some);
      damaged.push(...read.damaged);
      const spooled = spool.end();
      if (read.entries.length === 0) continue;
      const db = isFew(read.entries) && segments.length > 0 ? undefined : await deps.db();
      const made = await makeSegment({ ...deps, folder }, { spooled, entries: read.entries, db });
      segments.push(made);
      entries.push(...read.entries.map((entry) => ({ ...entry, segment: made.id })));
    } finally {
      spool.close();
      removeFolder(spool.folder);
    }
  }
  if (prices.hasNew) writePrices(folder, prices.known, deps.clock);
  return damaged;
};

/** A segment that was replaced stays so long, for those who are reading it. */
const RETIRED_MS = 10 * 60 * 1000;

/** Segments that count no more and may still be read; what must not stay in a file is not among them. */
const stillRead = (before: Known, kept: Segment[], now: string): State['retired'] => {
  const live = new Set(kept.map(({ id }) => id));
  const replaced = before.segments.filter(({ id }) => !live.has(id)).map(({ id }) => ({ id, at: now }));
  return [...before.retired, ...replaced].filter(({ at }) => Date.parse(now) - Date.parse(at) <= RETIRED_MS);
};

const projected = (
  place: Place,
  state: Omit<State, 'seen' | 'retired' | 'logsFile'>,
  entries: () => LogEntry[],
): Projected => {
  const { segments, logs, events, warnings } = state;
  return { place, segments, logs, events, warnings, entries };
};

const sum = (entries: LogEntry[]): number => entries.reduce((events, entry) => events + entry.events, 0);

/** Brings the cache to where the logs are. Whatever another process does meanwhile, both are right. */
const update = async (deps: ProjectionDeps, place: Place, before: Known): Promise<Projected & { look: Look }> => {
  const at = look(deps.repo, deps.part);
  const { entries, outdated, gone, wanted } = await newsOf(deps, at, before);
  const segments = before.segments.map((segment) => ({ ...segment, dead: [...segment.dead] }));
  bury(segments, outdated);
  const damaged = await addLogs(deps, { folder: place.folder, wanted, segments, entries });
  const forgotten = new Set(gone.map(({ segment }) => segment));
  const workshop = async (): Promise<Workshop> => ({ ...deps, folder: place.folder, db: await deps.db() });
  const kept = await tidySegments(workshop, { segments, entries, forgotten });
  const warnings = [...entries.flatMap((entry) => entry.warnings ?? []), ...damaged];
  if (place.isKept) {
    const now = deps.clock.now();
    const isLeak = gone.length > 0;
    const retired = isLeak ? [] : stillRead(before, kept, now);
    const seen = damaged.length > 0 ? undefined : at.seen;
    const state = { seen, segments: kept, warnings, retired };
    const whole = writeState(place.folder, { state, entries, clock: deps.clock });
    sweep(deps.repo, place, {
      needed: neededNames(whole),
      was: [...before.names, ...segments.map(({ id }) => id)],
      isLeak,
      now,
      beside: deps.beside ?? [],
    });
  }
  const answer = { segments: kept, logs: entries.length, events: sum(entries), warnings };
  return { ...projected(place, answer, () => entries), look: at };
};

/** Nothing has changed since the cache was written. */
const warm = ({ repo, part }: ProjectionDeps, place: Place, how: Closeness): Projected | undefined => {
  const state = readState(place.folder);
  if (!state || !isSame(state.seen, look(repo, part).seen)) return undefined;
  if (!state.segments.every((segment) => isSound(place.folder, segment, how))) return undefined;
  return projected(place, state, () => readEntries(place.folder, state) ?? []);
};

/** Segments that may not be added to are read where they are. */
const borrow = (from: Place, before: Known): Place => {
  const place = temporaryPlace();
  for (const { id } of before.segments) symlinkSync(join(from.folder, id), join(place.folder, id), 'junction');
  return place;
};

const isWritable = ({ folder }: Place): boolean => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw storeError(error, folder);
    return false;
  }
};

/** Somebody took the folder away while we worked: `forget` does, and a person may. */
const isSwept = (error: unknown): boolean => {
  const { cause, code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || /no such file|no files found/i.test(message) || (cause !== undefined && isSwept(cause));
};

const ATTEMPTS = 4;

/** A session that was forgotten while we worked must not come back with what we wrote. */
const isOutrun = async (deps: ProjectionDeps, { look: at, place, entries }: Projected & { look: Look }) => {
  const now = look(deps.repo, deps.part);
  if (!place.isKept || isSame(now.seen, at.seen)) return false;
  const keys = await currentKeys(deps, now);
  return entries().some(({ log }) => !keys.has(log));
};

/**
 * All rows of a repository's sessions as Parquet files, made as far as they are not there yet.
 * @throws AppError analysis.unavailable, store.full
 */
export const project = async (
  deps: ProjectionDeps,
  { rebuild = false, how = 'glance' }: { rebuild?: boolean; how?: Closeness } = {},
): Promise<Projected> => {
  const kept = placeOf(deps.repo, deps.key);
  const found = rebuild ? undefined : warm(deps, kept, how);
  if (found) return found;
  for (let attempt = 1; ; attempt++) {
    const isKept = isWritable(kept);
    if (rebuild && isKept && attempt === 1) removeFolder(kept.folder);
    const before = rebuild && !isKept ? NOTHING : known(kept.folder, how);
    const place = isKept ? kept : borrow(kept, before);
    try {
      const made = await update(deps, place, before);
      if (attempt === ATTEMPTS || !(await isOutrun(deps, made))) return made;
    } catch (error) {
      if (!place.isKept) removeFolder(place.folder);
      if (attempt === ATTEMPTS || !isSwept(error)) throw error;
    }
  }
};
