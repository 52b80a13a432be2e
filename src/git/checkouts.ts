import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, lstatIfAny, readTextIfAny } from './files.ts';
import { branchRef } from './ids.ts';
import { headOf } from './refs.ts';
import type { Repository, Worktree } from './repository.ts';

const adminNames = (repo: Repository): string[] => {
  try {
    return readdirSync(join(repo.commonDir, 'worktrees')).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
};

/** Every checkout that is there, the main one first. Those whose folder is gone are left out. */
export const listCheckouts = (repo: Repository): Worktree[] => {
  const linked = adminNames(repo).flatMap((name): Worktree[] => {
    const gitDir = join(repo.commonDir, 'worktrees', name);
    const entry = readTextIfAny(join(gitDir, 'gitdir'))?.trim();
    return entry !== undefined && lstatIfAny(entry) ? [{ path: dirname(entry), gitDir }] : [];
  });
  return repo.bare ? linked : [{ path: repo.root, gitDir: repo.commonDir }, ...linked];
};

const textOf = (worktree: Worktree, name: string): string | undefined =>
  readTextIfAny(join(worktree.gitDir, name))?.trim();

/** The branches that a rebase or bisect in a checkout will move or come back to. Source: branch.c of git. */
const busyWith = (worktree: Worktree): string[] => {
  const heads = ['rebase-merge/head-name', 'rebase-apply/head-name'].map((name) => textOf(worktree, name));
  // Of `rebase --update-refs`: a ref, where it was and where it goes to, a line each.
  const more = (textOf(worktree, 'rebase-merge/update-refs') ?? '').split('\n');
  const bisected = textOf(worktree, 'BISECT_START');
  return [...heads, ...more.filter((_, at) => at % 3 === 0), bisected && branchRef(bisected)].filter(
    (ref): ref is string => ref?.startsWith('refs/') === true,
  );
};

/**
 * Every checkout that a branch belongs to: whose HEAD it is, or where a rebase or bisect of it goes on. The main one
 * comes first. Starts git only with a reftable.
 */
export const checkoutsOf = async (repo: Repository, ref: string): Promise<Worktree[]> => {
  const found: Worktree[] = [];
  for (const worktree of listCheckouts(repo)) {
    const { branch } = await headOf(repo, worktree);
    if ((branch !== null && branchRef(branch) === ref) || busyWith(worktree).includes(ref)) found.push(worktree);
  }
  return found;
};

const STATES: [name: string, state: string][] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** `git cherry-pick` and `git revert` of several commits, between two of them. */
const sequenced = (worktree: Worktree): string | undefined => {
  const verb = /^(\w+)/.exec(textOf(worktree, 'sequencer/todo') ?? '')?.[1];
  if (verb === undefined) return undefined;
  return verb === 'revert' ? 'revert' : 'cherry-pick';
};

/**
 * What somebody began in a checkout and has not finished, as `git status` would say it. Nothing is changed.
 * @returns rebase, merge, cherry-pick, revert or bisect
 */
export const stateInProgress = (worktree: Worktree): string | undefined => {
  const present = STATES.filter(([name]) => lstatIfAny(join(worktree.gitDir, name)));
  const [first] = present.map(([, state]) => state);
  return first === undefined || first === 'bisect' ? (sequenced(worktree) ?? first) : first;
};
