import { inShell } from '../../errors.ts';
import { isClean, obstacles } from '../../git/bring-worktree.ts';
import { checkoutsOf, stateInProgress } from '../../git/checkouts.ts';
import type { Worktree } from '../../git/repository.ts';
import { type AheadBehind, aheadBehind } from '../../git/rev-count.ts';
import type { Context } from '../context.ts';
import { counted, failed, type Gate, passed, someOf } from './gate.ts';
import { isNothing } from './landed-lines.ts';
import type { LandingPlan } from './plan.ts';
import { unendedOn } from './unended.ts';

/** Why a checkout of the target cannot be taken along; undefined when it can. */
const obstacleIn = async (ctx: Context, plan: LandingPlan, wt: Worktree): Promise<Gate | undefined> => {
  const { name, commit } = plan.target;
  const state = stateInProgress(wt);
  if (state)
    return failed('target', `${name} is checked out in ${wt.path}, in the middle of a ${state}`, {
      hint: `Finish the ${state} there, or give it up.`,
    });
  const { dirty } = await isClean(ctx.repo, wt);
  const unended = dirty.length > 0 && (await unendedOn(ctx, plan.target.ref));
  if (unended)
    return failed('target', `${name} is checked out in ${wt.path}, and ${unended.what}`, { hint: `${unended.todo}.` });
  if (dirty.length > 0)
    return failed('target', `${name} is checked out in ${wt.path} with uncommitted changes: ${someOf(dirty)}`, {
      hint: 'Commit or stash them there: a merge brings that checkout along.',
      findings: dirty.slice(0, 100).map((path) => ({ path, text: 'not committed' })),
    });
  const inTheWay = plan.conflict ? [] : await obstacles(ctx.repo, wt, { from: commit, to: plan.mergeCommit });
  if (inTheWay.length > 0)
    return failed('target', `untracked files in ${wt.path} are in the way: ${someOf(inTheWay)}`, {
      hint: 'Move them away, or commit them.',
      findings: inTheWay.slice(0, 100).map((path) => ({ path, text: 'untracked' })),
    });
  return undefined;
};

const distance = ({ target, mergeBase }: LandingPlan, { behind }: AheadBehind): string => {
  if (mergeBase === null) return `${target.name} has no history in common with the session`;
  if (behind === 0) return `${target.name} is where the session left it`;
  return `${target.name} has moved: ${counted(behind, 'commit')} that the session does not have`;
};

/** How far the session and its target are apart. */
export const distanceOf = (ctx: Context, plan: LandingPlan): Promise<AheadBehind> =>
  aheadBehind(ctx.repo, plan.tip, plan.target.commit);

/** Whether the target can take the work: how far it has moved, and the checkouts that a merge would bring along. */
export const targetGate = async (ctx: Context, plan: LandingPlan): Promise<Gate> => {
  const apart = await distanceOf(ctx, plan);
  const checkouts = await checkoutsOf(ctx.repo, plan.target.ref);
  const paths = checkouts.map((wt) => wt.path);
  if (paths.length > 1)
    return failed(
      'target',
      `${plan.target.name} is checked out in ${counted(paths.length, 'place')}: ${someOf(paths)}`,
      {
        hint: 'Leave it checked out in one of them: a merge brings along one checkout.',
      },
    );
  for (const wt of checkouts) {
    const obstacle = await obstacleIn(ctx, plan, wt);
    if (obstacle) return obstacle;
  }
  const where = checkouts.length === 0 ? 'checked out nowhere' : `checked out in ${paths[0]}`;
  return passed('target', `${distance(plan, apart)}; ${where}`);
};

/** Whether the work can be put upon the target as it is now. */
export const conflictsGate = (plan: LandingPlan, session: { id: string }): Gate => {
  const { conflict, target } = plan;
  if (isNothing(plan)) return passed('conflicts', `nothing to merge: ${target.name} has all of it`);
  if (!conflict) return passed('conflicts', 'none');
  const paths = [...new Set(conflict.conflicts.map(({ path }) => path))];
  return failed('conflicts', `${counted(paths.length, 'file')} in conflict with ${target.name}: ${someOf(paths)}`, {
    hint: `\`amp-sessions rebase ${session.id} --onto ${inShell(target.name)}\` lays the conflict out; --resolve agent gives it to the agent.`,
    findings: conflict.conflicts.map(({ path, kind }) => ({
      path,
      text: `${kind}, in commit ${conflict.commit.slice(0, 8)}`,
    })),
  });
};
