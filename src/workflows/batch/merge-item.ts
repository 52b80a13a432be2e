import { join } from 'node:path';
import { isAppError } from '../../errors.ts';
import type { Draft } from '../../events/catalogue.ts';
import { inTurn } from '../../process/lock-turn.ts';
import type { Context } from '../context.ts';
import { mergeSession } from '../landing/merge.ts';
import { readSession } from '../summaries.ts';
import { summarize } from '../summary.ts';

/** A merge may run tests, and others wait for it. */
const TURN_MS = 3_600_000;

/**
 * Merges the work of an item that passed, as `merge` does: one at a time a repository, over all processes. A refusal is
 * a fact like a merge, and takes nothing away from having passed.
 */
export const mergeItem = async (ctx: Context, item: string, session: string): Promise<Draft> => {
  const lock = join(ctx.repo.commonDir, 'amp', 'locks', 'batch-merge.lock');
  const busy = (): Error => new Error('another merge of a batch has been going on for an hour');
  const merged = (commit: string): Draft => ({
    type: 'batch-item.merged',
    by: 'program',
    data: { item, session, commit },
  });
  try {
    return await inTurn(lock, { command: 'merge of a batch', waitMs: TURN_MS, busy }, async () => {
      const known = await readSession(ctx, session);
      // A process died between the merge and its entry in the batch.
      if (known.merged && known.openOperation === null && known.merged.head === known.head)
        return merged(known.merged.commit);
      const done = await mergeSession(ctx, summarize(known), {
        squash: true,
        noFf: false,
        skipTests: false,
        dryRun: false,
      });
      return merged(done.commit);
    });
  } catch (error) {
    const code = isAppError(error) ? error.code : 'program.bug';
    const message = error instanceof Error ? error.message : String(error);
    return { type: 'batch-merge.refused', by: 'program', data: { item, session, code, message } };
  }
};
