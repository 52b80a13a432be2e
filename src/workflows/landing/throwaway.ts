import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Worktree } from '../../git/repository.ts';
import { addDetachedWorktree } from '../../git/throwaway-worktree.ts';
import { copyIncluded, removeWorktree } from '../../git/worktrees.ts';
import { acquireLock, readLock } from '../../process/lock.ts';
import type { Context } from '../context.ts';
import { worktreePath } from '../find-session.ts';

/** `<session>.merged-<id>`; the id is also that of a lock that lasts as long as the folder is needed. */
const NAME = /^[a-z0-9]{10}\.merged-[a-z0-9]{10}$/;

const lockOf = (ctx: Context, name: string): string => join(ctx.repo.commonDir, 'amp', 'locks', `${name}.lock`);

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Takes away what processes left behind that were killed while they had such a worktree. */
export const sweepThrowaways = async (ctx: Context, folder: string): Promise<void> => {
  for (const name of namesIn(folder)) {
    if (!NAME.test(name) || readLock(lockOf(ctx, name))) continue;
    await removeWorktree(ctx.repo, join(folder, name));
    rmSync(lockOf(ctx, name), { force: true });
  }
};

/**
 * Lends a worktree that shows a commit, on no branch, with the ignored files that a session's worktree gets. It lies
 * beside the session's own, so that programs find there what they find here: many look upwards for their packages,
 * and some pass over whatever is in `.git`. It is gone afterwards, whatever happens.
 */
export const withThrowaway = async <T>(
  ctx: Context,
  what: { session: { id: string; worktree: string }; commit: string },
  work: (wt: Worktree) => Promise<T>,
): Promise<T> => {
  const folder = dirname(worktreePath(ctx, what.session.worktree));
  await sweepThrowaways(ctx, folder);
  const name = `${what.session.id}.merged-${ctx.clock.newId()}`;
  const path = join(folder, name);
  const lock = await acquireLock(lockOf(ctx, name), { command: 'preflight' });
  try {
    const wt = await addDetachedWorktree(ctx.repo, { path, commit: what.commit });
    if (ctx.repo.here) await copyIncluded(ctx.repo, ctx.repo.here, wt);
    return await work(wt);
  } finally {
    try {
      await removeWorktree(ctx.repo, path);
    } finally {
      lock.release();
    }
  }
};
