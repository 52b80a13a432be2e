import { isAbsolute, posix, relative, sep } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { dirtyPaths, type Leftover } from '../git/commits.ts';
import { sessionWorktree } from '../git/locate.ts';
import { readRef } from '../git/refs.ts';
import type { Worktree } from '../git/repository.ts';
import { addWorktree, copyIncluded, hideWorktrees } from '../git/worktrees.ts';
import { branchName } from '../session/slug.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { type Interrupts, isStopped } from './interrupts.ts';
import type { Journal } from './journal.ts';
import { editsAmong } from './manual-work.ts';
import { runProgram } from './run-program.ts';
import { sessionRemoved } from './session-removed.ts';
import { warnUnrestored } from './snapshots/unrestored.ts';

/** Keeps `.worktrees/` out of the user's `git status`; a folder elsewhere needs no hiding. */
const hide = async (ctx: Context, path: string): Promise<void> => {
  const way = relative(ctx.repo.root, path);
  if (ctx.repo.bare || isAbsolute(way) || way.startsWith('..')) return;
  await hideWorktrees(ctx.repo, `/${way.split(sep)[0]}/`);
};

/**
 * A branch name that nobody has; the same second gives `-2`, `-3`, …. A name that holds a secret once it is spelled
 * as a branch gives none of its letters away.
 * @throws AppError `branch.blocked`
 */
export const freeBranch = async (ctx: Context, name: string, at: string): Promise<string> => {
  const prefix = ctx.config.config.branchPrefix;
  const plain = branchName({ prefix, name, at, attempt: 0 });
  const known = (await ctx.redact(plain)) === plain ? name : '';
  await refuseTaken(ctx, posix.dirname(branchName({ prefix, name: known, at, attempt: 0 })));
  for (let attempt = 0; ; attempt++) {
    const branch = branchName({ prefix, name: known, at, attempt });
    if (!(await readRef(ctx.repo, `refs/heads/${branch}`))) return branch;
  }
};

/** Git keeps no branch below another branch. */
const refuseTaken = async (ctx: Context, parent: string): Promise<void> => {
  if (!(await readRef(ctx.repo, `refs/heads/${parent}`))) return;
  throw new AppError('branch.blocked', `A branch called ${parent} makes branches below ${parent}/ impossible.`, {
    hint: 'Rename that branch, or give the session another name.',
  });
};

const existing = async (ctx: Context, journal: Journal): Promise<Worktree | undefined> => {
  const path = worktreePath(ctx, journal.session.worktree);
  try {
    return await sessionWorktree(ctx.repo, path);
  } catch (error) {
    if (isAppError(error, 'worktree.missing')) return undefined;
    throw error;
  }
};

/**
 * The session's worktree, standing: the one there is, or made now (for the first time, after a crash, after somebody
 * deleted it, or out of the archive). Then the set-up command, unless it has succeeded before.
 * @throws AppError `worktree.blocked`, `setup.failed`, `session.archived` when the session was removed
 */
export const ensureWorktree = async (
  ctx: Context,
  journal: Journal,
  options: { reason: 'new' | 'repair' | 'resume'; interrupts?: Interrupts; onStep?(text: string): void } = {
    reason: 'repair',
  },
): Promise<Worktree> => {
  if (journal.session.removed) throw sessionRemoved(journal.session);
  const { hasWorktree, archived } = journal.session;
  const standing = hasWorktree && !archived ? await existing(ctx, journal) : undefined;
  if (!standing) await warnUnrestored(ctx, journal.session);
  const wt = standing ?? (await buildWorktree(ctx, journal, options.reason));
  const { setup, setupExitCode } = journal.session;
  if (setup !== null && (standing === undefined || setupExitCode !== 0))
    await runSetup(ctx, journal, wt, setup, { ...options, edits: standing ? await editsIn(ctx, journal, wt) : [] });
  return wt;
};

/** What a person has changed in a worktree before a program of ours runs there again. */
const editsIn = async (ctx: Context, journal: Journal, wt: Worktree): Promise<Leftover[]> =>
  editsAmong(await dirtyPaths(ctx.repo, wt), journal.session.leftovers);

/**
 * The worktree made now, its branch too where that is gone, and put on record. The set-up command is left to the next
 * `ensureWorktree`.
 * @throws AppError `worktree.blocked`, `branch.blocked`
 */
export const buildWorktree = async (
  ctx: Context,
  journal: Journal,
  reason: 'new' | 'repair' | 'resume',
): Promise<Worktree> => {
  const { session } = journal;
  const began = ctx.clock.elapsed();
  const path = worktreePath(ctx, session.worktree);
  await hide(ctx, path);
  const wt = await addWorktree(ctx.repo, { path, branch: session.branch, commit: session.head });
  const commit = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  const copied = ctx.repo.here ? await copyIncluded(ctx.repo, ctx.repo.here, wt) : [];
  await journal.record([
    {
      type: 'worktree.added',
      by: 'program',
      data: {
        path: session.worktree,
        branch: session.branch,
        commit: commit ?? session.head,
        copied,
        durationMs: Math.round(ctx.clock.elapsed() - began),
        reason,
      },
    },
  ]);
  return wt;
};

const setupInterrupted = (): AppError => new AppError('interrupted', 'The set-up command was interrupted.');

const runSetup = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  line: string,
  options: { interrupts?: Interrupts; onStep?(text: string): void; edits: Leftover[] },
): Promise<void> => {
  if (isStopped(options.interrupts)) throw setupInterrupted();
  options.onStep?.(`setting up: ${line}`);
  const timeoutSec = ctx.config.config.setupTimeoutSec;
  const { outputBytes: _, ...data } = await runProgram(ctx, wt, {
    line,
    timeoutSec,
    session: journal.id,
    interrupts: options.interrupts,
    edits: options.edits,
  });
  // One that was told to end has not succeeded, whatever it says itself.
  const end = isStopped(options.interrupts) ? { exitCode: null, signal: data.signal ?? 'SIGTERM' } : {};
  await journal.record([{ type: 'setup.finished', by: 'program', data: { command: line, ...data, ...end } }]);
  if (isStopped(options.interrupts)) throw setupInterrupted();
  if (data.exitCode === 0 && !data.timedOut) return;
  const how = data.timedOut
    ? `took longer than ${timeoutSec} s`
    : `failed with exit code ${data.exitCode ?? data.signal}`;
  const last = data.outputTail.trim().split('\n').at(-1) ?? '';
  throw new AppError('setup.failed', `The set-up command \`${line}\` ${how}${last ? `: ${last}` : '.'}`, {
    hint: `Session ${journal.session.name} and its worktree ${wt.path} are there; mend the command, then run \`amp-sessions iterate ${journal.id}\`.`,
  });
};
