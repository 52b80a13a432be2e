import { lstatSync } from 'node:fs';
import { type CommitInfo, dirtyPaths, type Leftover, listCommits } from '../git/commits.ts';
import { onDisk } from '../git/paths.ts';
import { headOf } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import type { Iteration, Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { deadSince } from './heartbeat.ts';
import { editsAmong } from './manual-work.ts';

/** What a person did between the death of an iteration's process and now. */
export interface LaterWork {
  /** The last of their commits; null when they made none, or none that can be told apart. */
  tip: string | null;
  /** Files that they changed and did not commit. */
  edits: Leftover[];
}

const NONE: LaterWork = { tip: null, edits: [] };

/** All of them straight on top of where the agent began, and after its death. */
const isTheirs = (commits: CommitInfo[], from: string, since: number): boolean => {
  let parent = from;
  for (const { id, parents, committedAt } of commits) {
    if (parents.length !== 1 || parents[0] !== parent || Date.parse(committedAt) < since) return false;
    parent = id;
  }
  return true;
};

const changedAfter = (wt: Worktree, path: string, since: number): boolean => {
  try {
    return lstatSync(onDisk(wt.path, path)).mtimeMs >= since;
  } catch {
    // A deletion has no time; it counts as the agent's.
    return false;
  }
};

/**
 * Tells apart what a person did after an iteration's process had died, by the time of its last sign of life: commits
 * by their date, uncommitted files by theirs. A file that both changed is the person's, who changed it last. Nothing
 * is told apart when the agent's own commits lie below (they would have to be rewritten), when something of the agent
 * was still alive, or when the moment is not known.
 */
export const laterWork = async (
  ctx: Context,
  session: Session,
  wt: Worktree,
  open: Pick<Iteration, 'head'>,
): Promise<LaterWork> => {
  const since = deadSince(ctx, session.id);
  if (since === null) return NONE;
  const { commit, branch } = await headOf(ctx.repo, wt);
  if (commit === null || branch !== session.branch) return NONE;
  const commits = commit === open.head ? [] : await listCommits(ctx.repo, { from: open.head, to: commit });
  if (commit !== open.head && (commits.length === 0 || !isTheirs(commits, open.head, since))) return NONE;
  if (commits.some(({ trailers }) => trailers['Amp-Session'] === session.id)) return NONE;
  const dirty = editsAmong(await dirtyPaths(ctx.repo, wt), session.leftovers);
  return { tip: commits.at(-1)?.id ?? null, edits: dirty.filter(({ path }) => changedAfter(wt, path, since)) };
};
