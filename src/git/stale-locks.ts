import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { LockHeld } from '../process/lock.ts';
import { inTurn } from '../process/lock-turn.ts';
import { lstatIfAny } from './files.ts';
import { findHolder, type LockFile } from './lock-holders.ts';
import type { Repository } from './repository.ts';

/** Takes one of our own locks of this repository, waiting for whoever has it. */
export const withLock = <T>(repo: Repository, name: string, work: () => Promise<T> | T, waitMs = 60_000): Promise<T> =>
  inTurn(join(repo.commonDir, 'amp', 'locks', name), { command: name, waitMs, busy }, work);

const busy = (error: LockHeld): AppError =>
  new AppError('worktree.blocked', `Process ${error.holder.pid} has been working on the worktrees for too long.`, {
    hint: 'Wait for it, or stop it, and try again.',
    cause: error,
  });

/** Removes a lock whose owner is dead; only one of us at a time looks and removes. */
const removeIfDead = (repo: Repository, lock: LockFile): Promise<number | undefined> =>
  withLock(repo, 'stale', async () => {
    if (!lstatIfAny(lock.path)) return undefined;
    const holder = await findHolder(lock);
    if (holder === undefined) rmSync(lock.path, { force: true });
    return holder;
  });

/**
 * Waits until a lock file of git is gone, and removes it when whoever made it is dead: never by age. Only for paths
 * that our own work creates.
 * @throws AppError worktree.blocked, naming the process that holds it
 */
export const clearStaleLock = async (repo: Repository, lock: LockFile, waitMs = 10_000): Promise<void> => {
  for (let waited = 0; lstatIfAny(lock.path); waited += 50) {
    const holder = await removeIfDead(repo, lock);
    if (holder === undefined) return;
    if (waited >= waitMs) {
      throw new AppError('worktree.blocked', `${lock.path} is held by process ${holder}.`, {
        hint: 'Wait until that git has ended, or end it.',
      });
    }
    await sleep(50);
  }
};
