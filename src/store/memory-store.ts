import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { Draft, LogEvent } from '../events/catalogue.ts';
import { decodeEvent } from '../events/codec.ts';
import { GENESIS, type LogName } from '../events/envelope.ts';
import { prepareDraft, type Redact, sealDrafts } from './drafts.ts';
import { assertLog } from './layout.ts';
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
import { mergeLanes } from './merge-lanes.ts';
import { payloadsIn } from './payloads.ts';
import { TranscriptRedactor } from './transcript-redactor.ts';
import { Exclusive } from './wal/exclusive.ts';

/** What several stores share when they stand for clones that have synced: each writes its own lane. */
export interface MemoryDisk {
  logs: Map<LogName, MemoryLog>;
  notes: Map<string, LogEvent[]>;
  code: Map<LogName, string[]>;
}

interface MemoryLog {
  /** Lines of events, in the order of arrival. */
  lines: string[];
  transcript: TranscriptLine[];
  payloads: Map<string, Buffer>;
  /** How many lines of any kind each writer has flushed, and how many there are. */
  flushed: Map<string, number>;
  written: Map<string, number>;
  /** Each writer's end of the log. */
  heads: Map<string, Head>;
}

export interface MemoryStoreOptions {
  clock?: Clock;
  redact?: Redact;
  writer?: string;
  disk?: MemoryDisk;
}

const emptyLog = (): MemoryLog => ({
  lines: [],
  transcript: [],
  payloads: new Map(),
  flushed: new Map(),
  written: new Map(),
  heads: new Map(),
});

export const memoryDisk = (): MemoryDisk => ({ logs: new Map(), notes: new Map(), code: new Map() });

const addTo = (counts: Map<string, number>, writer: string, count: number): void => {
  counts.set(writer, (counts.get(writer) ?? 0) + count);
};

/** A store that keeps everything in memory, for tests of what stands on one; it passes the same contract. */
export class MemoryStore implements LogStore {
  readonly writer: string;
  readonly disk: MemoryDisk;
  readonly #clock: Clock;
  readonly #redact: Redact;
  hasAppended = false;
  readonly #redactors = new Map<LogName, TranscriptRedactor>();
  readonly #appends = new Exclusive();

  constructor({ clock = systemClock, redact = (text) => text, writer, disk = memoryDisk() }: MemoryStoreOptions = {}) {
    this.#clock = clock;
    this.#redact = redact;
    this.disk = disk;
    this.writer = writer ?? clock.newId();
  }

  async logs(only?: LogName[]): Promise<LogTips[]> {
    const names = [...this.disk.logs.keys()].filter((log) => only?.includes(log) ?? true);
    return names.sort().map((log) => {
      const { flushed, written } = this.disk.logs.get(log)!;
      const tips = [...flushed].map(([writer, count]): [string, string] => [
        writer,
        count.toString(16).padStart(40, '0'),
      ]);
      return {
        log,
        tips: new Map(tips),
        pending: [...written].some(([writer, count]) => flushed.get(writer) !== count),
      };
    });
  }

  async read(log: LogName): Promise<LogView> {
    assertLog(log);
    const segments = (this.disk.logs.get(log)?.lines ?? []).flatMap((line) => {
      const event = decodeEvent(line);
      return event ? [[event]] : [];
    });
    const events = mergeLanes(segments);
    const { seq, prev } = this.disk.logs.get(log)?.heads.get(this.writer) ?? { seq: 0, prev: GENESIS };
    return { log, events, head: { seq, prev, clock: events.at(-1)?.clock ?? 0 }, warnings: [] };
  }

  async fold<State>(
    log: LogName,
    initial: State,
    step: (state: State, event: LogEvent) => State,
  ): Promise<Folded<State>> {
    const { events, head, warnings } = await this.read(log);
    return { state: events.reduce(step, initial), head, warnings };
  }

  foldMany<State>(
    logs: LogName[],
    initial: State,
    step: (state: State, event: LogEvent) => State,
  ): Promise<FoldedLog<State>[]> {
    return Promise.all(logs.map(async (log) => ({ log, ...(await this.fold(log, initial, step)) })));
  }

  append(log: LogName, drafts: Draft[], expected?: Head): Promise<LogEvent[]> {
    assertLog(log);
    this.hasAppended = true;
    return this.#appends.run(async () => {
      const prepared = await Promise.all(drafts.map((draft) => prepareDraft(draft, this.#redact)));
      const { head } = await this.read(log);
      if (expected && (expected.seq !== head.seq || expected.prev !== head.prev))
        throw new AppError(
          'store.conflict',
          `${log} grew from event ${expected.seq} to ${head.seq} since it was read.`,
        );
      const lane = { log, writer: this.writer };
      const sealed = sealDrafts(prepared, { lane, head, at: this.#clock.now() });
      if (sealed.events.length === 0) return [];
      const kept = this.#log(log);
      kept.lines.push(...sealed.lines.split('\n').slice(0, -1));
      for (const { payloads } of prepared) for (const [name, bytes] of payloads) kept.payloads.set(name, bytes);
      addTo(kept.written, this.writer, sealed.events.length);
      kept.heads.set(this.writer, sealed.head);
      return sealed.events;
    });
  }

  appendTranscript(log: LogName, drafts: TranscriptDraft[]): Promise<TranscriptLine[]> {
    assertLog(log);
    return this.#appends.run(async () => {
      const kept = this.#log(log);
      const at = this.#clock.now();
      const lines: TranscriptLine[] = [];
      const redactor = this.#redactors.get(log) ?? new TranscriptRedactor(this.#redact);
      this.#redactors.set(log, redactor);
      for (const draft of drafts) {
        const clean = await redactor.line(draft);
        const n = kept.transcript.filter(({ iteration }) => iteration === clean.iteration).length + 1;
        const line = { ...clean, n, at };
        kept.transcript.push(line);
        lines.push(line);
      }
      addTo(kept.written, this.writer, lines.length);
      return lines;
    });
  }

  async flush(log: LogName, { notes = new Map(), code = [] }: Attachments = {}): Promise<boolean> {
    assertLog(log);
    for (const [commit, events] of notes)
      this.disk.notes.set(commit, mergeLanes([this.disk.notes.get(commit) ?? [], events]));
    if (code.length > 0) this.disk.code.set(log, [...new Set([...(this.disk.code.get(log) ?? []), ...code])]);
    const kept = this.disk.logs.get(log);
    const written = kept?.written.get(this.writer) ?? 0;
    const isBehind = written > (kept?.flushed.get(this.writer) ?? 0);
    if (isBehind) kept!.flushed.set(this.writer, written);
    return isBehind || notes.size > 0 || code.length > 0;
  }

  async recover(log: LogName): Promise<string[]> {
    return (await this.recoverLog(log)).warnings;
  }

  async recoverLog(log: LogName): Promise<Recovery> {
    await this.flush(log);
    return { warnings: [], tornBytes: [] };
  }

  async mended(): Promise<string[]> {
    return [];
  }

  async *transcript(log: LogName, iteration?: number, _writer?: string): AsyncGenerator<TranscriptLine> {
    for (const line of this.disk.logs.get(log)?.transcript ?? [])
      if (iteration === undefined || line.iteration === iteration) yield line;
  }

  watch(log: LogName): { look(): Promise<LogNews> } {
    let [events, lines] = [0, 0];
    return {
      look: async () => {
        const kept = this.disk.logs.get(log) ?? emptyLog();
        const fresh = kept.lines.slice(events).flatMap((line) => decodeEvent(line) ?? []);
        const news = { events: mergeLanes(fresh.map((event) => [event])), lines: kept.transcript.slice(lines) };
        [events, lines] = [kept.lines.length, kept.transcript.length];
        return news;
      },
    };
  }

  async payload(log: LogName, sha256: string): Promise<Buffer> {
    const { events } = await this.read(log);
    const found = events.flatMap(({ data }) => payloadsIn(data)).find((payload) => payload.sha256 === sha256);
    const parts = found?.parts.map((part) => this.disk.logs.get(log)?.payloads.get(part));
    const bytes = parts?.every((part) => part !== undefined) ? Buffer.concat(parts as Buffer[]) : undefined;
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
    throw new AppError('log.damaged', `Payload ${sha256} of ${log} is missing.`);
  }

  async close(): Promise<void> {
    await this.#appends.run(async () => {});
  }

  #log(log: LogName): MemoryLog {
    const known = this.disk.logs.get(log);
    if (known) return known;
    const made = emptyLog();
    this.disk.logs.set(log, made);
    return made;
  }
}
