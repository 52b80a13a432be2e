import { type CommitInfo, isAncestor, listCommits } from '../../git/commits.ts';
import type { CatFile } from '../../git/git.ts';
import { readRef } from '../../git/refs.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Context } from '../context.ts';
import type { Credit } from './credits.ts';
import type { Facts } from './facts.ts';

/** What is on the branch itself; what was merged into it came from elsewhere. */
const onBranch = (commits: CommitInfo[], tip: string): string[] => {
  const parents = new Map(commits.map((commit) => [commit.id, commit.parents]));
  const own: string[] = [];
  for (let at: string | undefined = tip; at !== undefined && parents.has(at); at = parents.get(at)?.[0]) own.push(at);
  return own;
};

/**
 * Whose the commits are that a session's branch has since the last one on record: a person's, or while the agent runs
 * its own. What the base has too is neither's.
 */
export const unrecordedCredits = async (
  ctx: Context,
  { session }: Facts,
  { tip, reader }: { tip: string; reader: CatFile },
): Promise<Map<string, Credit>> => {
  const { id, head, base } = session;
  if (tip === head || !(await reader.object(head)) || !(await isAncestor(ctx.repo, head, tip))) return new Map();
  const branch = base === null ? undefined : await readRef(ctx.repo, `refs/heads/${base}`).catch(() => undefined);
  const commits = await listCommits(ctx.repo, { from: head, to: tip, not: branch === undefined ? [] : [branch] });
  const iteration = openIteration(session)?.iteration ?? null;
  const credit: Credit = { kind: iteration === null ? 'manual' : 'agent', session: id, iteration };
  return new Map(onBranch(commits, tip).map((commit) => [commit, credit]));
};
