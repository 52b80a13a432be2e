import type { LogEvent } from '../events/catalogue.ts';
import { decodeEvent, lineHash } from '../events/codec.ts';
import { logId } from '../events/envelope.ts';
import { eventsName, payloadName, transcriptName } from './blobs.ts';
import type { Lane } from './layout.ts';
import { eachLine } from './lines.ts';
import { BLOB_MODE, encodeTree, type TreeEntry } from './objects/encode.ts';
import type { NewObjects } from './objects/new-objects.ts';
import { payloadsIn } from './payloads.ts';

/** Events that close a session; the flush that brings one is signed, where that is wished for. */
export const CLOSING = new Set(['merge.finished', 'session.archived', 'session.removed']);

/** The acknowledged lines that one flush brings into git. */
export interface FlushContent {
  lane: Lane;
  /** Lines of events that git does not have yet; may be empty. */
  events: Buffer;
  firstSeq: number;
  lastSeq: number;
  /** Hash of the last of these lines: no line follows that would prove it. */
  head: string | null;
  transcript: Buffer;
  /** One of these events closes the session. */
  closes?: boolean;
  /** SHA-256 of the payload parts these events refer to. */
  parts: string[];
}

/** What of a write-ahead file's first lines git does not have: a process may have died between its flush and its cut. */
export const contentOf = (
  lane: Lane,
  lines: { events: Buffer; transcript: Buffer },
  flushedSeq: number,
): FlushContent => {
  let skipped = 0;
  const fresh: LogEvent[] = [];
  let last: string | undefined;
  eachLine(lines.events, (line) => {
    const event = line === undefined ? undefined : decodeEvent(line);
    if (event === undefined) throw new Error(`unreadable line in the write-ahead file of ${lane.log}`);
    if (event.seq <= flushedSeq) skipped += Buffer.byteLength(line!) + 1;
    else {
      fresh.push(event);
      last = line;
    }
  });
  const parts = fresh.flatMap((event) => payloadsIn(event.data)).flatMap((payload) => payload.parts);
  return {
    lane,
    events: lines.events.subarray(skipped),
    firstSeq: fresh[0]?.seq ?? flushedSeq + 1,
    lastSeq: fresh.at(-1)?.seq ?? flushedSeq,
    head: last === undefined ? null : lineHash(last),
    transcript: lines.transcript,
    closes: fresh.some(({ type }) => CLOSING.has(type)),
    parts: [...new Set(parts)],
  };
};

/** Message of a commit that holds lines of a log. */
export const describeLines = ({
  lane,
  events,
  firstSeq,
  lastSeq,
  head,
  transcript,
}: Omit<FlushContent, 'parts' | 'closes'>): string => {
  const what = events.length > 0 ? `events ${firstSeq}-${lastSeq}` : `transcript after event ${lastSeq}`;
  const also = events.length > 0 && transcript.length > 0 ? ' and transcript' : '';
  return [
    `${lane.log}: ${what}${also}`,
    '',
    `Amp-Log: ${lane.log}`,
    `Amp-Writer: ${lane.writer}`,
    `Amp-First-Seq: ${firstSeq}`,
    `Amp-Last-Seq: ${lastSeq}`,
    ...(head === null ? [] : [`Amp-Head: ${head}`]),
  ].join('\n');
};

export interface FlushPlan {
  content: FlushContent;
  /** The flush before; null for the first. */
  parent: string | null;
  at: string;
  /** The bytes of a payload part; undefined when an earlier flush took it. */
  part(sha256: string): Buffer | undefined;
  /** The content of the commit with a signature; undefined when there is to be none. */
  sign?(commit: { tree: Buffer; parents: string[]; at: string; message: string }): Promise<Buffer | undefined>;
}

/** Writes the flush's files, tree and commit; returns the commit. */
export const planFlush = async (
  { content, parent, at, part, sign }: FlushPlan,
  objects: NewObjects,
): Promise<string> => {
  const { lane, events, firstSeq, transcript, parts } = content;
  const tree: TreeEntry[] = [];
  const add = async (name: string, bytes: Buffer | undefined): Promise<void> => {
    if (bytes !== undefined && bytes.length > 0) tree.push({ mode: BLOB_MODE, name, id: await objects.blob(bytes) });
  };
  await add(eventsName(firstSeq, logId(lane.log)), events);
  await add(transcriptName(firstSeq, logId(lane.log)), transcript);
  for (const sha256 of parts) await add(payloadName(sha256), part(sha256));
  const id = await objects.tree(tree);
  const fields = { parents: parent === null ? [] : [parent], at, message: describeLines(content) };
  const signed = content.closes ? await sign?.({ ...fields, tree: encodeTree(tree) }) : undefined;
  return signed ? objects.rawCommit(signed) : objects.commit({ ...fields, tree: id });
};
