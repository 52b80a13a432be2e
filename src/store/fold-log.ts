import type { LogEvent } from '../events/catalogue.ts';
import { decodeEvent, lineHash } from '../events/codec.ts';
import { GENESIS, type LogName, logId } from '../events/envelope.ts';
import { listBlobs, listFewBlobs, parseSegmentName, readBlobs, type Source } from './blobs.ts';
import { type LaneTips, readLaneTips } from './lane-refs.ts';
import { eachLine } from './lines.ts';
import type { Folded } from './log-store.ts';
import { readWal, type WalFile } from './wal/wal-files.ts';

export interface Fold<State> {
  logs: LogName[];
  /** Whose ends of the logs are asked for. */
  writer: string | undefined;
  initial: State;
  step(state: State, event: LogEvent): State;
}

class Lane<State> {
  state: State;
  readonly blobs: { id: string; firstSeq: number }[] = [];
  /** The lines are not in one writer's order after all: only a full read can tell the order. */
  isOutOfOrder = false;
  readonly #log: LogName;
  readonly #fold: Fold<State>;
  #last: LogEvent | undefined;
  #lastLine = '';
  #unreadable = 0;

  constructor(log: LogName, fold: Fold<State>) {
    this.#log = log;
    this.#fold = fold;
    this.state = fold.initial;
  }

  add(bytes: Buffer): void {
    if (this.isOutOfOrder) return;
    eachLine(bytes, (line) => {
      const event = line === undefined ? undefined : decodeEvent(line);
      if (event === undefined || event.log !== this.#log) this.#unreadable += 1;
      else this.#take(event, line!);
    });
  }

  finish(): Folded<State> | undefined {
    if (this.isOutOfOrder) return undefined;
    const last = this.#last;
    const isOurs = last !== undefined && last.writer === this.#fold.writer;
    const warnings =
      this.#unreadable === 0 ? [] : [`${this.#unreadable} lines of ${this.#log} are no events and were passed over.`];
    const [seq, prev] = isOurs ? [last.seq, lineHash(this.#lastLine)] : [0, GENESIS];
    return { state: this.state, head: { seq, prev, clock: last?.clock ?? 0 }, warnings };
  }

  #take(event: LogEvent, line: string): void {
    const last = this.#last;
    if (last !== undefined) {
      // What a dead process left in both places comes a second time at the end.
      if (event.writer === last.writer && event.seq <= last.seq) return;
      if (event.writer !== last.writer || event.seq !== last.seq + 1 || event.clock <= last.clock)
        this.isOutOfOrder = true;
    }
    if (this.isOutOfOrder) return;
    this.#last = event;
    this.#lastLine = line;
    this.state = this.#fold.step(this.state, event);
  }
}

/** A lane for each log that has one writer only. */
const lanesOf = <State>(fold: Fold<State>, refs: LaneTips, wal: WalFile[]): Map<LogName, Lane<State>> => {
  const writers = new Map(fold.logs.map((log) => [log, new Set(refs.get(log)?.keys())]));
  for (const { log, writer } of wal) writers.get(log)?.add(writer);
  const single = fold.logs.filter((log) => writers.get(log)!.size <= 1);
  return new Map(single.map((log) => [log, new Lane(log, fold)]));
};

/** Finds the blobs of all lanes, each lane's own in their order. */
const findBlobs = async <State>(source: Source, lanes: Map<LogName, Lane<State>>, refs: LaneTips): Promise<void> => {
  const byId = new Map([...lanes].map(([log, lane]) => [logId(log), lane]));
  const tips = [...lanes.keys()].flatMap((log) => [...(refs.get(log)?.values() ?? [])]);
  for (const { id, name } of (await listFewBlobs(source, tips)) ?? (await listBlobs(source.repo, tips))) {
    const segment = parseSegmentName(name);
    if (segment?.kind === 'events') byId.get(segment.id)?.blobs.push({ id, firstSeq: segment.firstSeq });
  }
  for (const { blobs } of lanes.values()) blobs.sort((a, b) => a.firstSeq - b.firstSeq);
};

/**
 * Folds logs of a single writer as their blobs come in, with two processes however many there are, rev-list and
 * cat-file, or with the one that runs anyway. Undefined stands for a log that several wrote, or that is not in order: it has to be read as a whole.
 */
export const foldLanes = async <State>(
  source: Source,
  fold: Fold<State>,
): Promise<Map<LogName, Folded<State> | undefined>> => {
  const { repo } = source;
  // The write-ahead files come first: a flush brings lines into git before it takes them out of there.
  const wal = readWal(repo, 'events', new Set(fold.logs));
  const refs = await readLaneTips(repo, fold.logs);
  const lanes = lanesOf(fold, refs, wal);
  await findBlobs(source, lanes, refs);
  const owners = new Map([...lanes.values()].flatMap((lane) => lane.blobs.map(({ id }) => [id, lane] as const)));
  await readBlobs(source, [...owners.keys()], (id, bytes) => owners.get(id)!.add(bytes));
  for (const { log, bytes } of wal) lanes.get(log)?.add(bytes);
  return new Map(fold.logs.map((log) => [log, lanes.get(log)?.finish()]));
};
