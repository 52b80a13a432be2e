import { chmodSync, closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, lstatIfAny, readBytesIfAny, syncFolder, writeNewFile } from './files.ts';
import { assertFullRef, assertId } from './ids.ts';
import { listLooseRefs, type RefEntry } from './ref-files.ts';
import type { Repository } from './repository.ts';
import { clearStaleLock } from './stale-locks.ts';

/** What git itself writes into the first line. Source: refs/packed-backend.c, PACKED_REFS_HEADER. */
const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';

/** The file as git left it, each ref with the lines that belong to it; undefined when it is not as git writes it today. */
const readPacked = (path: string): { header: string; refs: [ref: string, lines: string][] } | undefined => {
  const bytes = readBytesIfAny(path);
  if (!bytes) return { header: HEADER, refs: [] };
  // Bytes as they are: names may be in any encoding, and git sorts them by byte.
  const text = bytes.toString('latin1');
  const header = text.slice(0, text.indexOf('\n') + 1);
  if (!/^# pack-refs with:.* fully-peeled .*sorted /.test(header) || !text.endsWith('\n')) return undefined;
  const refs: [string, string][] = [];
  for (let at = header.length; at < text.length; ) {
    const space = text.indexOf(' ', at);
    let end = text.indexOf('\n', at) + 1;
    const ref = text.slice(space + 1, end - 1);
    while (text[end] === '^') end = text.indexOf('\n', end) + 1;
    refs.push([ref, text.slice(at, end)]);
    at = end;
  }
  return { header, refs };
};

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : a > b ? 1 : 0);

const foldersOf = (ref: string): string[] => {
  const parts = ref.split('/');
  return parts.slice(2).map((_, at) => parts.slice(0, at + 2).join('/'));
};

/** Refs that can be there beside those that are: not there yet, and in nobody's way. */
const fitting = (create: RefEntry[], there: Set<string>): RefEntry[] => {
  const folders = new Set([...there].flatMap(foldersOf));
  return create.filter(({ ref }) => {
    const above = foldersOf(ref);
    if (there.has(ref) || folders.has(ref) || above.some((name) => there.has(name))) return false;
    there.add(ref);
    for (const name of above) folders.add(name);
    return true;
  });
};

const TRIES = 200;

/** Holds the lock that git takes for this file; its owner is told from a dead one by the open file. */
const holdingLock = async <T>(repo: Repository, work: () => T): Promise<T | undefined> => {
  const path = join(repo.commonDir, 'packed-refs.lock');
  for (let tries = 0; tries < TRIES; tries++) {
    let handle: number;
    try {
      handle = openSync(path, 'wx');
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      await clearStaleLock(repo, { path, folders: [repo.root, repo.commonDir] }, 0).catch(() => sleep(25));
      continue;
    }
    try {
      return work();
    } finally {
      closeSync(handle);
      rmSync(path, { force: true });
    }
  }
  return undefined;
};

/** Under the lock: the new file beside the old one, on disk, then in its place. */
const replacePacked = (repo: Repository, text: string): void => {
  const [path, draft] = ['packed-refs', 'packed-refs.new'].map((name) => join(repo.commonDir, name)) as [
    string,
    string,
  ];
  rmSync(draft, { force: true });
  writeNewFile(draft, Buffer.from(text, 'latin1'));
  if (process.platform !== 'win32')
    chmodSync(
      draft,
      (statSync(path, { throwIfNoEntry: false }) ?? statSync(join(repo.commonDir, 'HEAD'))).mode & 0o777,
    );
  renameSync(draft, path);
  syncFolder(repo.commonDir);
};

export interface PackedChange {
  create: RefEntry[];
  /** Packed refs below this prefix go. */
  drop?: string;
}

/**
 * Makes (and drops) thousands of refs at once, as `git pack-refs` would leave them: one file, on disk before it takes
 * its place, under git's own lock. As loose files they would take git a minute to write, and slow all of git down
 * afterwards. All of them are there after a power cut, or none.
 * @param prefix all refs that are made lie below it
 * @returns names of those that were made; undefined where refs are not kept like this, or somebody keeps the lock
 */
export const changePackedRefs = async (
  repo: Repository,
  prefix: string,
  { create, drop }: PackedChange,
): Promise<Set<string> | undefined> => {
  for (const { ref, id } of create) {
    assertFullRef(ref);
    assertId(id);
  }
  const path = join(repo.commonDir, 'packed-refs');
  if (repo.refFormat !== 'files' || lstatIfAny(path)?.isSymbolicLink()) return undefined;
  const place = { commonDir: repo.commonDir, gitDir: repo.commonDir };
  return holdingLock(repo, () => {
    const packed = readPacked(path);
    if (!packed) return undefined;
    const kept = drop === undefined ? packed.refs : packed.refs.filter(([ref]) => !ref.startsWith(drop));
    const loose = listLooseRefs(place, prefix).map(({ ref }) => ref);
    const there = new Set([...loose, ...kept.flatMap(([ref]) => (ref.startsWith(prefix) ? [ref] : []))]);
    const made = fitting(create, there);
    const lines = [...kept, ...made.map(({ ref, id }): [string, string] => [ref, `${id} ${ref}\n`])].sort(byName);
    replacePacked(repo, packed.header + lines.map(([, text]) => text).join(''));
    // A loose one that came meanwhile is what git reads.
    const now = new Set(listLooseRefs(place, prefix).map(({ ref }) => ref));
    return new Set(made.flatMap(({ ref }) => (now.has(ref) ? [] : [ref])));
  });
};
