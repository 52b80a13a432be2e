import type { LogName } from '../events/envelope.ts';
import { catFileStream } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import { type FlushBlob, listBlobs, parseSegmentName } from './blobs.ts';
import { readLaneTips } from './lane-refs.ts';
import { eachLine } from './lines.ts';
import type { TranscriptLine } from './log-store.ts';
import { readWal } from './wal/wal-files.ts';

/** Keys in a fixed order, absent ones left out. */
export const encodeLine = ({ iteration, n, at, stream, line, bytes, more }: TranscriptLine): string =>
  JSON.stringify({ iteration, n, at, stream, line, bytes, more });

const decodeLine = (line: string | undefined): TranscriptLine | undefined => {
  try {
    const value = JSON.parse(line ?? '') as TranscriptLine | null;
    return Number.isSafeInteger(value?.iteration) && Number.isSafeInteger(value?.n) ? value! : undefined;
  } catch {
    return undefined;
  }
};

export const decodeLines = (bytes: Buffer): TranscriptLine[] => {
  const lines: TranscriptLine[] = [];
  eachLine(bytes, (text) => {
    const line = decodeLine(text);
    if (line) lines.push(line);
  });
  return lines;
};

/** Transcript files of one chain of flushes, oldest first: `rev-list` has the newest first. */
const transcriptBlobs = (blobs: FlushBlob[]): FlushBlob[] =>
  blobs.filter(({ name }) => parseSegmentName(name)?.kind === 'transcript').reverse();

const MAX_TOGETHER = 64;

/** The lines in git under one writer's ref, one flush after the other. */
async function* flushedLines(repo: Repository, tip: string): AsyncGenerator<TranscriptLine[]> {
  const blobs = transcriptBlobs(await listBlobs(repo, [tip]));
  for (let start = 0; start < blobs.length; start += MAX_TOGETHER) {
    const ids = blobs.slice(start, start + MAX_TOGETHER).map(({ id }) => id);
    const found = new Map<string, TranscriptLine[]>();
    await catFileStream(repo, ids, (id, bytes) => found.set(id, decodeLines(bytes)));
    for (const id of ids) yield found.get(id) ?? [];
  }
}

/** A piece of one writer's transcript. */
export interface TranscriptPart {
  writer: string;
  lines: TranscriptLine[];
}

/**
 * A log's transcript in the order it was written, one writer after the other, each line once: a dead process may have
 * left the same lines in git and in its write-ahead file.
 */
export async function* readTranscriptParts(
  repo: Repository,
  log: LogName,
  iteration?: number,
  only?: string,
): AsyncGenerator<TranscriptPart> {
  const wal = readWal(repo, 'transcript', new Set([log]));
  const tips = (await readLaneTips(repo, [log])).get(log) ?? new Map<string, string>();
  for (const writer of new Set([...tips.keys(), ...wal.map((file) => file.writer)].sort())) {
    if (only !== undefined && writer !== only) continue;
    const seen = new Set<string>();
    const fresh = (lines: TranscriptLine[]): TranscriptPart => ({
      writer,
      lines: lines.filter((line) => {
        if (iteration !== undefined && line.iteration !== iteration) return false;
        const key = `${line.iteration} ${line.n}`;
        if (seen.has(key)) return false;
        seen.add(key);
        return true;
      }),
    });
    const tip = tips.get(writer);
    if (tip !== undefined) for await (const lines of flushedLines(repo, tip)) yield fresh(lines);
    for (const file of wal) if (file.writer === writer) yield fresh(decodeLines(file.bytes));
  }
}

/** The same, line by line. */
export async function* readTranscript(
  repo: Repository,
  log: LogName,
  iteration?: number,
  only?: string,
): AsyncGenerator<TranscriptLine> {
  for await (const { lines } of readTranscriptParts(repo, log, iteration, only)) yield* lines;
}

/** The last number a writer gave out in an iteration, so that a process that continues it goes on counting. */
export const lastNumber = async (
  repo: Repository,
  { log, tip, iteration, wal }: { log: LogName; tip: string | null; iteration: number; wal: Buffer },
): Promise<number> => {
  const highest = (lines: TranscriptLine[]): number =>
    lines.reduce((most, line) => (line.iteration === iteration ? Math.max(most, line.n) : most), 0);
  const pending = decodeLines(wal);
  const newest = tip === null ? undefined : transcriptBlobs(await listBlobs(repo, [tip])).at(-1);
  if (newest === undefined) return highest(pending);
  let flushed: TranscriptLine[] = [];
  await catFileStream(repo, [newest.id], (_id, bytes) => {
    flushed = decodeLines(bytes);
  });
  const known = Math.max(highest(pending), highest(flushed));
  if (known > 0 || (flushed.at(-1)?.iteration ?? 0) < iteration) return known;
  let last = 0;
  for await (const line of readTranscript(repo, log, iteration)) last = Math.max(last, line.n);
  return last;
};
