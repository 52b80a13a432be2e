import { commitAs, commitTree } from './commit-tree.ts';
import { mergeBase } from './history.ts';
import { type MergedTree, mergeTrees } from './merge-tree.ts';
import { type RawCommit, readRawCommits } from './read-commits.ts';
import type { Repository } from './repository.ts';
import { createRootCommit } from './root-commit.ts';

export interface Picked {
  /** The original. */
  from: string;
  /** The new one; the original itself when its parent is the right one already. */
  to: string;
}

export interface PickConflict {
  commit: string;
  merged: MergedTree;
  /** The commits after it, in order. */
  remaining: string[];
}

export interface PickResult {
  done: Picked[];
  /** Originals that change nothing any more: what they do is there already. */
  dropped: string[];
  /** The last one made; where nothing was made, what they were to stand on. */
  tip: string;
  conflict?: PickConflict;
}

export interface PickOptions {
  /** Ids, oldest first. */
  commits: string[];
  /** Id of the commit they are to stand on. */
  onto: string;
  /** By the user's own gpg or ssh configuration. */
  sign?: boolean;
}

const SUBJECT_LENGTH = 50;

/** As `git cherry-pick` calls it in conflict markers. */
const labelOf = ({ id, message }: RawCommit): string => {
  const subject = message.toString('utf8').split('\n')[0]!.trim();
  return `${id.slice(0, 12)} (${Array.from(subject).slice(0, SUBJECT_LENGTH).join('')})`;
};

interface Place {
  id: string;
  tree: string;
}

/**
 * What git makes by itself of the two sides of a merge, conflict markers among it: only what differs from that is the
 * merge's own. What came with the other side is there already, or was taken back there since.
 */
const automatic = async (repo: Repository, { parents }: RawCommit): Promise<Place | undefined> => {
  const [ours, theirs, ...more] = parents;
  if (ours === undefined || theirs === undefined || more.length > 0) return undefined;
  if ((await mergeBase(repo, ours, theirs)) === undefined) return undefined;
  const { tree } = await mergeTrees(repo, { ours, theirs });
  return { id: await commitTree(repo, { tree, parents: [ours], message: 'Merge, as git makes it' }), tree };
};

/** The tree of `tip` with the change that a commit makes to its first parent, or a merge to what git makes of both. */
const applied = async (
  repo: Repository,
  commit: RawCommit,
  parent: RawCommit | undefined,
  tip: Place,
): Promise<MergedTree> => {
  if (parent?.tree === commit.tree) return { tree: tip.tree, conflicts: [] };
  const before = (commit.parents.length > 1 && (await automatic(repo, commit))) || parent;
  if (before?.tree === commit.tree) return { tree: tip.tree, conflicts: [] };
  if (before?.tree === tip.tree) return { tree: commit.tree, conflicts: [] };
  return mergeTrees(repo, {
    ours: tip.id,
    theirs: commit.id,
    base: before?.id ?? (await createRootCommit(repo, null)),
    isOnBase: parent !== undefined && commit.parents.length === 1,
    labels: { ours: tip.id.slice(0, 12), theirs: labelOf(commit) },
  });
};

/** The commits themselves, what they are to stand on, and their first parents. At most two processes. */
const readAll = async (repo: Repository, { commits, onto }: PickOptions): Promise<Map<string, RawCommit>> => {
  const known = new Map((await readRawCommits(repo, [...commits, onto])).map((raw) => [raw.id, raw]));
  const parents = commits.map((id) => known.get(id)!.parents[0]).filter((id) => id !== undefined && !known.has(id));
  for (const raw of await readRawCommits(repo, [...new Set(parents as string[])])) known.set(raw.id, raw);
  return known;
};

/**
 * Applies commits in order on top of another one, as `git cherry-pick` does, without a worktree or a ref. Message and
 * author are kept byte for byte; the user is the committer. Of a merge is taken what somebody did in it by hand. Stops
 * at the first conflict. Three processes a commit, one where its parent has the same tree as what it is put on.
 * @throws AppError ref.missing, git.failed
 */
export const pickCommits = async (repo: Repository, options: PickOptions): Promise<PickResult> => {
  const { commits, onto, sign } = options;
  const known = await readAll(repo, options);
  const result: PickResult = { done: [], dropped: [], tip: onto };
  let tip: Place = { id: onto, tree: known.get(onto)!.tree };
  for (const [at, id] of commits.entries()) {
    const commit = known.get(id)!;
    const parent = known.get(commit.parents[0] ?? '');
    const stays = commit.parents.length === 1 && parent?.id === tip.id;
    const merged = stays ? { tree: commit.tree, conflicts: [] } : await applied(repo, commit, parent, tip);
    if (merged.conflicts.length > 0) {
      return { ...result, tip: tip.id, conflict: { commit: id, merged, remaining: commits.slice(at + 1) } };
    }
    if (!stays && merged.tree === tip.tree && parent?.tree !== commit.tree) {
      result.dropped.push(id);
      continue;
    }
    const { message, author, encoding } = commit;
    const made = { tree: merged.tree, parents: [tip.id], message, sign };
    const to = stays ? id : await commitAs(repo, made, { author, encoding });
    result.done.push({ from: id, to });
    tip = { id: to, tree: merged.tree };
  }
  return { ...result, tip: tip.id };
};
