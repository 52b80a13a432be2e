import { AppError } from '../errors.ts';
import type { Context } from './context.ts';
import { standingWorktree } from './found.ts';
import { readSession } from './summaries.ts';

/** The path of a session's worktree that stands. @throws AppError `worktree.missing`, `session.archived` */
export const worktreeOf = async (ctx: Context, id: string): Promise<string> => {
  const session = await readSession(ctx, id);
  const standing = await standingWorktree(ctx, session.worktree);
  if (standing) return standing.path;
  if (session.removed)
    throw new AppError('session.archived', `Session ${session.name} was removed, its worktree with it.`, {
      hint: `\`amp-sessions resume ${id}\` brings it back.`,
    });
  throw new AppError(
    'worktree.missing',
    `Session ${session.name} has no worktree${session.archived ? ': it is archived' : session.hasWorktree ? ' any more: somebody deleted it' : ''}.`,
    {
      hint: `\`amp-sessions resume ${id}\` brings it back${session.snapshot ? `, \`amp-sessions restore ${id}\` also what was uncommitted` : ''}.`,
    },
  );
};
