import { isAscii } from 'node:buffer';
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, readBytesIfAny, readTextIfAny } from './files.ts';
import { isFullRef, isId } from './ids.ts';

/** A ref and the object it names. */
export interface RefEntry {
  ref: string;
  id: string;
}

/** A symbolic ref may lead to another; more than this is a loop. Source: git's refs.c, SYMREF_MAXDEPTH. */
const MAX_DEPTH = 5;

const PER_CHECKOUT = /^refs\/(bisect|worktree|rewritten)\//;

/** Where the files of one checkout's refs lie. */
export interface RefPlace {
  commonDir: string;
  gitDir: string;
}

const fileOf = (place: RefPlace, ref: string): string =>
  join(!ref.startsWith('refs/') || PER_CHECKOUT.test(ref) ? place.gitDir : place.commonDir, ref);

/**
 * The refs of `packed-refs` below a prefix. Only their own part of the file is looked at, for there may be tens of
 * thousands of others. Source: gitrepository-layout(5).
 */
export const readPackedRefs = (commonDir: string, prefix: string): Map<string, string> => {
  const refs = new Map<string, string>();
  const bytes = readBytesIfAny(join(commonDir, 'packed-refs'));
  const first = bytes?.indexOf(` ${prefix}`) ?? -1;
  if (!bytes || first === -1) return refs;
  const start = bytes.lastIndexOf(0x0a, first) + 1;
  const end = bytes.indexOf(0x0a, bytes.lastIndexOf(` ${prefix}`));
  const part = bytes.subarray(start, end === -1 ? bytes.length : end);
  for (const line of part.toString(isAscii(part) ? 'latin1' : 'utf8').split('\n')) {
    const space = line.indexOf(' ');
    if ((space === 40 || space === 64) && line.startsWith(prefix, space + 1))
      refs.set(line.slice(space + 1), line.slice(0, space));
  }
  return refs;
};

const lookUpPacked = (commonDir: string, ref: string): string | undefined => {
  const bytes = readBytesIfAny(join(commonDir, 'packed-refs'));
  const at = bytes?.indexOf(` ${ref}\n`) ?? -1;
  if (!bytes || at === -1) return undefined;
  const id = bytes.toString('latin1', bytes.lastIndexOf(0x0a, at) + 1, at);
  return isId(id) ? id : undefined;
};

/** What a loose ref says: an id, or where it leads. */
const readLoose = (place: RefPlace, ref: string): { id: string } | { to: string } | undefined => {
  const text = readTextIfAny(fileOf(place, ref))?.trimEnd();
  if (text === undefined) return undefined;
  const to = /^ref:\s*(.+)$/.exec(text)?.[1];
  if (to !== undefined) return { to };
  return isId(text) ? { id: text } : undefined;
};

/**
 * Reads a ref of the files backend without starting git: loose before packed, and loose once more, as a ref may be
 * packed between the two looks.
 */
export const readRefFile = (place: RefPlace, ref: string): string | undefined => {
  let name = ref;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const loose = readLoose(place, name);
    if (loose && 'id' in loose) return loose.id;
    if (!loose) {
      const packed = lookUpPacked(place.commonDir, name);
      if (packed !== undefined) return packed;
      const again = readLoose(place, name);
      return again && 'id' in again ? again.id : undefined;
    }
    name = loose.to;
  }
  return undefined;
};

/** What HEAD of a checkout says: a branch, born or not, or a commit. */
export const readHeadFile = (gitDir: string): { ref: string } | { id: string } | undefined => {
  const loose = readLoose({ commonDir: gitDir, gitDir }, 'HEAD');
  if (!loose) return undefined;
  return 'id' in loose ? loose : { ref: loose.to };
};

const entriesOf = (dir: string): Dirent[] => {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
    throw error;
  }
};

const addLoose = (place: RefPlace, prefix: string, refs: Map<string, string>): void => {
  for (const entry of entriesOf(join(place.commonDir, prefix))) {
    const ref = `${prefix}${entry.name}`;
    if (entry.isDirectory()) addLoose(place, `${ref}/`, refs);
    else if (isFullRef(ref)) {
      const id = readRefFile(place, ref);
      if (id !== undefined) refs.set(ref, id);
    }
  }
};

/** The loose refs below a prefix, unsorted. */
export const listLooseRefs = (place: RefPlace, prefix: string): RefEntry[] => {
  const loose = new Map<string, string>();
  addLoose(place, prefix, loose);
  return Array.from(loose, ([ref, id]) => ({ ref, id }));
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** All shared refs below a prefix that ends at a slash, sorted by name. */
export const listRefFiles = (place: RefPlace, prefix: string): RefEntry[] => {
  const loose = listLooseRefs(place, prefix);
  const refs = readPackedRefs(place.commonDir, prefix);
  for (const { ref, id } of loose) refs.set(ref, id);
  const entries = Array.from(refs, ([ref, id]) => ({ ref, id }));
  return entries.sort((a, b) => compareText(a.ref, b.ref));
};

/** Differs whenever `packed-refs` is another file: git never writes into one, it puts a new one in its place. */
export const packedRefsStamp = (commonDir: string): string => {
  const stat = statSync(join(commonDir, 'packed-refs'), { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : '';
};

/** How many loose refs there are below a prefix; stops counting at `limit`. */
export const countLooseRefs = (commonDir: string, prefix: string, limit: number): number => {
  let count = 0;
  for (const entry of entriesOf(join(commonDir, prefix))) {
    count += entry.isDirectory() ? countLooseRefs(commonDir, `${prefix}${entry.name}/`, limit - count) : 1;
    if (count >= limit) break;
  }
  return count;
};
