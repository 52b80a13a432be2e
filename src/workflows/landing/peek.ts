import { AppError } from '../../errors.ts';
import { readRef } from '../../git/refs.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Session } from '../../session/state.ts';
import { branchGone } from '../branch-gone.ts';
import type { Context } from '../context.ts';
import { diverged } from '../lines.ts';
import { readSession } from '../summaries.ts';

const unsettled = ({ id, name, openOperation, conflict }: Session): AppError => {
  const what = openOperation ? `a ${openOperation.verb}` : conflict ? 'a rebase in conflict' : 'an iteration';
  return new AppError('session.busy', `Session ${name} has ${what} that has not ended, so nothing can be foretold.`, {
    hint: conflict
      ? `Go on with \`amp-sessions rebase ${id} --continue\`, or give it up with --abort.`
      : 'Wait for it; if its process died, the next command without --dry-run puts it in order.',
  });
};

/**
 * A session and the tip of its branch, for `--dry-run`: nothing is recorded or put in order.
 * @throws AppError session.busy, session.archived, ref.missing
 */
export const peek = async (ctx: Context, id: string): Promise<{ session: Session; tip: string }> => {
  const session = await readSession(ctx, id);
  if (session.removed)
    throw new AppError('session.archived', `Session ${session.name} was removed, its branch with it.`, {
      hint: `\`amp-sessions resume ${id}\` brings it back.`,
    });
  if (session.lines.length > 0) throw diverged(session);
  if (session.openOperation || session.conflict || openIteration(session)) throw unsettled(session);
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (tip === undefined) throw branchGone(session);
  return { session, tip };
};
