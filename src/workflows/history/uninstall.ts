import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, isAppError } from '../../errors.ts';
import { deleteRefs } from '../../git/disk-usage.ts';
import { dropExcludeLine, ownKeepFiles, removeIfEmpty } from '../../git/own-traces.ts';
import type { RefEntry } from '../../git/refs.ts';
import { removeWorktree } from '../../git/worktrees.ts';
import { readLock } from '../../process/lock.ts';
import { ampDir } from '../../store/layout.ts';
import type { Context } from '../context.ts';
import { lookAround, refuseLosses } from '../found.ts';
import { removeSession } from '../put-away.ts';
import { readSession, type SessionSummary, summaries } from '../summaries.ts';
import { ownBranches, ownExcludeLines, ownRefs, ownWorktrees } from './inventory.ts';

export interface UninstallWish {
  /** Logs, notes and what keeps commits stay; worktrees, branches and caches go. */
  keepHistory: boolean;
  /** Although work is in no other branch. */
  unmerged: boolean;
  /** Although work is uncommitted. */
  uncommitted: boolean;
}

/** What would go. */
export interface UninstallPlan {
  repository: string;
  keepHistory: boolean;
  worktrees: string[];
  branches: string[];
  refs: string[];
  files: string[];
  /** Of `info/exclude`. */
  lines: string[];
  /** What nobody has elsewhere and would be lost, session by session. */
  losses: { session: string; name: string; what: string }[];
}

interface Found {
  plan: UninstallPlan;
  sessions: SessionSummary[];
  branches: RefEntry[];
  refs: RefEntry[];
}

/** @throws AppError `session.busy` when a living process works here */
const refuseBusy = (ctx: Context): void => {
  const folder = join(ampDir(ctx.repo), 'locks');
  const locks = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of locks) {
    const holder = name.endsWith('.lock') ? readLock(join(folder, name)) : undefined;
    if (holder)
      throw new AppError(
        'session.busy',
        `\`${holder.command}\` (process ${holder.pid} on ${holder.host}) works in this repository.`,
        {
          hint: 'Wait for it, or end it with `amp-sessions stop`, then try again. Nothing was removed.',
        },
      );
  }
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What of a session is nowhere else; undefined when all of it is. */
const lossOf = async (ctx: Context, summary: SessionSummary, wish: UninstallWish): Promise<string | undefined> => {
  const session = await readSession(ctx, summary.id);
  try {
    const world = await lookAround(ctx, session);
    await refuseLosses(ctx, session, { worktree: world.worktree, branch: world.branchCommit !== null });
    const { uncommitted, unmergedCommits } = world;
    const parts = [
      session.conflict && !wish.uncommitted ? 'a conflict that waits' : '',
      uncommitted.length > 0 && !wish.uncommitted
        ? `${plural(uncommitted.length, 'uncommitted path')} (${uncommitted.slice(0, 3).join(', ')})`
        : '',
      unmergedCommits > 0 && !wish.unmerged ? `${plural(unmergedCommits, 'commit')} in no other branch` : '',
    ].filter(Boolean);
    return parts.length > 0 ? parts.join(', ') : undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error.message;
  }
};

const look = async (ctx: Context, wish: UninstallWish): Promise<Found> => {
  refuseBusy(ctx);
  const sessions = await summaries(ctx);
  const losses: UninstallPlan['losses'] = [];
  for (const summary of sessions.filter(({ removed }) => !removed)) {
    const what = await lossOf(ctx, summary, wish);
    if (what !== undefined) losses.push({ session: summary.id, name: summary.name, what });
  }
  const branches = await ownBranches(ctx, sessions);
  const refs = wish.keepHistory ? [] : await ownRefs(ctx);
  const folder = ampDir(ctx.repo);
  const files = [
    ...(existsSync(folder) ? [wish.keepHistory ? join(folder, 'cache') : folder] : []),
    ...(wish.keepHistory ? [] : ownKeepFiles(ctx.repo)),
  ];
  const plan: UninstallPlan = {
    repository: ctx.repo.root,
    keepHistory: wish.keepHistory,
    worktrees: ownWorktrees(ctx, sessions),
    branches: branches.map(({ ref }) => ref),
    refs: refs.map(({ ref }) => ref),
    files: files.filter((file) => existsSync(file)),
    lines: ownExcludeLines(ctx, sessions),
    losses,
  };
  return { plan, sessions, branches, refs };
};

const lossError = ({ losses }: UninstallPlan): AppError => {
  const named = losses.slice(0, 3).map(({ name, what }) => `${name}: ${what}`);
  const more = losses.length > 3 ? `; and ${losses.length - 3} more sessions` : '';
  return new AppError('session.unmerged', `Work would be lost. ${named.join('; ')}${more}.`, {
    hint: 'Merge it, commit it or keep it under another name; or say --unmerged or --uncommitted. Nothing was removed.',
    details: { losses },
  });
};

/** @throws AppError `session.unmerged`, naming what would be lost */
export const refuseLoss = (plan: UninstallPlan): void => {
  if (plan.losses.length > 0) throw lossError(plan);
};

/** What would go, and what keeps it from going. Nothing is changed. @throws AppError `session.busy` */
export const planUninstall = async (ctx: Context, wish: UninstallWish): Promise<UninstallPlan> =>
  (await look(ctx, wish)).plan;

/** Logs go on telling of sessions that were removed. */
const removeAll = async (ctx: Context, sessions: SessionSummary[]): Promise<void> => {
  for (const which of sessions.filter(({ removed }) => !removed))
    await removeSession(ctx, which, { dryRun: false, unmerged: true, uncommitted: true });
};

const removeFolders = (ctx: Context, { worktrees }: UninstallPlan): void => {
  for (const folder of new Set(worktrees.map((path) => dirname(path)))) removeIfEmpty(folder);
  removeIfEmpty(join(ctx.repo.commonDir, 'worktrees'));
};

/**
 * Takes away everything in this repository that the program has made, and nothing else: first worktrees and branches,
 * which only the logs tell of, then the logs, then the program's own folder. Killed at any moment, a second call does
 * the rest.
 * @throws AppError `session.busy`, `session.unmerged` naming what would be lost, `worktree.blocked`, `git.failed`
 */
export const uninstall = async (ctx: Context, wish: UninstallWish): Promise<UninstallPlan> => {
  const { plan, sessions, branches, refs } = await look(ctx, wish);
  refuseLoss(plan);
  if (wish.keepHistory) await removeAll(ctx, sessions);
  for (const path of plan.worktrees) await removeWorktree(ctx.repo, path);
  removeFolders(ctx, plan);
  const left = wish.keepHistory ? await ownBranches(ctx, sessions) : branches;
  await deleteRefs(ctx.repo, left);
  for (const line of plan.lines) dropExcludeLine(ctx.repo, line);
  if (!wish.keepHistory) {
    // Whoever finds a ref gone that stands there would put it back.
    rmSync(join(ampDir(ctx.repo), 'tips'), { recursive: true, force: true });
    await deleteRefs(ctx.repo, refs);
    for (const name of ['amp', 'amp-incoming', 'amp-outgoing', 'amp-damaged'])
      removeIfEmpty(join(ctx.repo.commonDir, 'refs', name));
    await ctx.store.close();
  }
  for (const file of plan.files) rmSync(file, { recursive: true, force: true, maxRetries: 3 });
  return plan;
};
