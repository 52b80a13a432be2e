import { type CommitInfo, listCommits } from '../git/commits.ts';
import { headOf, readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import type { Iteration } from '../session/state.ts';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';

/**
 * Commits that the agent made while it ran: on the session's branch, and on whatever the worktree's HEAD points at
 * now. Not its own: what refs led to before it ran (`known`: it may have rebased onto another branch), and commits of
 * the session itself (it may have rebased those, or a crash came between the iteration's commit and its record).
 */
export const agentCommits = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  open: Pick<Iteration, 'head'>,
  known: string[],
): Promise<CommitInfo[]> => {
  const { commit } = await headOf(ctx.repo, wt);
  const tips = new Set([commit, await readRef(ctx.repo, `refs/heads/${journal.session.branch}`)]);
  const found = new Map<string, CommitInfo>();
  for (const tip of tips) {
    if (!tip || tip === open.head) continue;
    for (const info of await listCommits(ctx.repo, { from: open.head, to: tip, not: known }))
      if (info.trailers['Amp-Session'] !== journal.id) found.set(info.id, info);
  }
  return [...found.values()];
};
