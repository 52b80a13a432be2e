import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { type ConfigEntry, readPlainConfig } from './config-file.ts';
import { draftName, draftsOf, removeFolder } from './drafts.ts';
import { errorCode, lstatIfAny, readTextIfAny, syncFolder, writeNewFile } from './files.ts';
import { isInside } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { linkText, readGitFile } from './worktree-link.ts';
import { refuseBlockedPlace } from './worktree-place.ts';

const adminsOf = (repo: Repository): string => join(repo.commonDir, 'worktrees');

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
};

const adminName = (path: string): string =>
  basename(path)
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[.-]+|\.lock$|\.+$/g, '-');

/** The administrative folder whose worktree is (or was) at a path. */
export const findAdmin = (repo: Repository, path: string): string | undefined => {
  const entry = join(path, '.git');
  const linked = lstatIfAny(entry)?.isFile() ? readGitFile(entry) : undefined;
  const leadsBack = (gitDir: string): boolean => readTextIfAny(join(gitDir, 'gitdir'))?.trim() === entry;
  if (linked !== undefined && dirname(linked) === adminsOf(repo) && leadsBack(linked)) return linked;
  // Git names them after the worktree, and adds a number when that is taken.
  return namesIn(adminsOf(repo))
    .filter((name) => name.startsWith(adminName(path)))
    .map((name) => join(adminsOf(repo), name))
    .find(leadsBack);
};

/** Another checkout that is on a branch already: two on one would pull the branch from under each other. */
export const findCheckoutOf = (repo: Repository, ref: string): string | undefined => {
  for (const name of namesIn(adminsOf(repo))) {
    const gitDir = join(adminsOf(repo), name);
    if (readTextIfAny(join(gitDir, 'HEAD'))?.trim() !== `ref: ${ref}`) continue;
    const entry = readTextIfAny(join(gitDir, 'gitdir'))?.trim();
    if (entry !== undefined && lstatIfAny(entry)) return dirname(entry);
  }
  const isMain = readTextIfAny(join(repo.commonDir, 'HEAD'))?.trim() === `ref: ${ref}`;
  return isMain && !repo.bare ? repo.root : undefined;
};

const SPARSE_KEYS = new Set(['core.sparsecheckout', 'core.sparsecheckoutcone', 'index.sparse']);

const isSparseKey = ({ section, name }: ConfigEntry): boolean => SPARSE_KEYS.has(`${section}.${name}`);

/** A user who sees a part of the tree gets worktrees of that part, as `git worktree add` has it (since 2.36). */
const sparseFiles = (repo: Repository): Record<string, string> => {
  const from = repo.here?.gitDir ?? repo.commonDir;
  const patterns = readTextIfAny(join(from, 'info', 'sparse-checkout'));
  const kept = (readPlainConfig(readTextIfAny(join(from, 'config.worktree')) ?? '') ?? []).filter(isSparseKey);
  if (patterns === undefined || kept.length === 0) return {};
  const lines = kept.map(({ section, name, value }) => `[${section}]\n\t${name} = ${value}\n`);
  return { 'info/sparse-checkout': patterns, 'config.worktree': lines.join('') };
};

const writeAdmin = (folder: string, files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeNewFile(join(folder, name), text);
  }
  syncFolder(folder);
};

/** A name that is free in `worktrees/`, from the worktree's own, as git chooses it. */
const freeName = (repo: Repository, path: string, attempt: number): string => {
  const name = adminName(path);
  const taken = new Set(namesIn(adminsOf(repo)));
  let free = attempt === 0 ? name : `${name}${attempt}`;
  for (let count = attempt + 1; taken.has(free); count++) free = `${name}${count}`;
  return free;
};

/**
 * Makes the administrative folder of a new worktree appear in one step, finished: other gits, which list these
 * folders at any time, never see half of one, and no lock is needed.
 * The files are those of gitrepository-layout(5): HEAD, commondir, gitdir.
 */
export const createAdmin = (repo: Repository, path: string, ref: string): Worktree => {
  for (let attempt = 0; ; attempt++) {
    const gitDir = join(adminsOf(repo), freeName(repo, path, attempt));
    const draft = join(draftsOf(repo), draftName(basename(path), 'new'));
    removeFolder(draft);
    mkdirSync(draft);
    mkdirSync(adminsOf(repo), { recursive: true });
    const files = { HEAD: `ref: ${ref}\n`, commondir: '../..\n', gitdir: `${join(path, '.git')}\n` };
    writeAdmin(draft, { ...files, ...sparseFiles(repo) });
    // Git drops an administrative folder whose worktree has no `.git` file: that one comes first.
    rmSync(join(path, '.git'), { force: true });
    writeNewFile(join(path, '.git'), linkText(gitDir));
    syncFolder(path);
    try {
      renameSync(draft, gitDir);
      syncFolder(adminsOf(repo));
      return { path, gitDir };
    } catch (error) {
      removeFolder(draft);
      // ENOENT: `git worktree prune` takes the folder of all of them away in the moment it is empty.
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM', 'ENOENT'].includes(errorCode(error)) || attempt > 100) throw error;
    }
  }
};

/**
 * Makes the folder for a worktree, or takes an empty one, or one of ours that was not finished.
 * @returns its real path
 * @throws AppError worktree.blocked when something else is there, or a link leads out of the repository
 */
export const claimFolder = (repo: Repository, path: string): string => {
  const blocked = (what: string, hint: string): AppError =>
    new AppError('worktree.blocked', `${path} ${what}.`, { hint });
  refuseBlockedPlace(repo, path);
  mkdirSync(dirname(path), { recursive: true });
  const parent = realpathSync(dirname(path));
  const isBelowRoot = isInside(repo.root, dirname(path));
  if (isBelowRoot && parent !== dirname(path)) {
    throw blocked(
      'would lie behind a symbolic link',
      `Remove the link among the folders above it; it leads to ${parent}.`,
    );
  }
  const real = join(parent, basename(path));
  const stat = lstatIfAny(real);
  if (!stat) mkdirSync(real);
  else if (!stat.isDirectory()) throw blocked('is there already and no folder', 'Move it away.');
  else if (namesIn(real).some((name) => name !== '.git'))
    throw blocked('is there already and not empty', 'Move it away.');
  else if (lstatIfAny(join(real, '.git'))?.isDirectory()) throw blocked('is a repository already', 'Move it away.');
  syncFolder(parent);
  return real;
};

/** Takes an administrative folder out of git's sight in one step, then away. */
export const dropAdmin = (repo: Repository, gitDir: string): void => {
  const aside = join(draftsOf(repo), draftName(basename(gitDir), 'gone'));
  removeFolder(aside);
  try {
    renameSync(gitDir, aside);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  removeFolder(aside);
};
