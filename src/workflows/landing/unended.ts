import type { Context } from '../context.ts';
import { holderOf } from '../journal.ts';
import { newestSummaries, readSession } from '../summaries.ts';

/** Whoever died on the way was at work lately. */
const NEWEST = 50;

/** What keeps a checkout from being what its branch says, and what ends it. */
export interface Unended {
  what: string;
  todo: string;
}

/**
 * A landing of any session that has moved a branch and not yet its checkout: what that shows is nobody's work, and to
 * commit it there would take the landing back.
 */
export const unendedOn = async (ctx: Context, ref: string): Promise<Unended | undefined> => {
  const { summaries } = await newestSummaries(ctx, { count: NEWEST, isWanted: ({ removed }) => !removed });
  for (const { id } of summaries) {
    const { name, openOperation: op } = await readSession(ctx, id);
    if (!op?.moves.some((move) => move.ref === ref)) continue;
    const what = `the ${op.verb} of session ${name} has not ended there`;
    return holderOf(ctx, id)
      ? { what, todo: 'Wait for it' }
      : { what, todo: 'Commit nothing there: its process died, and `amp-sessions doctor --fix` puts it in order' };
  }
  return undefined;
};
