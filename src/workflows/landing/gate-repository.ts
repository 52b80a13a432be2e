import { headOf } from '../../git/refs.ts';
import type { Session } from '../../session/state.ts';
import { wayBack } from '../change-warnings.ts';
import type { Context } from '../context.ts';
import { type StandingChange, standingChanges } from '../standing-changes.ts';
import { failed, type Gate, type GateFinding, passed, someOf } from './gate.ts';
import type { LandingPlan } from './plan.ts';

const WHAT: Record<StandingChange['kind'], string> = {
  config: 'configuration of git',
  include: 'included by the configuration of git',
  hook: 'a git hook',
  attributes: 'says how git treats files',
  exclude: 'says which files git shows',
  objects: 'where git finds objects, or what history it shows',
  link: 'leads git to a repository',
  replace: 'shows another object in place of one',
  log: 'a ref of ours that could not be put back',
  branch: 'lost commits',
};

const howOf = ({ from, now }: StandingChange): string => {
  if (from === null) return 'new';
  return now === null ? 'gone' : 'changed';
};

const findingOf = (change: StandingChange): GateFinding => ({
  path: change.item,
  text: `${WHAT[change.kind]}, ${howOf(change)} since iteration ${change.iteration}`,
});

/** A branch of the user's matters where the work is to land on it; what became of others is told in the timeline. */
const concerns = (change: StandingChange, plan: LandingPlan): boolean =>
  change.kind !== 'branch' || change.item === plan.target.ref;

/** The user's own branch is the user's to put back. */
const putBackHint = async (ctx: Context, { item, from, now }: StandingChange): Promise<string> => {
  const { branch } = ctx.repo.bare ? { branch: null } : await headOf(ctx.repo);
  const head = branch === null ? '' : `ref: refs/heads/${branch}`;
  return ` What ${item.replace('refs/heads/', '')} lost: \`${wayBack(ctx, { ref: item, from: from!, to: now, head })}\``;
};

/**
 * Whether an agent left something behind in the git directory that it shares with the user, which nobody has looked at
 * since. It passes by itself once everything is as it was before.
 */
export const repositoryGate = async (ctx: Context, session: Session, plan: LandingPlan): Promise<Gate> => {
  const standing = (await standingChanges(ctx, session)).filter((change) => concerns(change, plan));
  if (standing.length === 0) return passed('repository', 'nothing beside the worktree waits to be looked at');
  const branch = standing.find(({ kind }) => kind === 'branch');
  const trust = `amp-sessions config trust --session ${session.id}`;
  const hint = `\`${trust} --dry-run\` shows what is different; without --dry-run it is taken as it is. Or change it back.`;
  const what = `changed beside the worktree while the agent ran: ${someOf(standing.map(({ item }) => item))}`;
  return failed('repository', what, {
    findings: standing.map(findingOf),
    hint: branch ? hint + (await putBackHint(ctx, branch)) : hint,
  });
};
