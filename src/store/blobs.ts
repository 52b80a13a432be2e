import { git } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';

/** A file of a flush: `events-0000000012-k3….ndjson`, `transcript-….ndjson`, `payload-<sha256>`. */
export interface FlushBlob {
  id: string;
  name: string;
}

/** Every ref of a log and the code chains are listed and read in bounded memory; names and ids alone are small. */
const MAX_LISTING = 1 << 30;

/**
 * All files that the flushes behind these commits added, newest flush first within a chain.
 * Commits are given and blobs returned as object ids, so that nothing has to be resolved by name again.
 */
export const listBlobs = async (repo: Repository, commits: Iterable<string>): Promise<FlushBlob[]> => {
  const tips = [...commits];
  if (tips.length === 0) return [];
  const args = ['rev-list', '--objects', '--filter=object:type=blob', '--filter-provided-objects', '--stdin'];
  const { stdout } = await git(repo, args, { stdin: `${tips.join('\n')}\n`, maxBytes: MAX_LISTING });
  const blobs: FlushBlob[] = [];
  for (const line of stdout.toString('latin1').split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) blobs.push({ id: line.slice(0, space), name: line.slice(space + 1) });
  }
  return blobs;
};

/** First seq in ten digits, so that names sort as numbers do. */
const padded = (seq: number): string => String(seq).padStart(10, '0');

export const eventsName = (firstSeq: number, id: string): string => `events-${padded(firstSeq)}-${id}.ndjson`;
export const transcriptName = (firstSeq: number, id: string): string => `transcript-${padded(firstSeq)}-${id}.ndjson`;
export const payloadName = (sha256: string): string => `payload-${sha256}`;

const SEGMENT = /^(events|transcript)-(\d{10,})-(.+)\.ndjson$/;

export interface SegmentName {
  kind: 'events' | 'transcript';
  firstSeq: number;
  /** The log's id. */
  id: string;
}

export const parseSegmentName = (name: string): SegmentName | undefined => {
  const [, kind, firstSeq, id] = SEGMENT.exec(name) ?? [];
  if (kind === undefined || firstSeq === undefined || id === undefined) return undefined;
  return { kind: kind as SegmentName['kind'], firstSeq: Number(firstSeq), id };
};
