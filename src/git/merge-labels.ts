import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBytesIfAny } from './files.ts';
import { catFileStream, type GitOptions, git, gitText } from './git.ts';
import { type IndexEntry, parseIndex } from './index-file.ts';
import type { MergeConflict, MergedTree } from './merge-messages.ts';
import { joinNul } from './paths.ts';
import type { Repository } from './repository.ts';

/** Git can name the sides only as it was told to find them, by their ids. */
export type SideNames = Map<string, string>;

type Place = Pick<GitOptions, 'objectDir' | 'settings'>;

const oneLine = (label: string): string => label.replaceAll(/\s*[\r\n\0]+\s*/g, ' ').trim();

const inMarkers = (bytes: Buffer, names: SideNames): Buffer => {
  const ids = [...names.keys()].join('|');
  const pattern = new RegExp(`^([<>]{2,} )(${ids})(?=[:\\r\\n]|$)`, 'gm');
  // Bytes that are no UTF-8 stay as they are.
  const name = (id: string): string => Buffer.from(oneLine(names.get(id)!)).toString('latin1');
  const text = bytes.toString('latin1').replace(pattern, (_, marker: string, id: string) => marker + name(id));
  return Buffer.from(text, 'latin1');
};

const inMessage = (message: string, names: SideNames): string => {
  let text = message;
  for (const [id, label] of names) {
    text = text.replaceAll(`~${id}`, `~${inPath(label)}`).replaceAll(id, oneLine(label));
  }
  return text;
};

/** As git itself makes a part of a file name of a branch. Source: add_flattened_path in git's merge-ort.c. */
const inPath = (label: string): string => oneLine(label).replaceAll('/', '_');

/** A file that had to move out of the way of a folder is named after its side. */
const renamed = (path: string, names: SideNames, taken: Set<string>): string => {
  const found = /^(.*)~([0-9a-f]{40,64})((?:_\d+)?)$/s.exec(path);
  const label = names.get(found?.[2] ?? '');
  if (!found || label === undefined) return path;
  const wanted = `${found[1]}~${inPath(label)}${found[3]}`;
  for (let at = 0; ; at++) {
    const free = at === 0 ? wanted : `${wanted}_${at}`;
    if (!taken.has(free)) return free;
  }
};

const indexEntries = (repo: Repository, index: string): IndexEntry[] => {
  const parsed = parseIndex(readBytesIfAny(index)!, repo.objectFormat === 'sha256' ? 32 : 20);
  return typeof parsed === 'string' ? [] : parsed;
};

/** New blobs, written by one process. @returns the new id of every old one */
const writeBlobs = async (
  repo: Repository,
  dir: string,
  blobs: Map<string, Buffer>,
  place: Place,
): Promise<Map<string, string>> => {
  if (blobs.size === 0) return new Map();
  const files = Array.from(blobs, ([id, bytes]) => {
    writeFileSync(join(dir, id), bytes);
    return join(dir, id);
  });
  const args = ['hash-object', '-w', '--no-filters', '--stdin-paths'];
  const made = (await gitText(repo, args, { ...place, stdin: `${files.join('\n')}\n` })).split('\n');
  return new Map(Array.from(blobs.keys(), (id, at) => [id, made[at]!]));
};

const relabelledBlobs = async (
  repo: Repository,
  ids: string[],
  names: SideNames,
  place: Place,
): Promise<Map<string, Buffer>> => {
  const changed = new Map<string, Buffer>();
  await catFileStream(
    repo,
    [...new Set(ids)],
    (id, bytes) => {
      const named = inMarkers(bytes, names);
      if (!named.equals(bytes)) changed.set(id, named);
    },
    place,
  );
  return changed;
};

const movedConflict = (conflict: MergeConflict, names: SideNames, moves: Map<string, string>): MergeConflict => ({
  ...conflict,
  path: moves.get(conflict.path) ?? conflict.path,
  message: inMessage(conflict.message, names),
});

/** Says labels where git said ids: in conflict markers, in names of files moved aside, and in its messages. */
export const relabel = async (
  repo: Repository,
  merged: MergedTree,
  names: SideNames,
  place: Place,
): Promise<MergedTree> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-merge-'));
  try {
    const index = join(dir, 'index');
    await git(repo, ['read-tree', merged.tree], { ...place, index });
    const entries = indexEntries(repo, index);
    const taken = new Set(entries.map(({ path }) => path));
    const open = new Set(merged.conflicts.map(({ path }) => path));
    const mine = entries.filter(({ path, mode }) => open.has(path) && mode !== '160000');
    const moves = new Map([...open].map((path) => [path, renamed(path, names, taken)]));
    const blobs = await relabelledBlobs(
      repo,
      mine.map(({ id }) => id),
      names,
      place,
    );
    const made = await writeBlobs(repo, dir, blobs, place);
    const lines = mine.flatMap(({ path, mode, id }) => [
      `0 ${'0'.repeat(id.length)}\t${path}`,
      `${mode} ${made.get(id) ?? id}\t${moves.get(path)}`,
    ]);
    await git(repo, ['update-index', '-z', '--index-info'], { ...place, index, stdin: joinNul(lines) });
    const tree = await gitText(repo, ['write-tree'], { ...place, index });
    return { tree, conflicts: merged.conflicts.map((conflict) => movedConflict(conflict, names, moves)) };
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};
