import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { catFileStream, git } from '../git/git.ts';
import { readAhead } from '../git/read-ahead.ts';
import type { Repository } from '../git/repository.ts';
import type { ObjectReader } from './notes/plan-notes.ts';
import { decodeCommit, decodeTree } from './objects/encode.ts';

/** Where logs are read from. */
export interface Source {
  repo: Repository;
  /** A long-lived `cat-file`; undefined: it is closed. */
  reader: ObjectReader | undefined;
}

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

/** One flush: its files, and the flushes before it; undefined where a part of it is not there. */
export const readFlush = async (
  reader: ObjectReader,
  id: string,
): Promise<{ files: FlushBlob[]; parents: string[] } | undefined> => {
  const commit = await reader.object(id);
  if (commit?.type !== 'commit') return undefined;
  const { tree, parents } = decodeCommit(commit.bytes);
  const listing = await reader.object(tree);
  if (listing?.type !== 'tree') return undefined;
  return { files: decodeTree(listing.bytes, tree.length === 40 ? 'sha1' : 'sha256'), parents };
};

/** More flushes are sooner listed by a process of its own. */
const FEW_FLUSHES = 32;

/**
 * The same, asked of the long-lived `cat-file` flush by flush: of one session that spares a process.
 * @returns undefined where there are many flushes, or where history was cut off and only git knows at what
 */
export const listFewBlobs = async (
  { repo, reader }: Source,
  commits: readonly string[],
): Promise<FlushBlob[] | undefined> => {
  if (!reader || commits.length > FEW_FLUSHES || existsSync(join(repo.commonDir, 'shallow'))) return undefined;
  const blobs = new Map<string, FlushBlob>();
  const seen = new Set<string>();
  for (const waiting = [...commits]; waiting.length > 0; ) {
    const id = waiting.pop()!;
    if (seen.has(id)) continue;
    if (seen.size === FEW_FLUSHES) return undefined;
    seen.add(id);
    const flush = await readFlush(reader, id);
    if (!flush) throw new AppError('git.failed', `git cat-file: the repository has no whole flush ${id}.`);
    for (const file of flush.files) blobs.set(file.id, file);
    waiting.push(...flush.parents);
  }
  return [...blobs.values()];
};

/** So many blobs are asked of the long-lived `cat-file`, which a flush needs anyway; more are worth one of their own. */
const FEW_BLOBS = 64;

/**
 * Blobs in the order of their ids.
 * @throws AppError git.failed when one is missing
 */
export const readBlobs = async (
  { repo, reader }: Source,
  ids: string[],
  onBlob: (id: string, bytes: Buffer) => void,
): Promise<void> => {
  if (!reader || ids.length > FEW_BLOBS) return catFileStream(repo, ids, onBlob);
  let at = 0;
  for await (const object of readAhead(reader, ids)) {
    const id = ids[at++]!;
    if (!object) throw new AppError('git.failed', `git cat-file: the repository has no object ${id}.`);
    onBlob(id, object.bytes);
  }
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
