import { join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { commitTree } from './commit-tree.ts';
import { type DiffSize, diffSize, stagedSize } from './diff.ts';
import { dirtyPaths, type Leftover } from './dirty.ts';
import { replaceFile } from './files.ts';
import { git, gitText } from './git.ts';
import type { Identity } from './identity.ts';
import { branchRef } from './ids.ts';
import { clearInProgress } from './in-progress.ts';
import { readHeadFile } from './ref-files.ts';
import { headOf, moveRef, readRef } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';
import { skippedPaths } from './skipped.ts';
import type { SkippedPath } from './snapshot-record.ts';
import { type Staged, stageAll } from './stage.ts';
import { clearStaleLock } from './stale-locks.ts';
import { stagedChanges, takeBack } from './take-back.ts';

export interface CommitOptions {
  /** Short name of the session's branch. */
  branch: string;
  /** Id of the new commit's only parent. */
  parent: string;
  message: string;
  /** Default: the user. */
  author?: Identity;
  /** Paths that stay uncommitted while their content is exactly this. */
  leaveOut: Leftover[];
  /** By the user's own gpg or ssh configuration. */
  sign?: boolean;
  /** Hears of what could not be taken in, also where nothing is committed then. */
  onSkipped?(skipped: SkippedPath[]): void;
}

export interface Committed {
  commit: string;
  tree: string;
  /** Paths that could not be taken in: too large, unreadable, no file or link, a repository of its own. */
  skipped: SkippedPath[];
  /** How much it differs from its parent. */
  size: DiffSize;
}

/** Code must be on disk before it is said to be committed; many new files are synced together. */
const DURABLE: [string, string][] = [['core.fsync', 'all']];
const DURABLE_BATCH: [string, string][] = [...DURABLE, ['core.fsyncMethod', 'batch']];

/** Locks that git leaves in a worktree's own folder when it is killed. */
const LOCKS = ['index.lock', 'HEAD.lock'];

const clearLocks = async (repo: Repository, worktree: Worktree): Promise<void> => {
  for (const name of LOCKS) {
    await clearStaleLock(repo, { path: join(worktree.gitDir, name), folders: [worktree.path, worktree.gitDir] });
  }
};

/** git refuses every work in a checkout whose HEAD says nothing. */
const mendHead = (repo: Repository, worktree: Worktree, ref: string): void => {
  if (repo.refFormat !== 'files' || readHeadFile(worktree.gitDir)) return;
  replaceFile(join(worktree.gitDir, 'HEAD'), `ref: ${ref}\n`);
};

/** Stages everything; an index that cannot be used is made anew from the parent, once. */
const stage = async (repo: Repository, worktree: Worktree, parent: string): Promise<Staged> => {
  const attempt = (): Promise<Staged | undefined> => stageAll(repo, worktree, { settings: DURABLE_BATCH });
  try {
    const staged = await attempt();
    if (staged) return staged;
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
  }
  // Without `-m` the index there is does not count, and the new one takes its place in one step.
  await git(repo, ['read-tree', parent], { worktree });
  const staged = await attempt();
  if (!staged) throw new AppError('git.failed', `The index of ${worktree.path} cannot be read.`);
  return staged;
};

const writeTree = (repo: Repository, worktree: Worktree): Promise<string> =>
  gitText(repo, ['write-tree'], { worktree, settings: DURABLE });

/**
 * Stages everything but what is to be left out, and writes the tree. With nothing to leave out, one process tells
 * whether and how much differs, while another one writes the tree.
 */
const stageWanted = async (
  repo: Repository,
  worktree: Worktree,
  { parent, leaveOut }: CommitOptions,
): Promise<{ staged: Staged; tree: string | null; size?: DiffSize }> => {
  const staged = await stage(repo, worktree, parent);
  if (leaveOut.length === 0) {
    const [size, tree] = await Promise.all([stagedSize(repo, worktree, parent), writeTree(repo, worktree)]);
    return { staged, tree: size.files === 0 ? null : tree, size };
  }
  const changes = await stagedChanges(repo, worktree, parent);
  const kept = await takeBack(repo, worktree, { changes, leaveOut });
  return { staged, tree: kept.length === 0 ? null : await writeTree(repo, worktree) };
};

/** The branch's commit when it already is the wanted one: a call before us was killed between commit and answer. */
const findMade = async (repo: Repository, tree: string, options: CommitOptions): Promise<string | undefined> => {
  const tip = await readRef(repo, branchRef(options.branch));
  if (tip === undefined || tip === options.parent) return undefined;
  const text = await gitText(repo, ['cat-file', 'commit', tip], { ok: [0, 128] });
  const [head = '', ...message] = text.split('\n\n');
  const named = head.split('\n').filter((line) => /^(tree|parent) /.test(line));
  const isSame = named.join('\n') === `tree ${tree}\nparent ${options.parent}`;
  return isSame && message.join('\n\n').trimEnd() === options.message.trimEnd() ? tip : undefined;
};

const MOVES = 20;

/** From wherever it is now: commits that the agent made itself are folded into ours. */
const moveBranch = async (repo: Repository, ref: string, to: string): Promise<void> => {
  for (let attempt = 0; attempt < MOVES; attempt++) {
    const from = (await readRef(repo, ref)) ?? null;
    if (from === to || (await moveRef(repo, ref, { to, from, reason: 'amp-sessions: iteration' }))) return;
  }
  throw new AppError('git.failed', `Another process keeps moving ${ref}.`, { hint: 'End it, then try again.' });
};

/** Puts branch and HEAD where they belong and ends what the agent left unfinished. */
const settle = async (repo: Repository, worktree: Worktree, options: { branch: string; to: string }): Promise<void> => {
  const ref = branchRef(options.branch);
  await moveBranch(repo, ref, options.to);
  const { branch } = await headOf(repo, worktree);
  if (branch === null || branchRef(branch) !== ref) {
    const args = ['symbolic-ref', '-m', 'amp-sessions: back to the session', 'HEAD', ref];
    await git(repo, args, { worktree, settings: DURABLE, trust: ['identity'] });
  }
  await clearInProgress(repo, worktree);
};

const tellSkipped = async (
  repo: Repository,
  worktree: Worktree,
  staged: Staged,
  { leaveOut, onSkipped }: CommitOptions,
): Promise<SkippedPath[]> => {
  const expected = new Set(leaveOut.map(({ path }) => path));
  const dirty = staged.complete ? [] : await dirtyPaths(repo, worktree);
  const left = dirty.map(({ path }) => path);
  const skipped = skippedPaths(repo, worktree, staged, left).filter(({ path }) => !expected.has(path));
  onSkipped?.(skipped);
  return skipped;
};

/**
 * Makes exactly one commit of everything in a worktree, except what is to be left out. Its only parent is `parent`,
 * whatever the agent did meanwhile to HEAD, the branch and the index: its own commits are folded in, an unfinished
 * merge or rebase is ended, unmerged files are what they say. Afterwards the worktree is on the branch, and its index
 * matches the commit. Killed at any moment, a second call finishes the work.
 * @returns null when there is nothing to commit; the branch is at `parent` then
 * @throws AppError git.failed, worktree.blocked when a living process holds the index
 */
export const commitWorktree = async (
  repo: Repository,
  worktree: Worktree,
  options: CommitOptions,
): Promise<Committed | null> => {
  const { branch, parent } = options;
  await clearLocks(repo, worktree);
  mendHead(repo, worktree, branchRef(branch));
  const { staged, tree, size } = await stageWanted(repo, worktree, options);
  if (tree === null) {
    await settle(repo, worktree, { branch, to: parent });
    await tellSkipped(repo, worktree, staged, options);
    return null;
  }
  const commit =
    (await findMade(repo, tree, options)) ??
    (await commitTree(repo, { ...options, worktree, tree, parents: [parent] }));
  await settle(repo, worktree, { branch, to: commit });
  return {
    commit,
    tree,
    skipped: await tellSkipped(repo, worktree, staged, options),
    size: size ?? (await diffSize(repo, parent, commit, { worktree })),
  };
};
