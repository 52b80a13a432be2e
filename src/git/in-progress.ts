import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { lstatIfAny, readTextIfAny } from './files.ts';
import { git } from './git.ts';
import { isId } from './ids.ts';
import type { Repository, Worktree } from './repository.ts';

/** What a merge, rebase, cherry-pick, revert, bisect or notes merge leaves in a git directory while it goes on. */
const STATE = [
  'MERGE_HEAD',
  'MERGE_MSG',
  'MERGE_MODE',
  'MERGE_RR',
  'MERGE_AUTOSTASH',
  'AUTO_MERGE',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'REBASE_HEAD',
  'SQUASH_MSG',
  'BISECT_LOG',
  'BISECT_START',
  'BISECT_NAMES',
  'BISECT_TERMS',
  'BISECT_RUN',
  'BISECT_HEAD',
  'BISECT_EXPECTED_REV',
  'BISECT_ANCESTORS_OK',
  'BISECT_FIRST_PARENT',
  'NOTES_MERGE_PARTIAL',
  'NOTES_MERGE_REF',
  'NOTES_MERGE_WORKTREE',
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'refs/bisect',
  'refs/rewritten',
];

const AUTOSTASHES = ['MERGE_AUTOSTASH', 'rebase-merge/autostash', 'rebase-apply/autostash'];

/** Names among the state that are refs, and in a reftable no files. */
const STATE_REFS = ['CHERRY_PICK_HEAD', 'REVERT_HEAD', 'REBASE_HEAD', 'AUTO_MERGE', 'BISECT_HEAD'];

/** Changes that a merge or rebase put aside exist nowhere else: they go where `git rebase --quit` puts them. */
const saveAutostash = async (repo: Repository, worktree: Worktree): Promise<void> => {
  for (const name of AUTOSTASHES) {
    const id = readTextIfAny(join(worktree.gitDir, name))?.trim() ?? '';
    if (!isId(id)) continue;
    try {
      await git(repo, ['stash', 'store', '-q', '-m', 'autostash', id], { worktree, trust: ['identity'] });
    } catch (error) {
      // What it names may be gone, or never have been a stash.
      if (!isAppError(error, 'git.failed')) throw error;
    }
  }
};

const clearRefs = async (repo: Repository, worktree: Worktree): Promise<void> => {
  const stdin = STATE_REFS.map((ref) => `delete ${ref}\n`).join('');
  await git(repo, ['update-ref', '--stdin'], { worktree, stdin, ok: [0, 1, 128] });
};

/**
 * Ends whatever an agent began and did not finish in a linked worktree, without touching its files: a later
 * `git commit` there must not become a merge. Starts git only for what was put aside.
 */
export const clearInProgress = async (repo: Repository, worktree: Worktree): Promise<void> => {
  if (worktree.gitDir === repo.commonDir) return;
  const present = new Set(readdirSync(worktree.gitDir));
  const found = STATE.filter(
    (name) => present.has(name) || (name.includes('/') && lstatIfAny(join(worktree.gitDir, name))),
  );
  if (found.length > 0) await saveAutostash(repo, worktree);
  for (const name of found) rmSync(join(worktree.gitDir, name), { recursive: true, force: true });
  if (repo.refFormat === 'reftable') await clearRefs(repo, worktree);
};
