import type { LogEvent } from '../events/catalogue.ts';
import { decodeEvent, lineHash } from '../events/codec.ts';
import { GENESIS, type LogName, logId } from '../events/envelope.ts';
import { listBlobs, listFewBlobs, parseSegmentName, readBlobs, type Source } from './blobs.ts';
import { type LaneTips, readLaneRefs, readLaneTips } from './lane-refs.ts';
import { eachLine } from './lines.ts';
import type { LogView } from './log-store.ts';
import { mergeLanes, type Segment } from './merge-lanes.ts';
import { readWal } from './wal/wal-files.ts';

/** What the store itself wants to know about its own writer's end of a log, beside what everybody sees. */
export interface LogReading extends LogView {
  /** The last commit of our lane: what our ref names, or the end of what was packed away; null when there is none. */
  tip: string | null;
  /** The commit our ref names; null when there is none. */
  ref: string | null;
  /** Our last event that is in git. */
  flushedSeq: number;
}

/** Gathers one log's events as blobs and files come in, in any order. */
class Gathering {
  readonly segments: Segment[] = [];
  flushedSeq = 0;
  #unreadable = 0;
  #last: { seq: number; line: string } = { seq: 0, line: '' };
  readonly #log: LogName;
  readonly #writer: string | undefined;

  constructor(log: LogName, writer: string | undefined) {
    this.#log = log;
    this.#writer = writer;
  }

  add(bytes: Buffer, from: 'git' | 'wal'): void {
    const segment: LogEvent[] = [];
    let lastLine = '';
    const end = eachLine(bytes, (line) => {
      const event = line === undefined ? undefined : decodeEvent(line);
      if (line === undefined || event === undefined || event.log !== this.#log) this.#unreadable += 1;
      else {
        segment.push(event);
        lastLine = line;
      }
    });
    if (from === 'git' && end < bytes.length) this.#unreadable += 1;
    const last = segment.at(-1);
    if (last === undefined) return;
    this.segments.push(segment);
    if (last.writer !== this.#writer) return;
    if (from === 'git' && last.seq > this.flushedSeq) this.flushedSeq = last.seq;
    if (last.seq > this.#last.seq) this.#last = { seq: last.seq, line: lastLine };
  }

  finish({ tip = null, ref = null }: { tip?: string | null; ref?: string | null }): LogReading {
    const events = mergeLanes(this.segments);
    const { seq, line } = this.#last;
    const warnings =
      this.#unreadable === 0 ? [] : [`${this.#unreadable} lines of ${this.#log} are no events and were passed over.`];
    return {
      log: this.#log,
      events,
      head: { seq, prev: seq === 0 ? GENESIS : lineHash(line), clock: events.at(-1)?.clock ?? 0 },
      warnings,
      tip,
      ref,
      flushedSeq: this.flushedSeq,
    };
  }
}

const readGit = async (source: Source, logs: Map<LogName, Gathering>, refs: LaneTips): Promise<void> => {
  const byId = new Map([...logs].map(([log, gathering]) => [logId(log), gathering]));
  const owners = new Map<string, Gathering>();
  const tips = [...refs.values()].flatMap((lanes) => [...lanes.values()]);
  for (const { id, name } of (await listFewBlobs(source, tips)) ?? (await listBlobs(source.repo, tips))) {
    const segment = parseSegmentName(name);
    const owner = segment?.kind === 'events' ? byId.get(segment.id) : undefined;
    if (owner) owners.set(id, owner);
  }
  await readBlobs(source, [...owners.keys()], (id, bytes) => owners.get(id)!.add(bytes, 'git'));
};

/**
 * Reads logs with two processes however many there are, rev-list and cat-file, or with the one that runs anyway.
 * The write-ahead files come first: a flush brings lines into git before it takes them out of there.
 */
export const readLogs = async (
  source: Source,
  { logs, writer }: { logs: LogName[]; writer: string | undefined },
): Promise<LogReading[]> => {
  const gatherings = new Map(logs.map((log) => [log, new Gathering(log, writer)]));
  const { repo } = source;
  const wal = readWal(repo, 'events', new Set(logs));
  const refs = await readLaneRefs(repo, logs);
  const tips = await readLaneTips(repo, logs, refs);
  await readGit(source, gatherings, tips);
  for (const { log, bytes } of wal) gatherings.get(log)?.add(bytes, 'wal');
  return logs.map((log) => {
    const ours = (lanes: LaneTips) => (writer === undefined ? undefined : lanes.get(log)?.get(writer));
    return gatherings.get(log)!.finish({ tip: ours(tips), ref: ours(refs) });
  });
};
