import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { logId } from '../events/envelope.ts';
import { readSyncState } from '../store/sync/sync-state.ts';
import { attempt, type Check, failed, ok, warning } from './check.ts';
import type { Context } from './context.ts';
import { findTroubles, type Troubles } from './doctor-troubles.ts';
import { holderOf } from './journal.ts';
import type { SessionSummary } from './summaries.ts';

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

/** Worktrees that are gone or cut off, and what was under way in them. */
const worktreeChecks = ({ lostWorktrees, unlinked, halfShown, unrestored }: Troubles): Check[] => {
  const checks: Check[] = [];
  if (lostWorktrees.length + unlinked.length === 0) checks.push(ok('worktrees', 'all stand'));
  if (lostWorktrees.length > 0)
    checks.push(
      warning(
        'worktrees',
        `gone: ${names(lostWorktrees)}`,
        '`amp-sessions doctor --fix` and `iterate` make them again from their branch; `amp-sessions restore` brings back what was uncommitted.',
        true,
      ),
    );
  if (unlinked.length > 0)
    checks.push(
      warning(
        'worktree links',
        `cut off from the repository (moved, or their links changed), or something else in their place: ${names(unlinked)}`,
        '`amp-sessions doctor --fix` links them again; their files stay as they are.',
        true,
      ),
    );
  if (halfShown.length > 0)
    checks.push(
      failed(
        'conflicts',
        `half shown, or half decided: ${names(halfShown)}`,
        '`amp-sessions doctor --fix` puts them in order.',
        true,
      ),
    );
  if (unrestored.length > 0)
    checks.push(
      warning(
        'restores',
        `never ended: ${names(unrestored)}`,
        'Run `amp-sessions restore` again; what was there before is a snapshot.',
      ),
    );
  return checks;
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
  const troubles = await findTroubles(ctx);
  const { unfinished, unended, lostBranches } = troubles;
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
  checks.push(...worktreeChecks(troubles));
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
