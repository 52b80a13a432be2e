import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve, sep } from 'node:path';
import { AppError, isAppError } from '../../errors.ts';
import { locateRepository } from '../../git/locate.ts';
import type { Repository, Worktree } from '../../git/repository.ts';
import type { Context } from '../context.ts';

/** Where a file of a repository is. */
export interface Place {
  /** Relative to the top of the tree, with forward slashes. */
  path: string;
  /** The checkout that it lies in; null in a bare repository. */
  worktree: Worktree | null;
}

const outside = (ctx: Context, file: string): AppError =>
  new AppError('usage.invalid', `${file} is outside the repository ${ctx.repo.root}.`, {
    hint: 'Name a file of this repository, or another repository with -C.',
  });

const posix = (path: string): string => path.split(sep).join('/');

const isFolder = (path: string, look: typeof lstatSync): boolean => {
  try {
    return look(path).isDirectory();
  } catch {
    return false;
  }
};

/** The folder itself, or the nearest one that is there: what is below it may have been deleted. */
const standingFolder = (path: string): string => {
  let dir = isFolder(path, lstatSync) ? path : dirname(path);
  while (!isFolder(dir, statSync) && dirname(dir) !== dir) dir = dirname(dir);
  return dir;
};

const repositoryAt = async (ctx: Context, dir: string, file: string): Promise<Repository> => {
  try {
    return await locateRepository(dir);
  } catch (error) {
    throw isAppError(error, 'repository.missing') ? outside(ctx, file) : error;
  }
};

/** Without a checkout a path can only be meant from the top. */
const placeInTree = (ctx: Context, file: string): Place => {
  const path = posix(normalize(file)).replace(/\/$/, '');
  if (path.startsWith('/') || path === '..' || path.startsWith('../')) throw outside(ctx, file);
  return { path, worktree: null };
};

/**
 * The file that a person means, seen from where they stand; it need not be there any more. One in another checkout of
 * the repository, such as a session's worktree, is that checkout's.
 * @throws AppError usage.invalid when it is outside the repository
 */
export const placeOfFile = async (ctx: Context, cwd: string, file: string): Promise<Place> => {
  if (file === '' || file.includes('\0')) throw outside(ctx, JSON.stringify(file));
  const given = resolve(cwd, file);
  const dir = standingFolder(given);
  // Links on the way are followed, the file itself may be one.
  const real = join(realpathSync(dir), relative(dir, given));
  const { repo } = ctx;
  const found = await repositoryAt(ctx, realpathSync(dir), file);
  if (found.commonDir !== repo.commonDir) {
    if (repo.here === null || relative(repo.here.path, found.root).startsWith('..')) throw outside(ctx, file);
    const root = found.here?.path ?? found.root;
    throw new AppError(
      'usage.invalid',
      `${file} is in a repository of its own, a submodule or a nested one: ${root}.`,
      {
        hint: `Ask there: amp-sessions blame -C '${root}' '${posix(relative(root, real))}'`,
      },
    );
  }
  if (repo.bare && found.here === null) return placeInTree(ctx, file);
  const worktree = found.here ?? repo.here;
  const path = worktree && posix(relative(worktree.path, real));
  if (!worktree || path === null || path === '..' || path.startsWith('../')) throw outside(ctx, file);
  return { path, worktree };
};
