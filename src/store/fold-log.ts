import type { LogEvent } from '../events/catalogue.ts';
import { decodeEvent, lineHash } from '../events/codec.ts';
import { GENESIS, type LogName } from '../events/envelope.ts';
import { catFileStream } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import { listBlobs, parseSegmentName } from './blobs.ts';
import { readLaneRefs } from './lane-refs.ts';
import { eachLine } from './lines.ts';
import type { Folded } from './log-store.ts';
import { readWal } from './wal/wal-files.ts';

export interface Fold<State> {
  log: LogName;
  /** Whose end of the log is asked for. */
  writer: string | undefined;
  initial: State;
  step(state: State, event: LogEvent): State;
}

/** The lines were not in one writer's order after all: only a full read can tell the order. */
class OutOfOrder extends Error {}

class Lane<State> {
  state: State;
  readonly #fold: Fold<State>;
  #last: LogEvent | undefined;
  #lastLine = '';
  #unreadable = 0;

  constructor(fold: Fold<State>) {
    this.#fold = fold;
    this.state = fold.initial;
  }

  add(bytes: Buffer): void {
    eachLine(bytes, (line) => {
      const event = line === undefined ? undefined : decodeEvent(line);
      if (event === undefined || event.log !== this.#fold.log) this.#unreadable += 1;
      else this.#take(event, line!);
    });
  }

  finish(): Folded<State> {
    const { log, writer } = this.#fold;
    const last = this.#last;
    const isOurs = last !== undefined && last.writer === writer;
    const warnings =
      this.#unreadable === 0 ? [] : [`${this.#unreadable} lines of ${log} are no events and were passed over.`];
    const [seq, prev] = isOurs ? [last.seq, lineHash(this.#lastLine)] : [0, GENESIS];
    return { state: this.state, head: { seq, prev, clock: last?.clock ?? 0 }, warnings };
  }

  #take(event: LogEvent, line: string): void {
    const last = this.#last;
    if (last !== undefined) {
      // What a dead process left in both places comes a second time at the end.
      if (event.writer === last.writer && event.seq <= last.seq) return;
      if (event.writer !== last.writer || event.seq !== last.seq + 1 || event.clock <= last.clock)
        throw new OutOfOrder();
    }
    this.#last = event;
    this.#lastLine = line;
    this.state = this.#fold.step(this.state, event);
  }
}

/**
 * Folds the log of a single writer as its blobs come in, in their order. Undefined when several wrote it, or when it
 * is not in order: then it has to be read as a whole.
 */
export const foldLane = async <State>(repo: Repository, fold: Fold<State>): Promise<Folded<State> | undefined> => {
  const wal = readWal(repo, 'events', new Set([fold.log]));
  const tips = (await readLaneRefs(repo, [fold.log])).get(fold.log) ?? new Map<string, string>();
  if (new Set([...tips.keys(), ...wal.map((file) => file.writer)]).size > 1) return undefined;
  const blobs = (await listBlobs(repo, tips.values())).flatMap(({ id, name }) => {
    const segment = parseSegmentName(name);
    return segment?.kind === 'events' ? [{ id, firstSeq: segment.firstSeq }] : [];
  });
  blobs.sort((a, b) => a.firstSeq - b.firstSeq);
  const lane = new Lane(fold);
  try {
    await catFileStream(
      repo,
      blobs.map(({ id }) => id),
      (_id, bytes) => lane.add(bytes),
    );
    for (const { bytes } of wal) lane.add(bytes);
  } catch (error) {
    if (error instanceof OutOfOrder) return undefined;
    throw error;
  }
  return lane.finish();
};
