import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { logId } from '../events/envelope.ts';
import { maintenance } from '../git/packs.ts';
import { moveRef } from '../git/refs.ts';
import { relinkWorktree } from '../git/relink-worktree.ts';
import type { Context } from './context.ts';
import { findTroubles } from './doctor-troubles.ts';
import { worktreePath } from './find-session.ts';
import { standingWorktree } from './found.ts';
import { holderOf, type Journal, withJournal } from './journal.ts';
import { settleConflict } from './landing/settle-conflict.ts';
import { settleOperation } from './landing/transaction.ts';
import { endLeftContainers } from './left-containers.ts';
import type { SessionSummary } from './summaries.ts';
import { buildWorktree } from './worktree.ts';

/** What one thing came to that was tried: what was done, or nothing where it failed, which is told. */
const tryOne = async (ctx: Context, name: string, work: () => Promise<string>): Promise<string[]> => {
  try {
    return [await work()];
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.warn(`${name} could not be put in order: ${error.message}${error.hint ? ` ${error.hint}` : ''}`);
    return [];
  }
};

const forEach = async (
  ctx: Context,
  list: SessionSummary[],
  work: (journal: Journal, summary: SessionSummary) => Promise<string>,
): Promise<string[]> => {
  const done: string[] = [];
  for (const summary of list) {
    const { id, name } = summary;
    const where = { id, name, command: 'doctor' };
    done.push(...(await tryOne(ctx, name, () => withJournal(ctx, where, (journal) => work(journal, summary)))));
  }
  return done;
};

const bringIn = async (ctx: Context): Promise<string[]> => {
  const done: string[] = [];
  for (const { log, pending } of await ctx.store.logs()) {
    const id = logId(log);
    if (!pending || !log.startsWith('sessions/') || holderOf(ctx, id)) continue;
    const work = () => withJournal(ctx, { id, name: id, command: 'doctor' }, async () => {});
    done.push(...(await tryOne(ctx, id, () => work().then(() => `brought the events of ${id} into git`))));
  }
  return done;
};

const relink = (ctx: Context, list: SessionSummary[]): Promise<string[]> =>
  forEach(ctx, list, async ({ session }, { name }) => {
    const { path } = await relinkWorktree(ctx.repo, {
      path: worktreePath(ctx, session.worktree),
      branch: session.branch,
    });
    return `linked the worktree of ${name} again: ${path}`;
  });

/** Conflicts come before worktrees are made again: some of those had none to show. */
const settle = async (ctx: Context): Promise<string[]> => {
  const { unended, halfShown, lostBranches, lostWorktrees } = await findTroubles(ctx);
  return [
    ...(await forEach(ctx, lostBranches, async ({ session }) => {
      await moveRef(ctx.repo, `refs/heads/${session.branch}`, { to: session.head, from: null });
      return `put the branch ${session.branch} back`;
    })),
    ...(await forEach(ctx, unended, async (journal, { name }) => {
      await settleOperation(ctx, journal);
      return `put in order what a dead process had begun to do with ${name}`;
    })),
    ...(await forEach(ctx, lostWorktrees, async (journal, { name }) => {
      if (await standingWorktree(ctx, journal.session.worktree)) return `the worktree of ${name} stands`;
      const { path } = await buildWorktree(ctx, journal, 'repair');
      const { snapshot } = journal.session;
      const how = snapshot ? `; what was uncommitted: amp-sessions restore ${journal.id}` : '';
      return `made the worktree of ${name} again: ${path}${how}`;
    })),
    ...(await forEach(ctx, halfShown, async (journal, { name }) => {
      await settleConflict(ctx, journal);
      return `put the conflict of ${name} in order`;
    })),
  ];
};

/**
 * Mends what can be mended without losing anything, one thing after the other; says what it did. What cannot be mended
 * is told, and keeps nothing else from being mended.
 */
export const mend = async (ctx: Context): Promise<string[]> => {
  const done = [...(await endLeftContainers(ctx)), ...(await bringIn(ctx))];
  done.push(...(await relink(ctx, (await findTroubles(ctx)).unlinked)), ...(await settle(ctx)));
  const cache = join(ctx.repo.commonDir, 'amp', 'cache');
  if (existsSync(cache)) {
    rmSync(cache, { recursive: true, force: true });
    done.push('cleared the cache; it is made again');
  }
  const { packs, refs } = await maintenance(ctx.repo);
  if (packs) done.push('joined many small packs into few');
  if (refs) done.push('packed our refs');
  return done;
};
