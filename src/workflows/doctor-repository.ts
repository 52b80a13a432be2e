import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { logId } from '../events/envelope.ts';
import { maintenance } from '../git/packs.ts';
import { moveRef, readRef } from '../git/refs.ts';
import { openIteration } from '../session/conclusions.ts';
import { readSyncState } from '../store/sync/sync-state.ts';
import { attempt, type Check, failed, ok, warning } from './check.ts';
import type { Context } from './context.ts';
import { standingWorktree } from './found.ts';
import { holderOf, withJournal } from './journal.ts';
import { settleOperation } from './landing/transaction.ts';
import { readSession, type SessionSummary, summaries } from './summaries.ts';

/** Sessions whose record and world are apart: what `doctor` names and `--fix` mends. */
interface Troubles {
  /** Their process died in mid-iteration. */
  unfinished: SessionSummary[];
  /** Their process died in the midst of a squash, rebase, merge, rewind or undo. */
  unended: SessionSummary[];
  /** Their worktree should stand and does not. */
  lostWorktrees: SessionSummary[];
  /** Their branch should be there and is not. */
  lostBranches: SessionSummary[];
}

/** False also where something else stands in its place. */
const stands = async (ctx: Context, recorded: string): Promise<boolean> => {
  try {
    return (await standingWorktree(ctx, recorded)) !== undefined;
  } catch (error) {
    if (isAppError(error, 'worktree.blocked')) return false;
    throw error;
  }
};

const findTroubles = async (ctx: Context): Promise<Troubles> => {
  const troubles: Troubles = { unfinished: [], unended: [], lostWorktrees: [], lostBranches: [] };
  for (const summary of await summaries(ctx)) {
    if (holderOf(ctx, summary.id) || summary.removed) continue;
    const session = await readSession(ctx, summary.id);
    if (openIteration(session)) troubles.unfinished.push(summary);
    if (session.openOperation) troubles.unended.push(summary);
    if (session.hasWorktree && !(await stands(ctx, session.worktree))) troubles.lostWorktrees.push(summary);
    if (session.hasBranch && !(await readRef(ctx.repo, `refs/heads/${session.branch}`)))
      troubles.lostBranches.push(summary);
  }
  return troubles;
};

const names = (list: SessionSummary[]): string => list.map(({ id, name }) => `${id} (${name})`).join(', ');

const quarantined = (ctx: Context): string[] => {
  const dir = join(ctx.repo.commonDir, 'amp', 'quarantine');
  return existsSync(dir) ? readdirSync(dir) : [];
};

/** Automatic syncs that nobody saw fail. */
const checkSync = (ctx: Context): Check => {
  const { since, attempts, reason, remotes } = readSyncState(ctx.repo);
  const left = Object.values(remotes).flatMap(({ refused, held }) => [...refused, ...held]);
  const hint = 'See `amp-sessions sync --status`, or run `amp-sessions sync`.';
  if (attempts > 0)
    return warning(
      'sync',
      `waits since ${since}, ${attempts === 1 ? 'one try' : `${attempts} tries`} in vain: ${reason}`,
      hint,
    );
  if (left.length > 0) return warning('sync', `the last one left ${left.length} refs where they were`, hint);
  return ok('sync', ctx.config.value('sync.auto') ? 'after each command' : 'by hand; `sync.auto` is off');
};

/** What is right and wrong with the sessions of this repository. */
export const repositoryChecks = async (ctx: Context): Promise<Check[]> => {
  const logs = await attempt('session logs', 'Run `amp-sessions doctor --fix`.', async () => {
    const tips = await ctx.store.logs();
    const pending = tips.filter(({ log, pending }) => pending && !holderOf(ctx, logId(log)));
    return pending.length === 0
      ? ok('session logs', `${tips.length} in git, nothing waiting`)
      : warning(
          'session logs',
          `${pending.length} hold events that are not in git yet; a process died`,
          'The next command on them brings them in, or `amp-sessions doctor --fix`.',
          true,
        );
  });
  const { unfinished, unended, lostWorktrees, lostBranches } = await findTroubles(ctx);
  const checks = [logs, checkSync(ctx)];
  checks.push(
    unfinished.length === 0
      ? ok('iterations', 'all ended')
      : warning(
          'iterations',
          `never ended: ${names(unfinished)}`,
          'The next `iterate` commits what is there as interrupted.',
        ),
  );
  checks.push(
    unended.length === 0
      ? ok('landing', 'all ended')
      : failed(
          'landing',
          `never ended: ${names(unended)}`,
          'Commit nothing in the checkouts they moved; `amp-sessions doctor --fix` puts them in order.',
          true,
        ),
  );
  checks.push(
    lostWorktrees.length === 0
      ? ok('worktrees', 'all stand')
      : warning(
          'worktrees',
          `gone, or something else in their place: ${names(lostWorktrees)}`,
          '`amp-sessions iterate` makes them again from their branch, or `amp-sessions archive`.',
        ),
  );
  checks.push(
    lostBranches.length === 0
      ? ok('branches', 'all there')
      : failed(
          'branches',
          `gone: ${names(lostBranches)}`,
          'Their commits are reachable through refs/amp/code; `amp-sessions doctor --fix` puts the branches back.',
          true,
        ),
  );
  const set = quarantined(ctx);
  checks.push(
    set.length === 0
      ? ok('quarantine', 'empty')
      : warning(
          'quarantine',
          `${set.length} unfinished pieces of logs were set aside in ${join(ctx.repo.commonDir, 'amp', 'quarantine')}`,
          'Look at them, then delete them.',
        ),
  );
  return checks;
};

/** Mends what can be mended without losing anything; says what it did. */
export const mend = async (ctx: Context): Promise<string[]> => {
  const done: string[] = [];
  for (const { log, pending } of await ctx.store.logs()) {
    const id = logId(log);
    if (!pending || !log.startsWith('sessions/') || holderOf(ctx, id)) continue;
    await withJournal(ctx, { id, name: id, command: 'doctor' }, async () => {});
    done.push(`brought the events of ${id} into git`);
  }
  const { unended, lostBranches } = await findTroubles(ctx);
  for (const { id, name } of unended) {
    await withJournal(ctx, { id, name, command: 'doctor' }, (journal) => settleOperation(ctx, journal));
    done.push(`put in order what a dead process had begun to do with ${name}`);
  }
  for (const summary of lostBranches) {
    const session = await readSession(ctx, summary.id);
    await moveRef(ctx.repo, `refs/heads/${session.branch}`, { to: session.head, from: null });
    done.push(`put the branch ${session.branch} back`);
  }
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
