import { type BatchIntent, decide, isRefusal } from '../../batch/decide.ts';
import { replay } from '../../batch/evolve.ts';
import { type Batch, initialBatch } from '../../batch/state.ts';
import { AppError } from '../../errors.ts';
import type { Draft, LogEvent } from '../../events/catalogue.ts';
import { encodeEvent, lineHash } from '../../events/codec.ts';
import type { LockHeld } from '../../process/lock.ts';
import { inTurn } from '../../process/lock-turn.ts';
import { readLaneRefs } from '../../store/lane-refs.ts';
import { eventsFile } from '../../store/layout.ts';
import type { Head } from '../../store/log-store.ts';
import { Exclusive } from '../../store/wal/exclusive.ts';
import { stampOf } from '../../store/wal/write-ahead-file.ts';
import type { Context } from '../context.ts';
import { batchLog } from './home.ts';
import { turnPath } from './locks.ts';

/** What one transaction works with: the batch as it is, which nobody else changes meanwhile. */
export interface Turn {
  readonly batch: Batch;
  /** Asks the rules and records what they answer; resolved means it is on disk. @throws AppError with the refusal's code */
  decide(intent: BatchIntent): Promise<LogEvent[]>;
  record(drafts: Draft[]): Promise<LogEvent[]>;
}

/**
 * The log of one batch, which several processes of this clone may write to: each transaction takes the batch's lock,
 * reads what others have added, decides, appends, and lets go. Nothing is flushed outside of such a turn.
 */
export interface BatchJournal {
  readonly id: string;
  /** As it was when this process last looked. */
  readonly batch: Batch;
  turn<T>(work: (turn: Turn) => Promise<T> | T): Promise<T>;
  onEvent(listener: (event: LogEvent) => void): void;
  /** Brings what is on record into git, and is not to be used afterwards. */
  close(): Promise<void>;
}

/** How long a process waits for the others' transactions; each takes milliseconds. */
const TURN_MS = 60_000;
/** Events that are on disk wait so long at most until they are in git as well. */
const FLUSH_MS = 2_000;
/** Below the size at which the store would flush by itself, outside of any turn. */
const FLUSH_BYTES = 32 * 1024;

const busy =
  (id: string) =>
  ({ holder }: LockHeld): AppError =>
    new AppError(
      'store.conflict',
      `Process ${holder.pid} on ${holder.host} has been writing to batch ${id} for a minute.`,
      {
        hint: 'Look at it, end it, then try again.',
      },
    );

class Journal implements BatchJournal {
  readonly id: string;
  batch: Batch = initialBatch;
  readonly #ctx: Context;
  readonly #turns = new Exclusive();
  readonly #listeners: ((event: LogEvent) => void)[] = [];
  #head: Head | undefined;
  /** What the log looked like from outside when we left it. */
  #seen = '';
  #flushedAt = 0;
  #isDirty = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(ctx: Context, id: string) {
    this.#ctx = ctx;
    this.id = id;
  }

  turn<T>(work: (turn: Turn) => Promise<T> | T): Promise<T> {
    const how = { command: `batch ${this.id}`, waitMs: TURN_MS, busy: busy(this.id) };
    return this.#turns.run(() =>
      inTurn(turnPath(this.#ctx, this.id), how, async () => {
        if (this.#seen === '' || this.#seen !== (await this.#look())) await this.#read();
        try {
          return await work(this.#turnOf());
        } finally {
          await this.#leave();
        }
      }),
    );
  }

  onEvent(listener: (event: LogEvent) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#isDirty) await this.turn(() => {});
  }

  #turnOf(): Turn {
    const journal = this;
    return {
      get batch() {
        return journal.batch;
      },
      decide: async (intent) => {
        const decision = decide(this.batch, intent);
        if (isRefusal(decision)) throw new AppError(decision.refused, decision.message, { hint: decision.hint });
        return this.#record(decision);
      },
      record: (drafts) => this.#record(drafts),
    };
  }

  async #record(drafts: Draft[]): Promise<LogEvent[]> {
    if (drafts.length === 0) return [];
    const events = await this.#ctx.store.append(batchLog(this.id), drafts, this.#head);
    const last = events.at(-1)!;
    this.#head = { seq: last.seq, prev: lineHash(encodeEvent(last)), clock: last.clock };
    this.batch = { ...replay(events, this.batch), id: this.id };
    this.#isDirty = true;
    for (const event of events) for (const listener of this.#listeners) listener(event);
    return events;
  }

  /** Cheap: names and sizes only. Changes with every append and flush of whatever process or sync. */
  async #look(): Promise<string> {
    const { repo, store } = this.#ctx;
    const log = batchLog(this.id);
    const refs = (await readLaneRefs(repo, [log])).get(log) ?? [];
    return JSON.stringify([stampOf(eventsFile(repo, { log, writer: store.writer })), [...refs]]);
  }

  /** What a dead process left is put in order, as other workers may die in the midst of a line. */
  async #read(): Promise<void> {
    const log = batchLog(this.id);
    for (const warning of await this.#ctx.store.recover(log)) this.#ctx.warn(warning);
    const view = await this.#ctx.store.read(log);
    for (const warning of view.warnings) this.#ctx.warn(warning);
    this.batch = { ...replay(view.events), id: this.id };
    this.#head = view.head;
    this.#isDirty = false;
  }

  /** At the end of a turn, while the lock is held: a flush beside another process's append could lose it. */
  async #leave(): Promise<void> {
    const { clock, store, repo } = this.#ctx;
    if (this.#isDirty) {
      const log = batchLog(this.id);
      const size = stampOf(eventsFile(repo, { log, writer: store.writer }))?.size ?? 0;
      if (this.#isClosed || size > FLUSH_BYTES || clock.elapsed() - this.#flushedAt > FLUSH_MS) {
        await store.flush(log);
        this.#flushedAt = clock.elapsed();
        this.#isDirty = false;
      } else this.#flushLater();
    }
    this.#seen = await this.#look();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // Whatever is wrong comes back with the next turn that is asked for.
      if (!this.#isClosed) this.turn(() => {}).catch(() => {});
    }, FLUSH_MS).unref();
  }
}

/** Opens the log of a batch; nothing is read before the first turn. */
export const openBatchJournal = (ctx: Context, id: string): BatchJournal => new Journal(ctx, id);
