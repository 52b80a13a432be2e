import { join } from 'node:path';
import { readBytesIfAny } from './files.ts';
import { git } from './git.ts';
import { pathFromBytes, splitNul } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** One entry of an index. Source: gitformat-index(5). */
export interface IndexEntry {
  path: string;
  /** Octal, as git prints it: 100644, 100755, 120000, 160000. */
  mode: string;
  id: string;
  /** 0, or 1 to 3 while a conflict is open. */
  stage: number;
  /** `update-index --assume-unchanged`: git does not look whether the file changed. */
  assumed: boolean;
  /** `update-index --skip-worktree`, or outside a sparse checkout. */
  skipped: boolean;
}

const HEADER_BYTES = 12;
const STAT_BYTES = 40;
const MODE_AT = 24;

/** A number in git's offset encoding, and where it ends. */
const readVarint = (bytes: Buffer, start: number): { value: number; end: number } => {
  let at = start;
  let byte = bytes[at++]!;
  let value = byte & 0x7f;
  while (byte & 0x80) {
    byte = bytes[at++]!;
    value = (value + 1) * 128 + (byte & 0x7f);
  }
  return { value, end: at };
};

/** A split index keeps its entries in another file, said by the extension `link`. */
const isSplit = (bytes: Buffer, start: number, hashBytes: number): boolean => {
  for (let at = start; at + 8 <= bytes.length - hashBytes; at += 8 + bytes.readUInt32BE(at + 4)) {
    if (bytes.toString('latin1', at, at + 4) === 'link') return true;
  }
  return false;
};

/** @returns the entries; `split` when they lie in another file; `damaged` when it is no index that we can read */
export const parseIndex = (bytes: Buffer, hashBytes: number): IndexEntry[] | 'split' | 'damaged' => {
  if (bytes.length < HEADER_BYTES + hashBytes || bytes.toString('latin1', 0, 4) !== 'DIRC') return 'damaged';
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) return 'damaged';
  const entries: IndexEntry[] = [];
  let at = HEADER_BYTES;
  let name: Buffer = Buffer.alloc(0);
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const start = at;
    if (start + STAT_BYTES + hashBytes + 4 > bytes.length) return 'damaged';
    const flags = bytes.readUInt16BE(start + STAT_BYTES + hashBytes);
    const isExtended = (flags & 0x4000) !== 0;
    at = start + STAT_BYTES + hashBytes + (isExtended ? 4 : 2);
    let kept = 0;
    if (version === 4) {
      const { value, end } = readVarint(bytes, at);
      kept = name.length - value;
      at = end;
    }
    const nameEnd = bytes.indexOf(0, at);
    if (nameEnd === -1 || kept < 0) return 'damaged';
    name =
      kept > 0 ? Buffer.concat([name.subarray(0, kept), bytes.subarray(at, nameEnd)]) : bytes.subarray(at, nameEnd);
    at = version === 4 ? nameEnd + 1 : start + ((nameEnd - start + 8) & ~7);
    entries.push({
      path: pathFromBytes(name),
      mode: bytes
        .readUInt32BE(start + MODE_AT)
        .toString(8)
        .padStart(6, '0'),
      id: bytes.toString('hex', start + STAT_BYTES, start + STAT_BYTES + hashBytes),
      stage: (flags >> 12) & 3,
      assumed: (flags & 0x8000) !== 0,
      skipped: isExtended && (bytes.readUInt16BE(start + STAT_BYTES + hashBytes + 2) & 0x4000) !== 0,
    });
  }
  return isSplit(bytes, at, hashBytes) ? 'split' : entries;
};

/** `git ls-files -v -s -z`: tag, mode, id, stage, tab, name. */
const parseListing = (bytes: Buffer): IndexEntry[] =>
  splitNul(bytes).map((line) => {
    const tab = line.indexOf(0x09);
    const [tag, mode, id, stage] = line.toString('latin1', 0, tab).split(' ') as [string, string, string, string];
    return {
      path: pathFromBytes(line.subarray(tab + 1)),
      mode,
      id,
      stage: Number(stage),
      assumed: tag !== tag.toUpperCase(),
      skipped: tag.toUpperCase() === 'S',
    };
  });

/** What was read last, for as long as the bytes are the same: a command looks at one index several times. */
const known = new Map<string, { bytes: Buffer; parsed: ReturnType<typeof parseIndex> }>();
const MOST_KNOWN = 4;

const parseOnce = (file: string, bytes: Buffer, hashBytes: number): ReturnType<typeof parseIndex> => {
  const last = known.get(file);
  if (last?.bytes.equals(bytes)) return last.parsed;
  const parsed = parseIndex(bytes, hashBytes);
  known.delete(file);
  known.set(file, { bytes, parsed });
  const [oldest] = known.keys();
  if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  return parsed;
};

export const indexOf = (worktree: Worktree): string => join(worktree.gitDir, 'index');

/**
 * Every entry of a worktree's index (or of another index file), not to be changed; starts git only for a split index.
 * @returns undefined when there is none, or it is damaged
 */
export const readIndex = async (
  repo: Repository,
  worktree: Worktree,
  index?: string,
): Promise<IndexEntry[] | undefined> => {
  const file = index ?? indexOf(worktree);
  const bytes = readBytesIfAny(file);
  if (!bytes) return undefined;
  const parsed = parseOnce(file, bytes, repo.objectFormat === 'sha256' ? 32 : 20);
  if (parsed === 'damaged') return undefined;
  if (parsed !== 'split') return parsed;
  return parseListing((await git(repo, ['ls-files', '-v', '-s', '-z'], { worktree, index })).stdout);
};
