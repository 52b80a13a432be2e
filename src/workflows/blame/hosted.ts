import { isId } from '../../git/ids.ts';
import type { Facts } from './facts.ts';
import type { Passage } from './grafts.ts';

/** More would make every look slow; a file has few such commits. */
const MOST = 20;
const MOST_TIPS = 3;

/** Newest first: what a host took in is nearly always what it was given last. */
const tipsOf = ({ session, pushed }: Facts): string[] =>
  [...new Set([...[...pushed].reverse(), session.head])].filter(isId).slice(0, MOST_TIPS);

/**
 * Commits that say they are of a session and that its log does not know: a host squashed or rebased a pull request,
 * or a person picked a commit. Their lines go on to the session's recorded tips, as far as those have them.
 */
export const passagesOfHosts = (commits: { id: string; facts: Facts }[]): Passage[] =>
  commits.slice(0, MOST).map(({ id, facts }) => ({ of: id, to: tipsOf(facts), first: false }));
