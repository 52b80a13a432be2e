import type { Clock } from '../clock.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Draft, LogEvent } from '../events/catalogue.ts';
import { GENESIS, type LogName, logId } from '../events/envelope.ts';
import { type CatFile, openCatFile, READ_THROUGH } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import type { Source } from './blobs.ts';
import type { Redact } from './drafts.ts';
import { foldLanes } from './fold-log.ts';
import { readLaneRefs, readLaneTips } from './lane-refs.ts';
import type { LaneWriter } from './lane-writer.ts';
import { assertLog, eventsFile, parseLaneRef } from './layout.ts';
import type {
  Attachments,
  Folded,
  FoldedLog,
  Head,
  LogNews,
  LogStore,
  LogTips,
  LogView,
  Recovery,
  TranscriptDraft,
  TranscriptLine,
} from './log-store.ts';
import { type LogReading, readLogs } from './read-logs.ts';
import { readPayload } from './read-payload.ts';
import type { Signing } from './sign-flush.ts';
import { readTips } from './tips.ts';
import { readTranscript } from './transcript-lines.ts';
import { listWal } from './wal/wal-files.ts';
import { stampOf } from './wal/write-ahead-file.ts';
import { findWriter, mintWriter } from './wal/writer.ts';
import { watchLog } from './watch-log.ts';

export interface StoreOptions {
  clock: Clock;
  redact: Redact;
  by?: string;
  /** Without it no flush is signed. */
  signing?: Signing;
}

const damaged = (log: LogName, cause: unknown): AppError =>
  new AppError('log.damaged', `${log} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: `Take what is missing from another clone: \`amp-sessions verify ${logId(log)} --repair\`, or with \`--from <clone>\`.`,
    cause,
  });

/** Each flush leaves a small pack; one look in so many flushes finds out whether they have become many. */
const MAINTAIN_EVERY = 16;

const maintain = async (repo: Repository): Promise<void> => {
  const { maintenance } = await import('../git/maintenance.ts');
  await maintenance(repo);
};

/** Changes with every append and every flush of a log; looks at names and sizes only. */
const logState = async (repo: Repository, log: LogName, writer: string | undefined): Promise<string> => {
  const files = listWal(repo).filter((file) => file.log === log && file.kind === 'events');
  const stamps = files.map(({ path }) => [path, stampOf(path)]);
  const refs = await readLaneRefs(repo, [log]);
  const tips = (await readLaneTips(repo, [log], refs)).get(log) ?? [];
  return JSON.stringify([log, writer, stamps, [...tips], [...(refs.get(log) ?? [])]]);
};

const namingDamage = async <T>(log: LogName, read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    throw isAppError(error, 'git.failed') ? damaged(log, error) : error;
  }
};

type Step<State> = (state: State, event: LogEvent) => State;

/** The log store of a repository, as `log-store.ts` promises and `layout.ts` draws it. */
class GitStore implements LogStore {
  readonly #repo: Repository;
  readonly #options: StoreOptions;
  /** Writers are made when first needed: a command that only reads does not even load them. */
  readonly #lanes = new Map<LogName, Promise<LaneWriter>>();
  readonly #reader: CatFile;
  #isClosed = false;
  #writer: string | undefined;
  #flushes = 0;
  #hasAppended = false;
  /** The log that was read last, and the state it was in before. */
  #last: { state: string; reading: LogReading } | undefined;
  /** Shown until the first write; nothing is ever written under it unless it is the one that gets minted. */
  #candidate: string | undefined;

  constructor(repo: Repository, options: StoreOptions) {
    this.#repo = repo;
    this.#options = options;
    this.#reader = openCatFile(repo, READ_THROUGH);
    this.#writer = findWriter(repo);
  }

  get writer(): string {
    return this.#writer ?? this.#newWriter();
  }

  get hasAppended(): boolean {
    return this.#hasAppended;
  }

  async logs(only?: LogName[]): Promise<LogTips[]> {
    const pending = new Set(listWal(this.#repo).map((file) => file.log));
    const refs = await readLaneRefs(this.#repo, only);
    const lanes = await readLaneTips(this.#repo, only, refs);
    const isThere = (log: LogName): boolean => lanes.has(log) || pending.has(log);
    const lost = only?.every(isThere) ? new Set<LogName>() : this.#lostLogs(refs);
    const names = new Set([...lanes.keys(), ...pending, ...lost]);
    const wanted = only ? only.filter((log) => names.has(log)) : [...names];
    return wanted.sort().map((log) => ({
      log,
      tips: lanes.get(log) ?? new Map(),
      pending: pending.has(log),
      ...(lost.has(log) && { lost: true as const }),
    }));
  }

  async read(log: LogName): Promise<LogView> {
    assertLog(log);
    const lane = await this.#lanes.get(log);
    const [version, stamp] = [lane?.version ?? 0, this.#stamp(log)];
    const reading = await this.#readOne(log);
    lane?.adopt(reading, { version, stamp });
    return viewOf(reading);
  }

  async fold<State>(log: LogName, initial: State, step: Step<State>): Promise<Folded<State>> {
    const [folded] = await namingDamage(log, () => this.#foldAll([log], initial, step));
    const { state, head, warnings } = folded!;
    return { state, head, warnings };
  }

  async foldMany<State>(logs: LogName[], initial: State, step: Step<State>): Promise<FoldedLog<State>[]> {
    try {
      return await this.#foldAll(logs, initial, step);
    } catch (error) {
      if (!isAppError(error, 'git.failed') && !isAppError(error, 'log.damaged')) throw error;
      const all: FoldedLog<State>[] = [];
      for (const log of logs) all.push(await this.#foldOrTell(log, initial, step));
      return all;
    }
  }

  async append(log: LogName, drafts: Draft[], expected?: Head): Promise<LogEvent[]> {
    this.#hasAppended = true;
    return (await this.#mintedLane(log)).append(drafts, expected);
  }

  async appendTranscript(log: LogName, lines: TranscriptDraft[]): Promise<TranscriptLine[]> {
    return (await this.#mintedLane(log)).appendTranscript(lines);
  }

  async flush(log: LogName, attachments?: Attachments): Promise<boolean> {
    this.#writer ??= findWriter(this.#repo);
    if (this.#writer === undefined && !attachments) return false;
    const flushed = await (await this.#mintedLane(log)).flush(attachments);
    if (flushed && this.#flushes++ % MAINTAIN_EVERY === 0) await maintain(this.#repo);
    return flushed;
  }

  async recover(log: LogName): Promise<string[]> {
    return (await this.recoverLog(log)).warnings;
  }

  async recoverLog(log: LogName): Promise<Recovery> {
    assertLog(log);
    this.#writer ??= findWriter(this.#repo);
    return this.#writer === undefined ? { warnings: [], tornBytes: [] } : (await this.#lane(log)).recover();
  }

  async mended(log: LogName): Promise<string[]> {
    return (await this.#lanes.get(log))?.mended() ?? [];
  }

  transcript(log: LogName, iteration?: number, writer?: string): AsyncIterable<TranscriptLine> {
    assertLog(log);
    return readTranscript(this.#repo, log, iteration, writer);
  }

  watch(log: LogName): { look(): Promise<LogNews> } {
    assertLog(log);
    return watchLog(this.#repo, { log, clock: this.#options.clock, read: () => this.#readOne(log) });
  }

  payload(log: LogName, sha256: string): Promise<Buffer> {
    assertLog(log);
    return readPayload(this.#repo, { log, sha256, reader: this.#reader, read: () => this.#readOne(log) });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(async (lane) => (await lane).close()));
    this.#lanes.clear();
    this.#isClosed = true;
    this.#reader.close();
  }

  /** A verb recovers a log and then reads it: nothing changed between, so nothing is read twice. */
  #readOne(log: LogName): Promise<LogReading> {
    return namingDamage(log, async () => {
      const state = await logState(this.#repo, log, this.#writer);
      if (this.#last?.state !== state) {
        const [reading] = await readLogs(this.#source, { logs: [log], writer: this.#writer });
        this.#last = { state, reading: reading! };
      }
      const { reading } = this.#last;
      return { ...reading, events: [...reading.events] };
    });
  }

  /** A store that is closed can be read still. */
  get #source(): Source {
    return { repo: this.#repo, reader: this.#isClosed ? undefined : this.#reader };
  }

  async #foldAll<State>(logs: LogName[], initial: State, step: Step<State>): Promise<FoldedLog<State>[]> {
    for (const log of logs) assertLog(log);
    const lanes = await foldLanes(this.#source, { logs, writer: this.#writer, initial, step });
    const all: FoldedLog<State>[] = [];
    for (const [log, folded] of lanes) all.push({ log, ...(folded ?? (await this.#foldWhole(log, initial, step))) });
    return all;
  }

  async #foldWhole<State>(log: LogName, initial: State, step: Step<State>): Promise<Folded<State>> {
    const { events, head, warnings } = await this.#readOne(log);
    return { state: events.reduce(step, initial), head, warnings };
  }

  async #foldOrTell<State>(log: LogName, initial: State, step: Step<State>): Promise<FoldedLog<State>> {
    try {
      return { log, ...(await this.fold(log, initial, step)) };
    } catch (error) {
      if (!isAppError(error, 'log.damaged')) throw error;
      const head = { seq: 0, prev: GENESIS, clock: 0 };
      return { log, state: initial, head, warnings: [error.message], damaged: error };
    }
  }

  #stamp(log: LogName) {
    return this.#writer === undefined ? null : stampOf(eventsFile(this.#repo, { log, writer: this.#writer }));
  }

  /** Made when it is needed: chance has to be loaded. */
  #newWriter(): string {
    this.#candidate ??= this.#options.clock.newId();
    return this.#candidate;
  }

  #mintedLane(log: LogName): Promise<LaneWriter> {
    assertLog(log);
    this.#writer ??= mintWriter(this.#repo, { clock: this.#options.clock, id: this.#newWriter() });
    return this.#lane(log);
  }

  #lane(log: LogName): Promise<LaneWriter> {
    const known = this.#lanes.get(log);
    if (known) return known;
    const deps = {
      repo: this.#repo,
      lane: { log, writer: this.writer },
      clock: this.#options.clock,
      redact: this.#options.redact,
      read: () => this.#readOne(log),
      reader: () => this.#reader,
      signing: this.#options.signing,
    };
    const made = import('./lane-writer.ts').then(({ LaneWriter }) => new LaneWriter(deps));
    this.#lanes.set(log, made);
    return made;
  }

  /** Our refs that are not where we left them; one that is only further on is harmless, and `recover` sees that. */
  #lostLogs(lanes: Map<LogName, Map<string, string>>): Set<LogName> {
    const writer = this.#writer;
    const lost = new Set<LogName>();
    if (writer === undefined) return lost;
    for (const [ref, left] of readTips(this.#repo, writer)) {
      const lane = parseLaneRef(ref);
      if (lane?.writer === writer && lanes.get(lane.log)?.get(writer) !== left) lost.add(lane.log);
    }
    return lost;
  }
}

const viewOf = ({ log, events, head, warnings }: LogReading): LogView => ({ log, events, head, warnings });

/** Opens the store of a repository. Reads nothing but the writer's name, and writes nothing before the first append. */
export const openStore = async (repo: Repository, options: StoreOptions): Promise<LogStore> =>
  new GitStore(repo, options);
