import { inShell, isAppError } from '../../errors.ts';
import { dirtyPaths } from '../../git/commits.ts';
import { headOf } from '../../git/refs.ts';
import type { Worktree } from '../../git/repository.ts';
import { ownIdentity } from '../../process/identity.ts';
import type { LockHolder } from '../../process/lock.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { standingWorktree } from '../found.ts';
import { holderOf } from '../journal.ts';
import { editsAmong } from '../manual-work.ts';
import { submoduleWork } from '../submodule-work.ts';
import { counted, failed, type Gate, passed, someOf } from './gate.ts';

/** Another process than ours that holds the session. */
export const otherHolder = (ctx: Context, id: string): LockHolder | undefined => {
  const holder = holderOf(ctx, id);
  const own = ownIdentity();
  const isOurs = holder?.pid === own.pid && holder.startTime === own.startTime && holder.host === own.host;
  return isOurs ? undefined : holder;
};

/** Something that has begun and not ended: what lands would not be all of it. */
const unfinished = (ctx: Context, session: Session): Gate | undefined => {
  const { id, name, conflict, openOperation } = session;
  const holder = otherHolder(ctx, id);
  if (holder)
    return failed('worktree', `\`${holder.command}\` works on ${name} right now (process ${holder.pid})`, {
      hint: `Wait for it, or end it with \`amp-sessions stop ${id}\`.`,
    });
  if (openOperation)
    return failed('worktree', `a ${openOperation.verb} was cut off in the middle`, {
      hint: 'The next command that changes the session finishes it or takes it back, and says which.',
    });
  if (conflict)
    return failed('worktree', `a rebase onto ${conflict.onto.name} waits for a conflict to be resolved`, {
      hint: `\`amp-sessions rebase ${id} --continue\` goes on with it, --abort gives it up.`,
      findings: conflict.conflicts.map(({ path, kind }) => ({ path, text: kind })),
    });
  const open = openIteration(session);
  if (open)
    return failed('worktree', `iteration ${open.iteration} never ended: its process died`, {
      hint: `The next command that changes the session records what it left, such as \`amp-sessions iterate ${id}\`.`,
    });
  return undefined;
};

const onOtherBranch = async (ctx: Context, session: Session, wt: Worktree): Promise<Gate | undefined> => {
  const { branch } = await headOf(ctx.repo, wt);
  if (branch === session.branch) return undefined;
  const what = branch === null ? 'a detached HEAD' : `the branch ${branch}`;
  return failed('worktree', `it has ${what} checked out, not ${session.branch}`, {
    hint: `Put it back: git -C ${inShell(wt.path)} switch ${inShell(session.branch)}`,
  });
};

const uncommitted = async (ctx: Context, session: Session, wt: Worktree): Promise<Gate | undefined> => {
  const edits = editsAmong(await dirtyPaths(ctx.repo, wt), session.leftovers);
  const inside = await submoduleWork(ctx.repo, wt);
  const paths = [...edits.map(({ path }) => path), ...inside];
  if (paths.length === 0) return undefined;
  return failed('worktree', `${counted(paths.length, 'file')} not committed: ${someOf(paths)}`, {
    hint: `Commit them in ${wt.path}, or run \`amp-sessions iterate ${session.id}\`, which records them.`,
    findings: edits.slice(0, 100).map(({ path, object }) => ({ path, text: object === null ? 'deleted' : 'changed' })),
  });
};

/** Whether all of a session's work is on its branch. What a test run left behind is nobody's work. */
export const worktreeGate = async (ctx: Context, session: Session): Promise<Gate> => {
  const open = unfinished(ctx, session);
  if (open) return open;
  try {
    const wt = await standingWorktree(ctx, session.worktree);
    if (!wt) return passed('worktree', session.archived ? 'archived' : 'there is none');
    const found = (await onOtherBranch(ctx, session, wt)) ?? (await uncommitted(ctx, session, wt));
    return found ?? passed('worktree', 'clean');
  } catch (error) {
    if (!isAppError(error, 'worktree.blocked')) throw error;
    return failed('worktree', error.message, { hint: error.hint });
  }
};
