import type { AppError } from '../errors.ts';
import type { Draft, LogEvent } from '../events/catalogue.ts';
import type { LogName } from '../events/envelope.ts';

/** What was read: an append names it, and is refused when this writer's end of the log has moved since. */
export interface Head {
  /** Last seq of this store's writer in the log; 0 before the first. */
  seq: number;
  /** Hash of that line; GENESIS before the first. */
  prev: string;
  /** Highest Lamport clock seen from any writer; 0 in an empty log. */
  clock: number;
}

export interface LogView {
  log: LogName;
  /** All writers' events in order, flushed or not. */
  events: LogEvent[];
  head: Head;
  /** Things a person should hear once: torn lines set aside, events of a newer version. */
  warnings: string[];
}

/** What `fold` came to. */
export interface Folded<State> {
  state: State;
  head: Head;
  warnings: string[];
}

/** One of many. */
export interface FoldedLog<State> extends Folded<State> {
  log: LogName;
  /** This log could not be read: the rest says nothing. */
  damaged?: AppError;
}

/** A line an agent (or a test command) wrote, verbatim but redacted. */
export interface TranscriptLine {
  iteration: number;
  /** Counts up within the iteration from 1. */
  n: number;
  at: string;
  stream: 'stdout' | 'stderr';
  /** The line without its newline. */
  line?: string;
  /** Base64 of the bytes, where they are not valid UTF-8 (then there is no `line`). */
  bytes?: string;
  /** A line over the size limit comes in parts, from 1; all but the last have `more`. */
  more?: true;
}

export type TranscriptDraft = Omit<TranscriptLine, 'n' | 'at'>;

/** Refs and commits that make up a log at one moment. */
export interface LogTips {
  log: LogName;
  /** Writer id to the object id of its ref; empty when nothing was flushed yet. */
  tips: Map<string, string>;
  /** True when a write-ahead file holds events that are not in git yet. */
  pending: boolean;
  /** True when our own ref is gone or not where we left it; `recover` looks closer and puts it back. */
  lost?: true;
}

/** What a flush brings along, for the price of the same few processes. */
export interface Attachments {
  /** Commit id to the events that go into its note in `refs/notes/amp`. */
  notes?: Map<string, LogEvent[]>;
  /** Commits of the session to keep reachable, oldest first (`refs/amp/code/<session>/<writer>`). */
  code?: string[];
}

/** What a dead process had left, and what was done about it. */
export interface Recovery {
  /** One sentence each, for a person. */
  warnings: string[];
  /**
   * Bytes that were no whole line, by the file that keeps them now (relative to the common git directory): one
   * `log.recovered` event each.
   */
  tornBytes: { bytes: number; quarantine: string }[];
}

/** What came into a log since the last look. */
export interface LogNews {
  events: LogEvent[];
  lines: TranscriptLine[];
}

/**
 * Keeps events. One contract test (`test/store/contract.ts`) holds for every implementation.
 * Within one process there is one store a repository; between processes the session's lock allows one writer a log.
 */
export interface LogStore {
  readonly writer: string;
  /** Something was added to a log since this store was opened. */
  readonly hasAppended: boolean;
  /**
   * Every log there is, or those of `only` that are there, with its tips. One look at the refs and one at the
   * write-ahead folder.
   */
  logs(only?: LogName[]): Promise<LogTips[]>;
  read(log: LogName): Promise<LogView>;
  /**
   * The log's events in order, one after the other, without keeping them: half the time and a tenth of the memory of
   * `read` where a log has a million. `step` may be called again from the first event, with `initial`.
   */
  fold<State>(log: LogName, initial: State, step: (state: State, event: LogEvent) => State): Promise<Folded<State>>;
  /** Folds many logs with the same few processes; the order of the answer is the order asked. */
  foldMany<State>(
    logs: LogName[],
    initial: State,
    step: (state: State, event: LogEvent) => State,
  ): Promise<FoldedLog<State>[]>;
  /**
   * Adds facts at the end. Resolved means acknowledged: redacted, written and fdatasynced.
   * Read the log after its lock is taken and before the first append: the end of the log is known from there.
   * Calls made while a sync is under way share the next one (group commit) and keep their order.
   * @throws AppError `store.conflict` when `expected` is given and is not this writer's head any more,
   *   `store.full`, `store.readonly`, `store.io`
   */
  append(log: LogName, drafts: Draft[], expected?: Head): Promise<LogEvent[]>;
  /** Adds transcript lines; written at once, made durable with the next flush. Returns them as kept (redacted). */
  appendTranscript(log: LogName, lines: TranscriptDraft[]): Promise<TranscriptLine[]>;
  /**
   * Brings what is acknowledged into git: one pack, one commit, one compare-and-swap. False when there was nothing.
   * Happens by itself at 64 KiB of events, at 1 MiB of transcript, and 30 s after the last append.
   */
  flush(log: LogName, attachments?: Attachments): Promise<boolean>;
  /** Flushes what dead processes of this writer left, cuts torn ends, restores lost refs. Returns its warnings. */
  recover(log: LogName): Promise<string[]>;
  /** The same, with figures for a `log.recovered` event. */
  recoverLog(log: LogName): Promise<Recovery>;
  /**
   * Puts right what another hand did to this log's write-ahead files or its ref while this process writes it, and says
   * what that was, since the last call: files by their path below the git directory, refs by name.
   */
  mended(log: LogName): Promise<string[]>;
  /** @param writer only what this one wrote: clones that went on apart have the same numbers */
  transcript(log: LogName, iteration?: number, writer?: string): AsyncIterable<TranscriptLine>;
  /**
   * Looks for what was acknowledged, also by other processes, since the call before; the first call gives all there
   * is. Cheap while nothing happens. `follow` is made of it.
   */
  watch(log: LogName): { look(): Promise<LogNews> };
  /** The bytes behind `{ "payload": { … } }`, which stands for a string over 64 KiB. */
  payload(log: LogName, sha256: string): Promise<Buffer>;
  /** Files held open are closed; nothing is flushed. */
  close(): Promise<void>;
}
