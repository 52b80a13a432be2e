import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { Draft, LogEvent } from '../events/catalogue.ts';
import type { Repository } from '../git/repository.ts';
import { type Prepared, prepareDraft, type Redact, sealDrafts } from './drafts.ts';
import { flushLane } from './flush-lane.ts';
import { LaneState } from './lane-state.ts';
import type { Lane } from './layout.ts';
import type { Attachments, Head, Recovery, TranscriptDraft, TranscriptLine } from './log-store.ts';
import type { ObjectReader } from './notes/plan-notes.ts';
import type { LogReading } from './read-logs.ts';
import type { Signing } from './sign-flush.ts';
import { encodeLine, lastNumber } from './transcript-lines.ts';
import { TranscriptRedactor } from './transcript-redactor.ts';
import { Exclusive } from './wal/exclusive.ts';
import { GroupCommit } from './wal/group-commit.ts';
import { keepPayloads } from './wal/payload-files.ts';
import { FileMoved, type Stamp } from './wal/write-ahead-file.ts';

export interface LaneDeps {
  repo: Repository;
  lane: Lane;
  clock: Clock;
  redact: Redact;
  /** Reads this log anew. */
  read(): Promise<LogReading>;
  /** A long-lived `cat-file`. */
  reader(): ObjectReader;
  signing?: Signing | undefined;
}

interface Waiting {
  drafts: Promise<Prepared[]>;
  expected: Head | undefined;
  resolve(events: LogEvent[]): void;
  reject(error: unknown): void;
}

const FLUSH_EVENTS = 64 * 1024;
const FLUSH_TRANSCRIPT = 1024 * 1024;
const FLUSH_AFTER_MS = 30_000;

const conflict = (lane: Lane, expected: Head, head: Head): AppError =>
  new AppError('store.conflict', `${lane.log} grew from event ${expected.seq} to ${head.seq} since it was read.`, {
    hint: 'Somebody else worked on it at the same time; run the command again.',
  });

/** Our own end of one log: everything this process adds to it goes through here, one thing after the other. */
export class LaneWriter {
  readonly #deps: LaneDeps;
  readonly #state: LaneState;
  readonly #redactor: TranscriptRedactor;
  /** Whatever touches files or the head. */
  readonly #disk = new Exclusive();
  readonly #flushes = new Exclusive();
  readonly #transcripts = new Exclusive();
  readonly #appends = new GroupCommit<Waiting>((batch) => this.#disk.run(() => this.#commit(batch)));
  readonly #numbers = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  /** After a flush that failed by itself, the next one waits for twice as much. */
  #patience = 1;

  constructor(deps: LaneDeps) {
    this.#deps = deps;
    this.#state = new LaneState(deps);
    this.#redactor = new TranscriptRedactor(deps.redact);
  }

  /** Counts up with every change; a reading that was begun before a change says nothing about the end any more. */
  get version(): number {
    return this.#state.version;
  }

  /** Takes over what a reading found, unless something was written meanwhile. */
  adopt(reading: LogReading, { version, stamp }: { version: number; stamp: Stamp }): void {
    if (!this.#appends.busy && !this.#disk.busy && !this.#flushes.busy && version === this.version)
      this.#state.adopt(reading, stamp);
    this.#state.sawClock(reading.head.clock);
  }

  append(drafts: Draft[], expected?: Head): Promise<LogEvent[]> {
    const prepared = Promise.all(drafts.map((draft) => prepareDraft(draft, this.#deps.redact)));
    prepared.catch(() => {});
    return new Promise((resolve, reject) => {
      this.#appends.add({ drafts: prepared, expected, resolve, reject });
    });
  }

  appendTranscript(drafts: TranscriptDraft[]): Promise<TranscriptLine[]> {
    return this.#transcripts.run(async () => {
      const clean: TranscriptDraft[] = [];
      for (const draft of drafts) clean.push(await this.#redactor.line(draft));
      return this.#disk.run(() => this.#writeLines(clean));
    });
  }

  flush(attachments?: Attachments): Promise<boolean> {
    return this.#flushes.run(async () => {
      const flushed = await flushLane({ ...this.#deps, state: this.#state, disk: this.#disk, attachments });
      this.#patience = 1;
      return flushed;
    });
  }

  async recover(): Promise<Recovery> {
    await this.#flushes.run(() => this.#disk.run(() => this.#state.load({ again: true })));
    await this.flush();
    return this.#state.takeFindings();
  }

  /** Looks at the files once more, and says what had to be put right since the last call. */
  async mended(): Promise<string[]> {
    await this.#disk.run(() => this.#state.load());
    return this.#state.takeMended();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#appends.idle();
    await this.#transcripts.run(async () => {});
    await this.#flushes.run(async () => {});
    this.#state.close();
  }

  /** One write and one sync for all that waits; each call is refused or acknowledged on its own. */
  async #commit(batch: Waiting[], tries = 2): Promise<void> {
    const sealed: { waiting: Waiting; events: LogEvent[] }[] = [];
    try {
      await this.#state.load();
      let head = this.#state.head;
      let lines = '';
      for (const waiting of batch) {
        try {
          const drafts = await waiting.drafts;
          this.#check(waiting.expected, head);
          const result = sealDrafts(drafts, { lane: this.#deps.lane, head, at: this.#deps.clock.now() });
          for (const { payloads } of drafts) keepPayloads(this.#state.payloadDir, payloads, this.#deps.clock.newId());
          ({ head } = result);
          lines += result.lines;
          sealed.push({ waiting, events: result.events });
        } catch (error) {
          waiting.reject(error);
        }
      }
      if (lines !== '') await this.#state.appendEvents(Buffer.from(lines), head);
      for (const { waiting, events } of sealed) {
        this.#noteStarts(events);
        waiting.resolve(events);
      }
      this.#afterWrite();
    } catch (error) {
      const again = sealed.length > 0 ? sealed.map(({ waiting }) => waiting) : batch;
      if (error instanceof FileMoved && tries > 1) {
        this.#state.forget();
        await this.#commit(again, tries - 1);
      } else for (const waiting of again) waiting.reject(error);
    }
  }

  #check(expected: Head | undefined, head: Head): void {
    if (expected && (expected.seq !== head.seq || expected.prev !== head.prev))
      throw conflict(this.#deps.lane, expected, head);
  }

  async #writeLines(drafts: TranscriptDraft[]): Promise<TranscriptLine[]> {
    await this.#state.load();
    const at = this.#deps.clock.now();
    const numbers = new Map<number, number>();
    const lines: TranscriptLine[] = [];
    for (const { iteration, stream, line, bytes, more } of drafts) {
      const n = (numbers.get(iteration) ?? (await this.#lastNumber(iteration))) + 1;
      numbers.set(iteration, n);
      lines.push({ iteration, n, at, stream, line, bytes, more });
    }
    await this.#state.appendTranscript(Buffer.from(lines.map((line) => `${encodeLine(line)}\n`).join('')));
    for (const [iteration, n] of numbers) this.#numbers.set(iteration, n);
    this.#afterWrite();
    return lines;
  }

  /** An iteration that begins here has no lines yet: none have to be looked for. */
  #noteStarts(events: LogEvent[]): void {
    for (const { type, data } of events) {
      const { iteration } = data as { iteration?: number };
      if (type === 'iteration.started' && iteration !== undefined && !this.#numbers.has(iteration))
        this.#numbers.set(iteration, 0);
    }
  }

  async #lastNumber(iteration: number): Promise<number> {
    const known = this.#numbers.get(iteration);
    if (known !== undefined) return known;
    const { repo, lane } = this.#deps;
    return lastNumber(repo, { log: lane.log, tip: this.#state.tip, iteration, wal: this.#state.transcriptBytes() });
  }

  #afterWrite(): void {
    const { eventBytes, transcriptSize } = this.#state;
    if (eventBytes >= FLUSH_EVENTS * this.#patience || transcriptSize >= FLUSH_TRANSCRIPT * this.#patience)
      this.#flushAlone();
    else if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#flushAlone(), FLUSH_AFTER_MS).unref();
  }

  /** A flush nobody asked for must not end the process; its trouble comes back with the next one that is asked for. */
  #flushAlone(): void {
    if (this.#flushes.busy) return;
    this.flush().catch(() => {
      this.#patience *= 2;
    });
  }
}
