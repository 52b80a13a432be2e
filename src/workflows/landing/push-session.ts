import { AppError, inShell } from '../../errors.ts';
import type { LogEvent } from '../../events/catalogue.ts';
import { sessionLog } from '../../events/envelope.ts';
import { chosenRemotes, findRemote, type Pushed, pushBranch, type Remote, remoteNames } from '../../git/remotes.ts';
import type { Context } from '../context.ts';
import type { Journal } from '../journal.ts';
import { mayRunPushHook } from '../user-hooks.ts';

/** A session, and the way to add to its record. */
export type OwnRecord = Pick<Journal, 'id' | 'session' | 'record'>;

/** Where a session's branch is pushed, and whose branch is to take it. */
export interface PushPlace {
  remote: Remote;
  /** The remote that has the base; another one when the push goes to a fork. */
  upstream: Remote;
}

const ambiguous = (names: string[]): AppError =>
  new AppError('remote.ambiguous', `There are several remotes (${names.join(', ')}), and none is the one to push to.`, {
    hint: `Say which with --remote ${names[0]}, or once for all with \`git config remote.pushDefault ${names[0]}\`.`,
  });

/**
 * The remote that the user's own push would take: what the configuration says, else `origin`, else the only one.
 * @throws AppError remote.missing, remote.ambiguous
 */
export const choosePlace = async (ctx: Context, base: string, given?: string): Promise<PushPlace> => {
  const names = await remoteNames(ctx.repo);
  const [first, second] = names;
  if (first === undefined)
    throw new AppError('remote.missing', `${ctx.repo.root} has no remote, so there is nowhere to push.`, {
      hint: 'Add one with `git remote add origin <url>`, or merge here, without --pr.',
    });
  const { push, pull } = await chosenRemotes(ctx.repo, base);
  const usual = names.includes('origin') ? 'origin' : second === undefined ? first : undefined;
  const name = given ?? push ?? pull ?? usual;
  if (name === undefined) throw ambiguous(names);
  const remote = await findRemote(ctx.repo, name);
  const isFork = given === undefined && pull !== undefined && pull !== name && names.includes(pull);
  return { remote, upstream: isFork ? await findRemote(ctx.repo, pull) : remote };
};

const lastPushed = async (ctx: Context, id: string, at: { remote: string; branch: string }) => {
  const step = (state: string | undefined, { type, data }: LogEvent): string | undefined => {
    const event = data as { remote?: string; branch?: string; commit?: string };
    return type === 'branch.pushed' && event.remote === at.remote && event.branch === at.branch ? event.commit : state;
  };
  return (await ctx.store.fold(sessionLog(id), undefined as string | undefined, step)).state;
};

const refusal = ({ said }: Pushed): AppError =>
  new AppError('hook.failed', `Your hook pre-push refused the push${said ? `: ${said}` : '.'}`, {
    hint: 'Nothing was pushed. Do what it asks for, then run the command again.',
  });

const rejection = (remote: string, branch: string, { reason, said }: Pushed): AppError => {
  const look = `Look at it: git fetch ${inShell(remote)} ${inShell(branch)} && git log FETCH_HEAD`;
  if (/non-fast-forward|fetch first|needs force/.test(reason))
    return new AppError(
      'push.rejected',
      `The branch ${branch} at ${remote} has commits that this session did not push.`,
      {
        hint: `Nothing was changed there. ${look}`,
      },
    );
  if (/stale info/.test(reason))
    return new AppError('push.rejected', `The branch ${branch} at ${remote} moved in the same moment.`, {
      hint: `Nothing was changed there. ${look}`,
    });
  const words = `${reason}${said ? `: ${said}` : ''}`.replace(/[.\s]+$/, '');
  return new AppError('push.rejected', `${remote} refused the push of ${branch}: ${words}.`, {
    hint: `Nothing was changed there. Try by hand what it wants: git push ${inShell(remote)} ${inShell(branch)}`,
  });
};

/**
 * Pushes the session's branch. What is there is replaced only where it is exactly what we pushed last; everything else
 * only moves on.
 * @param there what the remote's branch is now; undefined when there is none
 * @returns whether anything had to be pushed
 * @throws AppError push.rejected, remote.unreachable, hook.failed
 */
export const pushSession = async (
  ctx: Context,
  journal: OwnRecord,
  push: { remote: Remote; commit: string; there: string | undefined; signal?: AbortSignal },
): Promise<boolean> => {
  const { commit, there, signal } = push;
  const { name } = push.remote;
  const { branch } = journal.session;
  const ours = await lastPushed(ctx, journal.id, { remote: name, branch });
  if (there !== commit) {
    const hooks = ctx.repo.here !== null && (await mayRunPushHook(ctx, ctx.repo.here));
    const isOurs = there !== undefined && there === ours;
    const wish = { remote: name, commit, branch, hooks, ...(isOurs && { replaces: there }), ...(signal && { signal }) };
    const pushed = await pushBranch(ctx.repo, wish);
    if (pushed.status === 'refused') throw refusal(pushed);
    if (pushed.status === 'rejected') throw rejection(name, branch, pushed);
  }
  // A process may have died between the push and its record: what is there is ours all the same.
  if (ours !== commit)
    await journal.record([{ type: 'branch.pushed', by: 'program', data: { remote: name, branch, commit } }]);
  return there !== commit;
};
