import { join } from 'node:path';
import { AppError, isAppError } from '../../errors.ts';
import { bringWorktree, isBegun, switchWorktree } from '../../git/bring-worktree.ts';
import { isAncestor } from '../../git/commits.ts';
import { headOf, moveRef, readRef } from '../../git/refs.ts';
import { clearStaleLock } from '../../git/stale-locks.ts';
import type { Move } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { checkoutAt } from './checkouts.ts';

export const shortName = (ref: string): string => ref.replace(/^refs\/(heads|remotes|tags)\//, '');

/**
 * Where a ref stands on the way of a move: not begun, made, made and gone on from there, or nowhere on that way
 * (somebody else moved it, or it is gone).
 */
export type Standing = 'from' | 'to' | 'beyond' | 'elsewhere';

export const standingOf = async (ctx: Context, { ref, from, to }: Move): Promise<Standing> => {
  const now = await readRef(ctx.repo, ref);
  if (now === to) return 'to';
  if (now === from) return 'from';
  if (now === undefined || !(await isAncestor(ctx.repo, to, now))) return 'elsewhere';
  // Backwards, everything that follows the end follows the beginning too, unless it began anew from the end.
  const isBack = await isAncestor(ctx.repo, to, from);
  return isBack && (await isAncestor(ctx.repo, from, now)) ? 'elsewhere' : 'beyond';
};

const moved = ({ ref, from }: Move): AppError =>
  new AppError(
    'target.moved',
    `The branch ${shortName(ref)} is not at ${from.slice(0, 12)} any more: somebody moved it.`,
    {
      hint: 'Nothing was changed. Run the command again; it looks at the branch as it is now.',
    },
  );

const bring = async (ctx: Context, move: Move): Promise<void> => {
  if (move.worktree === null) return;
  const wt = await checkoutAt(ctx, move.worktree);
  await bringWorktree(ctx.repo, wt, { from: move.shows ?? move.from, to: move.to });
  const branch = shortName(move.ref);
  if ((await headOf(ctx.repo, wt)).branch !== branch) await switchWorktree(ctx.repo, wt, { branch });
};

/**
 * Makes a move, or what is left of it: first the ref, by compare-and-swap, then the files of its checkout. Killed at
 * any moment, a second call finishes it.
 * @throws AppError target.moved when the ref is elsewhere; worktree.blocked when files are in the way
 */
export const makeMove = async (ctx: Context, move: Move, reason: string): Promise<void> => {
  const standing = await standingOf(ctx, move);
  if (standing === 'elsewhere') throw moved(move);
  if (standing === 'from' && !(await moveRef(ctx.repo, move.ref, { from: move.from, to: move.to, reason })))
    throw moved(move);
  // Whoever went on from there has its files already.
  if (standing !== 'beyond') await bring(ctx, move);
};

/** Takes a move back, or as much of it as was made. @throws AppError worktree.blocked when files are in the way */
export const unmakeMove = async (ctx: Context, move: Move, reason: string): Promise<void> => {
  if ((await standingOf(ctx, move)) !== 'to' || move.from === move.to) return;
  // The ref comes last: whoever finds it still there knows that the files may not be back yet.
  await bringBack(ctx, move);
  if (!(await moveRef(ctx.repo, move.ref, { from: move.to, to: move.from, reason }))) throw moved(move);
};

const bringBack = async (ctx: Context, move: Move): Promise<void> => {
  if (move.worktree === null) return;
  const wt = await checkoutAt(ctx, move.worktree);
  const shows = move.shows ?? move.from;
  try {
    await bringWorktree(ctx.repo, wt, { from: move.to, to: shows });
  } catch (error) {
    // Somebody's changes came between ref and files: the files never left, and the ref must not stay ahead of them.
    if (!isAppError(error, 'worktree.blocked') || (await isBegun(ctx.repo, wt, { from: shows, to: move.to })))
      throw error;
  }
  if (shows !== move.from) await switchWorktree(ctx.repo, wt, { detached: shows });
};

/**
 * Takes away the locks that a git of ours left when it was killed on the way of a move: they would keep a person's own
 * git from working. One that a living process may hold stays.
 */
export const clearLocks = async (ctx: Context, move: Move): Promise<void> => {
  const { repo } = ctx;
  const gitDirs = [repo.commonDir];
  const wt = move.worktree === null ? undefined : await checkoutAt(ctx, move.worktree).catch(() => undefined);
  if (wt && wt.gitDir !== repo.commonDir) gitDirs.push(wt.gitDir);
  const own = gitDirs.flatMap((gitDir) => ['HEAD.lock', 'index.lock'].map((name) => join(gitDir, name)));
  const folders = [repo.root, repo.commonDir, ...(wt ? [wt.path] : [])];
  for (const path of [join(repo.commonDir, `${move.ref}.lock`), ...own])
    await clearStaleLock(repo, { path, folders }, 0).catch(passHeld);
};

const passHeld = (error: unknown): void => {
  if (!isAppError(error, 'worktree.blocked')) throw error;
};

/** The same move, the other way round. */
export const reversed = (move: Move, place: { worktree: string | null }): Move => ({
  ref: move.ref,
  from: move.to,
  to: move.from,
  worktree: place.worktree,
  shows: place.worktree === null ? null : move.to,
});
