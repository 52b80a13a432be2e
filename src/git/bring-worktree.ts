import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { trackedStatus } from './dirty.ts';
import { errorCode, lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { takeFilesBack } from './half-moved.ts';
import { readIndex } from './index-file.ts';
import { isNested } from './nested.ts';
import { onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { clearStaleLock } from './stale-locks.ts';
import { type Surveyed, survey } from './survey.ts';
import { SUBMODULE, treeChanges } from './tree-changes.ts';
import { assertFiltersWork, assertWritable } from './way-clear.ts';

export { switchWorktree } from './switch-worktree.ts';

/** Ids of commits or trees. */
export interface Move {
  from: string;
  to: string;
}

const DURABLE: [string, string][] = [['core.fsync', 'all']];

const look = async (repo: Repository, worktree: Worktree, move: Move): Promise<Surveyed[]> => {
  const changes = await treeChanges(repo, move.from, move.to);
  if (changes.length === 0) return [];
  const surveyed = await survey(repo, worktree, { ...move, changes });
  const open = surveyed.filter(({ verdict }) => verdict !== 'done').map(({ change }) => change);
  assertWritable(worktree, open);
  return surveyed;
};

/** Git goes nowhere from an index in which a conflict is open. */
const openPaths = async (repo: Repository, worktree: Worktree): Promise<string[]> =>
  ((await readIndex(repo, worktree)) ?? []).filter(({ stage }) => stage > 0).map(({ path }) => path);

const inTheWay = async (repo: Repository, worktree: Worktree, surveyed: Surveyed[]): Promise<string[]> => {
  const own = surveyed.filter(({ verdict }) => verdict === 'other').map((found) => found.inTheWay);
  const open = surveyed.length === 0 ? [] : await openPaths(repo, worktree);
  return [...new Set([...own, ...open])];
};

/**
 * Paths that keep a worktree from going from one commit to another: changes of files that differ between the two, and
 * untracked files, ignored ones too, where new ones would come. Nothing is changed. What `bringWorktree` itself had
 * begun is not in the way.
 * @throws AppError ref.missing, git.failed, worktree.blocked when a folder cannot be written to
 */
export const obstacles = async (repo: Repository, worktree: Worktree, move: Move): Promise<string[]> =>
  inTheWay(repo, worktree, await look(repo, worktree, move));

/** Whether `bringWorktree` has done anything of a move; where it has not, somebody's changes are all that is there. */
export const isBegun = async (repo: Repository, worktree: Worktree, move: Move): Promise<boolean> =>
  (await look(repo, worktree, move)).some(({ verdict }) => !['old', 'rewritten', 'other'].includes(verdict));

const blocked = (worktree: Worktree, paths: string[]): AppError => {
  const named = paths.slice(0, 3).map((path) => JSON.stringify(path));
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return new AppError('worktree.blocked', `Changes in ${worktree.path} are in the way: ${named.join(', ')}${more}.`, {
    hint: 'Commit them, or move them away, then try again.',
    details: { worktree: worktree.path, paths },
  });
};

/** Takes away a folder in which there is nothing but folders. */
const removeEmpty = (folder: string | Buffer): void => {
  const below = readdirSync(folder, { withFileTypes: true, encoding: 'buffer' });
  const at = Buffer.from(folder as string);
  for (const { name } of below) {
    const path = Buffer.concat([at, Buffer.from('/'), name]);
    if (lstatIfAny(path)?.isDirectory()) removeEmpty(path);
  }
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) throw error;
  }
};

/**
 * Makes of a half-done move one that git can do: what is the old or new content already, or half of it, is taken away.
 * All of it is in the repository, and git takes a file that is not there for unchanged.
 */
const clearTheWay = (worktree: Worktree, surveyed: Surveyed[]): void => {
  const at = ({ change }: Surveyed): string | Buffer => onDisk(worktree.path, change.path);
  const isFolder = (found: Surveyed): boolean => lstatIfAny(at(found))?.isDirectory() === true;
  // What lies behind a link is none of ours.
  const begun = surveyed.filter(
    ({ verdict, change, inTheWay }) => !['old', 'done'].includes(verdict) && inTheWay === change.path,
  );
  for (const found of begun) if (found.verdict !== 'gone' && !isFolder(found)) rmSync(at(found), { force: true });
  for (const found of begun) if (isFolder(found) && !isNested(worktree, found.change.path)) removeEmpty(at(found));
};

const isStale = (error: unknown): boolean =>
  isAppError(error, 'git.failed') && /not uptodate/.test(String(error.details?.['stderr']));

const readTree = async (repo: Repository, worktree: Worktree, { from, to }: Move): Promise<void> => {
  const run = () => git(repo, ['read-tree', '-m', '-u', from, to], { worktree, settings: DURABLE });
  try {
    await run();
  } catch (error) {
    if (!isStale(error)) throw error;
    // Git goes by the times of files alone: one that was only touched looks changed until the index has been refreshed.
    await git(repo, ['update-index', '-q', '--refresh'], { worktree, ok: [0, 1], settings: DURABLE });
    await run();
  }
};

const clearLock = (repo: Repository, worktree: Worktree): Promise<void> =>
  clearStaleLock(repo, { path: join(worktree.gitDir, 'index.lock'), folders: [worktree.path, worktree.gitDir] });

const exchange = async (repo: Repository, worktree: Worktree, move: Move, before: Surveyed[]): Promise<void> => {
  try {
    await readTree(repo, worktree, move);
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    // What git said first is what matters. One that was killed left its lock, with which nothing could be taken back.
    await clearLock(repo, worktree).catch(() => {});
    await takeFilesBack(repo, worktree, { ...move, before }).catch(() => {});
    // Somebody may have changed a file in this very moment.
    const now = await obstacles(repo, worktree, move);
    throw now.length > 0 ? blocked(worktree, now) : error;
  }
};

/**
 * Takes the files and the index of a worktree from one commit or tree to another, as `git merge --ff` would: what
 * differs between the two is exchanged, everything else stays, uncommitted changes included. HEAD does not move.
 * Killed at any moment, a second call finishes it. Nothing is overwritten that is neither the old nor the new content,
 * or the beginning of the new. Three processes.
 * @throws AppError worktree.blocked with `details.paths` when somebody's changes are in the way or a folder cannot be
 *   written to, when a filter fails that is required, and when a living process holds the index; git.failed. Nothing
 *   is changed then.
 */
export const bringWorktree = async (repo: Repository, worktree: Worktree, move: Move): Promise<void> => {
  await clearLock(repo, worktree);
  const surveyed = await look(repo, worktree, move);
  if (surveyed.length === 0) return;
  const obstructing = await inTheWay(repo, worktree, surveyed);
  if (obstructing.length > 0) throw blocked(worktree, obstructing);
  const open = surveyed.filter(({ verdict }) => verdict !== 'done').map(({ change }) => change);
  if (open.length === 0) return;
  await assertFiltersWork(repo, worktree, { to: move.to, changes: open });
  clearTheWay(worktree, surveyed);
  await exchange(repo, worktree, move, surveyed);
};

/**
 * The tracked files that differ from HEAD, staged or not. A submodule that merely stands on another commit is not among
 * them: git leaves what is in it alone, and it stands so after every move of it that nobody followed.
 */
export const isClean = async (repo: Repository, worktree: Worktree): Promise<{ dirty: string[] }> => {
  const lines = await trackedStatus(repo, worktree);
  return {
    dirty: lines.filter(({ indexMode, isStaged }) => indexMode !== SUBMODULE || isStaged).map(({ path }) => path),
  };
};
