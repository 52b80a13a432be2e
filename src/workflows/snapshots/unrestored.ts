import { readRef } from '../../git/refs.ts';
import { planRestore } from '../../git/restore-files.ts';
import { readSnapshots } from '../../git/snapshot.ts';
import { treeChanges } from '../../git/tree-changes.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { standingWorktree } from '../found.ts';
import { someOf } from '../landing/gate.ts';

/**
 * What the newest snapshot has and the branch has not. An iteration begins with a commit of what people changed: after
 * one, only what a test run left is still uncommitted.
 */
const unrestored = async (ctx: Context, session: Session): Promise<{ number: number; paths: string[] } | undefined> => {
  const [newest] = await readSnapshots(ctx.repo, session.id);
  if (!newest) return undefined;
  const tip = (await readRef(ctx.repo, `refs/heads/${session.branch}`)) ?? session.head;
  const { write, remove } = await planRestore(ctx.repo, undefined, newest);
  const missing = new Set((await treeChanges(ctx.repo, tip, newest.tree)).map(({ path }) => path));
  const isOlder = session.iterations.some(({ finishedAt }) => finishedAt !== null && finishedAt > newest.at);
  const left = new Set(session.leftovers.map(({ path }) => path));
  const paths = [...write, ...remove].filter((path) => missing.has(path) && (!isOlder || left.has(path)));
  return paths.length === 0 ? undefined : { number: newest.number, paths: paths.sort() };
};

/**
 * For a verb that goes on without the session's worktree, or is about to make it anew: what was uncommitted in it is
 * not in what the verb looks at. Nothing is started where the worktree stands, was put away, or no snapshot is known.
 */
export const warnUnrestored = async (ctx: Context, session: Session): Promise<void> => {
  if (!session.snapshot || !session.hasWorktree || session.archived || session.removed) return;
  const standing = await standingWorktree(ctx, session.worktree).catch(() => null);
  if (standing !== undefined) return;
  const found = await unrestored(ctx, session);
  if (!found) return;
  const { number, paths } = found;
  ctx.warn(
    `The worktree of ${session.name} is gone, and snapshot ${number} has uncommitted work that its branch has not: ${someOf(paths)}. \`amp-sessions restore ${session.id} --snapshot ${number}\` brings it back.`,
  );
};
