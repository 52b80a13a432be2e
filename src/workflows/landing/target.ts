import { AppError, isAppError } from '../../errors.ts';
import { mergeBase } from '../../git/commits.ts';
import { headOf, readRef, resolveCommit } from '../../git/refs.ts';
import { followRef } from '../../git/symbolic.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { shortName } from './moves.ts';

/** A branch that work lands on. */
export interface Target {
  /** Short name. */
  name: string;
  /** Full name. */
  ref: string;
  commit: string;
}

const localBranch = async (ctx: Context, name: string): Promise<Target | undefined> => {
  try {
    // A branch that only stands for another one must go on to do so.
    const ref = await followRef(ctx.repo, name.startsWith('refs/heads/') ? name : `refs/heads/${name}`);
    if (!ref.startsWith('refs/heads/')) return undefined;
    const commit = await readRef(ctx.repo, ref);
    return commit === undefined ? undefined : { name: shortName(ref), ref, commit };
  } catch {
    // No name that a branch can have.
    return undefined;
  }
};

const missing = (given: string): AppError =>
  new AppError('ref.missing', `${JSON.stringify(given)} is no local branch, so nothing can be merged into it.`, {
    hint: '`git branch` lists the branches there are; name one with --into.',
  });

/** A name that means nothing any more: of a branch that was deleted, or has another name now. */
const isLost = async (ctx: Context, base: string | undefined): Promise<boolean> => {
  if (base === undefined) return false;
  try {
    await resolveCommit(ctx.repo, base);
    return false;
  } catch (error) {
    if (!isAppError(error, 'ref.missing')) throw error;
    return true;
  }
};

/**
 * The branch that a session's work is to land on: the one named, else the one it began from, else the one that the
 * main checkout stands on, unless that was a branch and is gone.
 * @throws AppError ref.missing
 */
export const targetOf = async (ctx: Context, session: Session, into?: string): Promise<Target> => {
  if (into !== undefined) {
    const named = await localBranch(ctx, into);
    if (!named) throw missing(into);
    if (named.name === session.branch)
      throw new AppError('usage.invalid', `${into} is the session's own branch.`, {
        hint: 'Name another one with --into.',
      });
    return named;
  }
  // A rebase onto a commit or a remote's branch leaves no local one to go to: then the base before counts.
  const earlier = session.operations.map(({ before }) => before.base).reverse();
  const bases = [session.base, ...earlier].filter((name): name is string => name !== null && name !== session.branch);
  for (const name of bases) {
    const found = name === 'HEAD' ? undefined : await localBranch(ctx, name);
    if (found) return found;
  }
  const { branch } = await headOf(ctx.repo);
  // Where the branch that somebody meant is gone, no other one is taken for it.
  const isFree = branch !== null && branch !== session.branch && !(await isLost(ctx, bases[0]));
  const standing = isFree ? await localBranch(ctx, branch) : undefined;
  if (standing) return standing;
  throw new AppError('ref.missing', `Session ${session.name} did not begin from a branch that is still there.`, {
    hint: 'Say where its work is to go, with --into <branch>.',
  });
};

/** A commit to put work upon: any branch, local or remote, tag or commit. @throws AppError ref.missing */
export const ontoOf = async (
  ctx: Context,
  session: Session,
  onto?: string,
): Promise<{ name: string; commit: string }> => {
  if (onto === undefined) {
    const { name, commit } = await targetOf(ctx, session);
    return { name, commit };
  }
  return { name: onto, commit: await resolveCommit(ctx.repo, onto, ctx.repo.here ?? undefined) };
};

/**
 * Where the session's own commits begin: the merge-base with its base as that is now, never the base's tip; where the
 * base is gone, or contains the whole branch, the commit that the record names.
 */
export const forkOf = async (ctx: Context, session: Session, tip: string): Promise<string> => {
  const base = await targetOf(ctx, session).catch(() => undefined);
  const fork = base && (await mergeBase(ctx.repo, base.commit, tip));
  return fork === undefined || fork === tip ? session.baseCommit : fork;
};
