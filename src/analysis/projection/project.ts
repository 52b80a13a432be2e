import { accessSync, constants, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { LogStore } from '../../store/log-store.ts';
import { storeError } from '../../store/wal/files.ts';
import type { Database } from '../duckdb.ts';
import { PriceBook } from '../prices.ts';
import type { Table } from '../tables/table.ts';
import type { LogEntry } from './entries.ts';
import { type Closeness, type Known, known, NOTHING } from './known.ts';
import { isSame, type Look, look } from './look.ts';
import { currentKeys, type News, type NewsDeps, newsOf } from './news.ts';
import { type Place, placeOf, removeFolder, sweep, temporaryPlace } from './place.ts';
import { readSome, type Wanted } from './read-logs.ts';
import { readTranscripts } from './read-transcripts.ts';
import { isSound, makeSegment, type Workshop } from './segments.ts';
import { Spool } from './spool.ts';
import {
  eventsOf,
  hasEntries,
  neededNames,
  readEntries,
  readPrices,
  readState,
  type Segment,
  type State,
  writePrices,
  writeState,
  writeWhole,
} from './state.ts';
import { bury, isTidy, tidySegments } from './tidy-segments.ts';

/** Events of one segment: what a cold build has on disk as text at a time. */
const SEGMENT_EVENTS = 500_000;

export interface ProjectionDeps extends NewsDeps {
  store: LogStore;
  clock: Clock;
  tables: readonly Table[];
  /** Which tables, made by which program. */
  key: string;
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

/** What came to a cache that is there, a session or two: to write it as Parquet takes longer than a question does. */
const FEW_EVENTS = 500;

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
      const isFew = eventsOf(read.entries) <= FEW_EVENTS && segments.length > 0;
      const db = isFew ? undefined : await deps.db();
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

type Counted = Pick<State, 'segments' | 'logs' | 'events' | 'warnings'>;

const projected = (
  place: Place,
  { segments, logs, events, warnings }: Counted,
  entries: () => LogEntry[],
): Projected => ({ place, segments, logs, events, warnings, entries });

/** What an update has found and made. */
interface Made {
  at: Look;
  news: News;
  /** With the new ones. */
  segments: Segment[];
  added: LogEntry[];
  /** Of logs that cannot be read. */
  damaged: string[];
}

/** So many changes stand beside the list of all entries before that is written anew. */
const MOST_CHANGED = 500;

/** The state in which only some entries are other ones, so that those of all need not be read; undefined: they must. */
const changedState = ({ clock }: ProjectionDeps, before: Known, made: Made): State | undefined => {
  const { at, news, added, damaged } = made;
  const { state } = before;
  if (!state || !news.isFew || damaged.length > 0 || state.warnings.length > 0) return undefined;
  const segments = made.segments.filter(({ dead, logs }) => dead.length < logs);
  const names = new Set(added.map(({ log }) => log));
  const changed = [...state.changed.filter(({ log }) => !names.has(log)), ...added];
  const isQuiet = added.every(({ warnings }) => warnings === undefined) && added.length === news.wanted.length;
  if (!isQuiet || changed.length > MOST_CHANGED || !isTidy(segments)) return undefined;
  return {
    ...state,
    seen: at.seen,
    segments,
    changed,
    logs: state.logs - news.outdated.length + added.length,
    events: state.events - eventsOf(news.outdated) + eventsOf(added),
    retired: stillRead(before, segments, clock.now()),
  };
};

/** Puts segments and entries in order, and writes them down. */
const settle = async (deps: ProjectionDeps, place: Place, before: Known, made: Made): Promise<Counted> => {
  const { at, news, segments, added, damaged } = made;
  const entries = [...news.stay(), ...added];
  const forgotten = new Set(news.gone.map(({ segment }) => segment));
  const workshop = async (): Promise<Workshop> => ({ ...deps, folder: place.folder, db: await deps.db() });
  const kept = await tidySegments(workshop, { segments, entries, forgotten });
  const warnings = [...entries.flatMap((entry) => entry.warnings ?? []), ...damaged];
  if (place.isKept) {
    const retired = news.gone.length > 0 ? [] : stillRead(before, kept, deps.clock.now());
    const seen = damaged.length > 0 ? undefined : at.seen;
    const state = { seen, segments: kept, warnings, retired };
    clear(deps, place, { before, made, state: writeWhole(place.folder, { state, entries, clock: deps.clock }) });
  }
  return { segments: kept, logs: entries.length, events: eventsOf(entries), warnings };
};

/** Takes away what the state does not need. */
const clear = (
  deps: ProjectionDeps,
  place: Place,
  { before, made, state }: { before: Known; made: Made; state: State },
): void =>
  sweep(deps.repo, place, {
    needed: neededNames(state),
    was: [...before.names, ...made.segments.map(({ id }) => id)],
    isLeak: made.news.gone.length > 0,
    now: deps.clock.now(),
    beside: deps.beside ?? [],
  });

/** Brings the cache to where the logs are. Whatever another process does meanwhile, both are right. */
const update = async (deps: ProjectionDeps, place: Place, before: Known): Promise<Projected & { look: Look }> => {
  const at = look(deps.repo, deps.part);
  const news = await newsOf(deps, at, before);
  const segments = before.segments.map((segment) => ({ ...segment, dead: [...segment.dead] }));
  bury(segments, news.outdated);
  const added: LogEntry[] = [];
  const wanted = [...news.wanted];
  const damaged = await addLogs(deps, { folder: place.folder, wanted, segments, entries: added });
  const made = { at, news, segments, added, damaged };
  const entries = (): LogEntry[] => [...news.stay(), ...added];
  const state = place.isKept ? changedState(deps, before, made) : undefined;
  if (state) {
    writeState(place.folder, state, deps.clock);
    clear(deps, place, { before, made, state });
    // Another process may have written the list of all entries anew, and taken away the one that this state needs.
    if (hasEntries(place.folder, state)) return { ...projected(place, state, entries), look: at };
  }
  return { ...projected(place, await settle(deps, place, before, made), entries), look: at };
};

/** Nothing has changed since the cache was written. */
const warm = ({ repo, part }: ProjectionDeps, place: Place, how: Closeness): Projected | undefined => {
  const state = readState(place.folder);
  if (!state || !isSame(state.seen, look(repo, part).seen)) return undefined;
  if (!state.segments.every((segment) => isSound(place.folder, segment, how))) return undefined;
  return projected(place, state, () => readEntries(place.folder, state)?.all() ?? []);
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
