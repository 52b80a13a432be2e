import { isAbsolute, relative, sep } from 'node:path';
import { sessionWorktree } from '../../git/locate.ts';
import type { Worktree } from '../../git/repository.ts';
import type { Context } from '../context.ts';
import { worktreePath } from '../find-session.ts';

/** A checkout's path as events record it: relative to the repository root with forward slashes, `.` for the root. */
export const recordedPath = (ctx: Context, path: string): string => {
  const way = relative(ctx.repo.root, path);
  if (way === '') return '.';
  return way.startsWith('..') || isAbsolute(way) ? path : way.split(sep).join('/');
};

/** The checkout at a recorded path, the main one among them. @throws AppError worktree.missing, worktree.blocked */
export const checkoutAt = async (ctx: Context, recorded: string): Promise<Worktree> => {
  const path = worktreePath(ctx, recorded);
  const isMain = !ctx.repo.bare && path === ctx.repo.root;
  return isMain ? { path, gitDir: ctx.repo.commonDir } : sessionWorktree(ctx.repo, path);
};
