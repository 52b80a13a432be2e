import { isAncestor } from '../../git/commits.ts';
import { isId } from '../../git/ids.ts';
import type { Context } from '../context.ts';
import type { Facts } from './facts.ts';
import type { ParentsOf, Passage } from './grafts.ts';

/** Looking where a commit came from takes a process each; a file has few such commits. */
const MOST = 20;
const MOST_TIPS = 3;

/** Newest first: what a host took in is nearly always what it was given last. */
const tipsOf = ({ session, pushed }: Facts): string[] =>
  [...new Set([...[...pushed].reverse(), session.head])].filter(isId).slice(0, MOST_TIPS);

const isFree = async (ctx: Context, commit: string, tip: string): Promise<boolean> =>
  tip !== commit && !(await isAncestor(ctx.repo, commit, tip));

/**
 * Commits that say they are of a session and that its log does not know: a host squashed or rebased a pull request,
 * or a person picked a commit. Their lines go on to the session's recorded tips, as far as those have them.
 */
export const passagesOfHosts = async (
  ctx: Context,
  commits: { id: string; facts: Facts }[],
  parentsOf: ParentsOf,
): Promise<Passage[]> => {
  const passages: Passage[] = [];
  for (const { id, facts } of commits.slice(0, MOST)) {
    const to: string[] = [];
    for (const tip of tipsOf(facts)) if ((await parentsOf(tip)) && (await isFree(ctx, id, tip))) to.push(tip);
    if (to.length > 0) passages.push({ of: id, to, first: false });
  }
  return passages;
};
