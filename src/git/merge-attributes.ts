import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { catFileStream, type GitOptions, git } from './git.ts';
import { onDisk, pathFromBytes, splitNul } from './paths.ts';
import type { Repository } from './repository.ts';

const NAME = '.gitattributes';

/** Attributes that have a say in merging; a macro may hide them. Source: gitattributes(5). */
const MATTERS = /merge|binary|conflict-marker-size|\[attr\]/;

const foldersOf = (paths: string[]): string[] => {
  const folders = new Set(['']);
  for (const path of paths)
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at + 1));
  return [...folders];
};

/** The attribute files of a commit that hold for some paths, by their own paths. Folders of odd bytes are passed over. */
const findFiles = async (
  repo: Repository,
  commit: string,
  paths: string[],
  place: Pick<GitOptions, 'objectDir' | 'alternates'>,
): Promise<Map<string, string>> => {
  const wanted = foldersOf(paths).filter((folder) => !/\p{Surrogate}/u.test(folder));
  const names = wanted.map((folder) => `${folder}${NAME}`);
  const { stdout } = await git(repo, ['ls-tree', '-z', '--full-tree', commit, '--', ...names], place);
  const found = new Map<string, string>();
  for (const line of splitNul(stdout)) {
    const tab = line.indexOf(0x09);
    const [mode, , id] = line.toString('latin1', 0, tab).split(' ');
    // Git does not follow an attribute file that is a link.
    if (mode?.startsWith('100')) found.set(pathFromBytes(line.subarray(tab + 1)), id!);
  }
  return found;
};

/**
 * Git reads attributes from files only (up to 2.40), and a merge without a worktree has none. Lays those of a commit
 * that decide how some paths are merged into a folder, for the time of `work`.
 * @returns undefined, and nothing is done, when no attribute has a say
 */
export const withAttributes = async <T>(
  repo: Repository,
  options: { commit: string; paths: string[] },
  place: Pick<GitOptions, 'objectDir' | 'alternates'>,
  work: (folder: string) => Promise<T>,
): Promise<T | undefined> => {
  if (options.paths.length === 0) return undefined;
  const files = await findFiles(repo, options.commit, options.paths, place);
  const texts = new Map<string, Buffer>();
  await catFileStream(repo, [...new Set(files.values())], (id, bytes) => texts.set(id, bytes), place);
  if (![...texts.values()].some((bytes) => MATTERS.test(bytes.toString('latin1')))) return undefined;
  const dir = mkdtempSync(join(tmpdir(), 'amp-attributes-'));
  try {
    for (const [path, id] of files) {
      mkdirSync(join(dir, dirname(path)), { recursive: true });
      writeFileSync(onDisk(dir, path), texts.get(id)!);
    }
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};
