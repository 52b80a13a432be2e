import { join } from 'node:path';
import { bringWorktree } from './bring-worktree.ts';
import { git } from './git.ts';
import { assertId } from './ids.ts';
import { type IndexEntry, readIndex } from './index-file.ts';
import type { ConflictStage, MergeConflict, MergedTree } from './merge-messages.ts';
import { pathToBytes } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { clearStaleLock } from './stale-locks.ts';
import { switchWorktree } from './switch-worktree.ts';

export { abandonConflict } from './abandon-conflict.ts';
export { conflictHunks, type OpenConflict, openConflicts } from './open-conflicts.ts';
export { resolvedTree } from './resolved-tree.ts';

const DURABLE: [string, string][] = [['core.fsync', 'all']];

const keyOf = (path: string, { stage, mode, object }: ConflictStage): string => `${stage} ${mode} ${object} ${path}`;

/** Whether an index has just these conflicts open. */
const isOpenAs = (entries: IndexEntry[], conflicts: MergeConflict[]): boolean => {
  const wanted = conflicts.flatMap(({ path, stages }) => stages.map((stage) => keyOf(path, stage)));
  const found = entries
    .filter(({ stage }) => stage > 0)
    .map(({ path, stage, mode, id }) => keyOf(path, { stage: stage as 1 | 2 | 3, mode, object: id }));
  return wanted.length > 0 && wanted.sort().join('\0') === found.sort().join('\0');
};

const openStages = async (repo: Repository, worktree: Worktree, conflicts: MergeConflict[]): Promise<void> => {
  const lines = conflicts
    .filter(({ stages }) => stages.length > 0)
    .flatMap(({ path, stages }) => {
      const name = Buffer.concat([Buffer.from('\t'), pathToBytes(path), Buffer.of(0)]);
      const added = stages.map(({ mode, object, stage }) => Buffer.from(`${mode} ${object} ${stage}`));
      return [Buffer.from(`0 ${'0'.repeat(stages[0]!.object.length)}`), ...added].flatMap((line) => [line, name]);
    });
  if (lines.length === 0) return;
  const args = ['update-index', '-z', '--index-info'];
  await git(repo, args, { worktree, stdin: Buffer.concat(lines), settings: DURABLE });
};

/**
 * Shows a conflict in a worktree, for git's own tools and for editors: the files are the merged tree with its markers,
 * HEAD is detached at `head`, and the index has the open stages. Uncommitted changes of other files stay. Killed at any
 * moment, a second call finishes it; one after the end changes nothing, whatever a person has resolved meanwhile in the
 * files.
 * @param options.from what the worktree shows now, a commit or tree
 * @throws AppError worktree.blocked when changes are in the way; nothing is changed then
 */
export const layOutConflict = async (
  repo: Repository,
  worktree: Worktree,
  options: { from: string; head: string; merged: MergedTree },
): Promise<void> => {
  const { from, head, merged } = options;
  for (const id of [from, head, merged.tree]) assertId(id);
  const folders = [worktree.path, worktree.gitDir];
  await clearStaleLock(repo, { path: join(worktree.gitDir, 'index.lock'), folders });
  // The stages come last: where they are, everything is.
  if (isOpenAs((await readIndex(repo, worktree)) ?? [], merged.conflicts)) return;
  await bringWorktree(repo, worktree, { from, to: merged.tree });
  await switchWorktree(repo, worktree, { detached: head });
  await openStages(repo, worktree, merged.conflicts);
};

/** Takes a conflict out of the index, files as they are: afterwards it says what the tree or commit says. */
export const closeConflict = async (repo: Repository, worktree: Worktree, tree: string): Promise<void> => {
  assertId(tree);
  const folders = [worktree.path, worktree.gitDir];
  await clearStaleLock(repo, { path: join(worktree.gitDir, 'index.lock'), folders });
  await git(repo, ['read-tree', tree], { worktree, settings: DURABLE });
  await git(repo, ['update-index', '-q', '--refresh'], { worktree, ok: [0, 1], settings: DURABLE });
};
