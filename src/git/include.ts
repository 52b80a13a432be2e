import { constants, copyFileSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode, lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { isInside, joinNul, onDisk, pathFromBytes, splitNul } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** Patterns in gitignore syntax, in the checkout itself: which ignored files a new worktree needs. */
const FILE = '.worktreeinclude';

/** Files of a checkout that are neither tracked nor wanted by git, and that the patterns name. */
const listIncluded = async (repo: Repository, from: Worktree): Promise<Buffer[]> => {
  const worktree = from;
  const args = ['ls-files', '-z', '--others', '--ignored', `--exclude-from=${join(from.path, FILE)}`];
  const named = splitNul((await git(repo, args, { worktree })).stdout);
  // A repository inside is named with a slash at its end, and is not looked into.
  const files = named.filter((path) => path.at(-1) !== 0x2f);
  return ignoredAmong(repo, worktree, files);
};

/** Those of some paths that a checkout's own rules ignore. */
const ignoredAmong = async (repo: Repository, worktree: Worktree, paths: Buffer[]): Promise<Buffer[]> => {
  if (paths.length === 0) return [];
  // This command takes no literal pathspecs; behind `./` nothing is magic.
  const here = Buffer.from('./');
  const stdin = joinNul(paths.map((path) => Buffer.concat([here, path])));
  const options = { worktree, stdin, ok: [0, 1], env: { GIT_LITERAL_PATHSPECS: '0' } };
  const ignored = splitNul((await git(repo, ['check-ignore', '-z', '--stdin'], options)).stdout);
  return ignored.map((path) => path.subarray(here.length));
};

/** Whether no link or file stands where a folder above the path has to be; git refuses to look behind a link. */
const isReachable = (root: string, path: string): boolean => {
  const parts = path.split('/').slice(0, -1);
  return parts.every((_, at) => lstatIfAny(onDisk(root, parts.slice(0, at + 1).join('/')))?.isDirectory() !== false);
};

/** Whether every folder above a file is a real one, made when it is missing. */
const makeFolders = (root: string, path: string): boolean => {
  const parts = path.split('/').slice(0, -1);
  return parts.every((_, at) => {
    const folder = onDisk(root, parts.slice(0, at + 1).join('/'));
    const stat = lstatIfAny(folder);
    if (!stat) mkdirSync(folder);
    return !stat || stat.isDirectory();
  });
};

const staysInside = (root: string, path: string, target: string): boolean => {
  if (/\p{Surrogate}/u.test(path)) return false;
  try {
    return isInside(root, realpathSync(resolve(dirname(join(root, path)), target)));
  } catch {
    return false;
  }
};

const copyOne = (from: Worktree, to: Worktree, path: string): boolean => {
  const source = onDisk(from.path, path);
  const target = onDisk(to.path, path);
  const stat = lstatIfAny(source);
  if (!stat || lstatIfAny(target) || !makeFolders(to.path, path)) return false;
  try {
    if (stat.isFile()) {
      copyFileSync(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      return true;
    }
    const link = stat.isSymbolicLink() ? readlinkSync(source) : undefined;
    if (link === undefined || link.startsWith('/') || !staysInside(from.path, path, link)) return false;
    symlinkSync(link, target);
    return true;
  } catch (error) {
    // Unreadable files stay behind; the list of what was copied tells.
    if (['EACCES', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errorCode(error))) return false;
    throw error;
  }
};

/**
 * Copies the ignored files that a tree needs to run, `.env` and the like, as `.worktreeinclude` of the checkout names
 * them. Nothing is overwritten, no link is followed out of the checkout. What the new worktree, on another commit,
 * does not ignore stays behind: it would be committed there. Three processes; none without the file.
 * @returns the paths that were copied
 */
export const copyIncluded = async (repo: Repository, from: Worktree, to: Worktree): Promise<string[]> => {
  if (!lstatIfAny(join(from.path, FILE))?.isFile()) return [];
  const named = (await listIncluded(repo, from)).filter((path) => isReachable(to.path, pathFromBytes(path)));
  const included = await ignoredAmong(repo, to, named);
  return included.map(pathFromBytes).filter((path) => copyOne(from, to, path));
};
