import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock, type Lock, LockHeld, type LockHolder, readLock, sweepDrafts } from '../../process/lock.ts';
import type { Context } from '../context.ts';

/**
 * All in `<common>/amp/locks`: `batch.<id>.lock` for the moment of one transaction, `batch.<id>.<item>.lock` as long as
 * an attempt of that item runs, `batch.<id>.run.<nonce>.lock` as long as a process works on the batch.
 */
export const lockDir = (ctx: Context): string => join(ctx.repo.commonDir, 'amp', 'locks');

export const turnPath = (ctx: Context, id: string): string => join(lockDir(ctx), `batch.${id}.lock`);
const itemPath = (ctx: Context, id: string, item: string): string => join(lockDir(ctx), `batch.${id}.${item}.lock`);

/** Who does an item right now; undefined when nobody does. */
export const itemHolder = (ctx: Context, id: string, item: string): LockHolder | undefined =>
  readLock(itemPath(ctx, id, item));

/** The item for this process; undefined when a living process has it. */
export const takeItem = async (ctx: Context, id: string, item: string): Promise<Lock | undefined> => {
  try {
    return await acquireLock(itemPath(ctx, id, item), { command: `batch ${id}` });
  } catch (error) {
    if (error instanceof LockHeld) return undefined;
    throw error;
  }
};

/** Says, until it is released or this process ends, that this process works on the batch. */
export const takeRun = (ctx: Context, id: string): Promise<Lock> =>
  acquireLock(join(lockDir(ctx), `batch.${id}.run.${ctx.clock.newId()}.lock`), { command: `batch ${id}` });

const namesOf = (ctx: Context, id: string): string[] => {
  try {
    return readdirSync(lockDir(ctx)).filter((name) => name.startsWith(`batch.${id}.`) && name.endsWith('.lock'));
  } catch {
    return [];
  }
};

/** The processes that work on a batch right now, by what this repository's folder says. */
export const runHolders = (ctx: Context, id: string): LockHolder[] =>
  namesOf(ctx, id)
    .filter((name) => name.startsWith(`batch.${id}.run.`))
    .flatMap((name) => readLock(join(lockDir(ctx), name)) ?? []);

/** Takes away what dead processes left behind. */
export const sweepLocks = async (ctx: Context, id: string): Promise<void> => {
  sweepDrafts(lockDir(ctx));
  for (const name of namesOf(ctx, id)) {
    const path = join(lockDir(ctx), name);
    if (readLock(path) === undefined)
      await acquireLock(path, { command: 'sweep' }).then(
        (lock) => lock.release(),
        () => {},
      );
  }
};
