import { AppError } from '../errors.ts';
import type { Homeless } from './asked-context.ts';
import type { Context } from './context.ts';
import { findSession } from './find-session.ts';

/**
 * The session that a question is about, in the one repository that is asked.
 * @throws AppError `session.missing`, `session.ambiguous`, `usage.invalid`
 */
export const askedSession = async (
  ctx: Context | Homeless,
  { all, repo = [] }: { all?: boolean; repo?: readonly string[] },
  given: string,
): Promise<{ id: string; name: string }> => {
  if (all || repo.length > 1)
    throw new AppError('usage.invalid', 'A session is of one repository, and several are asked.', {
      hint: 'Leave --all away, and name at most one --repo.',
    });
  if (ctx.repo === undefined)
    throw new AppError('repository.missing', `There is no repository in ${repo[0]}.`, {
      hint: 'Name a folder within one with --repo.',
    });
  const { id, name } = await findSession(ctx, given, ctx.repo.root);
  return { id, name };
};
