import { mergeBase, unmergedCommits } from '../git/commits.ts';
import { containedBy } from '../git/contained.ts';
import { refsContaining } from '../git/containers.ts';
import { isFullRef } from '../git/ids.ts';
import { headOf, readRef } from '../git/refs.ts';
import { remoteNames } from '../git/remotes.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';

/** How the work of a session is in another branch, and in which. */
export interface Landed {
  /**
   * `merged`: it contains the commits. `rebased`: each has a twin there that makes the same change. `squash-merged`:
   * one commit there makes the change of all. `same-content`: merging would change nothing.
   */
  how: 'merged' | 'rebased' | 'squash-merged' | 'same-content';
  /** Short name of the branch or tag. */
  into: string;
}

export interface Whereabouts {
  landed: Landed | null;
  /** Commits that nothing else has, neither as they are nor by content. */
  unmerged: number;
  /** Remotes that have a copy of the session's own branch, and nothing more of it. */
  pushedTo: string[];
}

/** Branches that a session is compared with, at most. */
const MOST_TARGETS = 8;

const HOW = {
  ancestor: 'merged',
  rebased: 'rebased',
  squashed: 'squash-merged',
  'same-content': 'same-content',
} as const;

const shortOf = (ref: string): string => ref.replace(/^refs\/(heads|remotes|tags)\//, '');

/** The branches that the work may have gone to: where it began, where it was merged, each also at the remotes. */
const targetsOf = async (ctx: Context, session: Session): Promise<Map<string, string>> => {
  const { merged, pullRequest } = session;
  const remotes = await remoteNames(ctx.repo);
  const isBranch = session.base !== null && (await readIfRef(ctx, `refs/heads/${session.base}`)) !== undefined;
  const standing = isBranch ? null : (await headOf(ctx.repo)).branch;
  const given = [session.base, merged && shortOf(merged.target), pullRequest?.base, standing];
  const names = [...new Set(given.filter((name) => typeof name === 'string'))];
  // A base such as `origin/main` stands for `main` as well.
  const plain = names.flatMap((name) =>
    remotes.filter((at) => name.startsWith(`${at}/`)).map((at) => name.slice(at.length + 1)),
  );
  const local = [...names, ...plain].map((name) => `refs/heads/${name}`);
  const remote = names
    .flatMap((name) => [name, ...remotes.map((at) => `${at}/${name}`)])
    .map((name) => `refs/remotes/${name}`);
  const found = new Map<string, string>();
  for (const ref of new Set([...local, ...remote])) {
    const commit = ref === `refs/heads/${session.branch}` ? undefined : await readIfRef(ctx, ref);
    // Two names of one commit are one answer.
    if (commit !== undefined && ![...found.values()].includes(commit) && found.size < MOST_TARGETS)
      found.set(ref, commit);
  }
  return found;
};

const readIfRef = async (ctx: Context, ref: string): Promise<string | undefined> =>
  isFullRef(ref) ? readRef(ctx.repo, ref) : undefined;

const byContent = async (ctx: Context, tip: string, targets: Map<string, string>): Promise<Landed | null> => {
  for (const [ref, target] of targets) {
    // Nothing has come to that branch since the session left it.
    if ((await mergeBase(ctx.repo, tip, target)) === target) continue;
    const how = await containedBy(ctx.repo, { tip, target });
    if (how !== null) return { how: HOW[how], into: shortOf(ref) };
  }
  return null;
};

/**
 * Whether the work of a session is anywhere else: asked of the history first, then of the content of the branches that
 * it may have gone to. What the record says about a merge names a branch to look at, and proves nothing.
 */
export const whereabouts = async (ctx: Context, session: Session, tip: string): Promise<Whereabouts> => {
  const targets = await targetsOf(ctx, session);
  const holders = (await refsContaining(ctx.repo, tip)).filter((ref) => ref !== `refs/heads/${session.branch}`);
  const isCopy = (ref: string) => ref.startsWith('refs/remotes/') && ref.endsWith(`/${session.branch}`);
  const pushedTo = holders.filter(isCopy).map((ref) => shortOf(ref).slice(0, -session.branch.length - 1));
  const others = holders.filter((ref) => !isCopy(ref));
  const [holder] = [...targets.keys()].filter((ref) => others.includes(ref)).concat(others);
  if (holder !== undefined) return { landed: { how: 'merged', into: shortOf(holder) }, unmerged: 0, pushedTo };
  const landed = await byContent(ctx, tip, targets);
  if (landed) return { landed, unmerged: 0, pushedTo };
  return { landed, unmerged: await unmergedCommits(ctx.repo, session.branch, session.baseCommit), pushedTo };
};
