import { type CommitInfo, isAncestor, listCommits } from '../git/commits.ts';
import { headOf, readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import type { Iteration } from '../session/state.ts';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';

/**
 * Commits that appeared while the agent ran: on the session's branch, and on whatever the worktree's HEAD points at
 * now. The iteration's own commit, where a crash came between it and its record, is not one of them.
 */
export const foldedCommits = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  open: Iteration,
): Promise<CommitInfo[]> => {
  const { commit } = await headOf(ctx.repo, wt);
  const tips = new Set([commit, await readRef(ctx.repo, `refs/heads/${journal.session.branch}`)]);
  const found = new Map<string, CommitInfo>();
  for (const tip of tips) {
    if (!tip || tip === open.head) continue;
    const from = (await isAncestor(ctx.repo, open.head, tip)) ? open.head : journal.session.baseCommit;
    for (const info of await listCommits(ctx.repo, { from, to: tip })) {
      const ours =
        info.trailers['Amp-Session'] === journal.id && info.trailers['Amp-Iteration'] === String(open.iteration);
      if (!ours && info.id !== open.head) found.set(info.id, info);
    }
  }
  return [...found.values()];
};
