import { unpricedAgents } from '../../batch/budget.ts';
import type { BatchPlan } from '../../batch/plan.ts';
import { AppError, inShell } from '../../errors.ts';
import type { Context } from '../context.ts';
import { openBatchJournal } from './journal.ts';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** A budget that could never be reached would be none. @throws AppError `budget.unknowable` */
export const refuseUnpriced = (plan: BatchPlan): void => {
  const [agent, ...more] = unpricedAgents(plan.options, plan.items);
  if (agent === undefined) return;
  const which = more.length === 0 ? `the agent ${agent} does` : `the agents ${[agent, ...more].join(', ')} do`;
  throw new AppError('budget.unknowable', `A budget in dollars cannot be kept: ${which} not tell what a run costs.`, {
    hint: 'Give a budget in tokens, or in time (`wallClock`), for these items.',
  });
};

/**
 * Puts a batch on record, whole, before anything of it starts. The same plan under the same id again is harmless: that
 * is how shards on several machines begin.
 * @returns its id
 * @throws AppError `usage.invalid`, `batch.exists`, `budget.unknowable`
 */
export const createBatch = async (ctx: Context, plan: BatchPlan): Promise<string> => {
  const id = plan.id ?? ctx.clock.newId();
  if (!ID.test(id))
    throw new AppError('usage.invalid', `${inShell(id)} cannot be the id of a batch.`, {
      hint: 'Use letters, digits, `-` and `_`, at most 63 of them, a letter or digit first.',
    });
  refuseUnpriced(plan);
  const journal = openBatchJournal(ctx, id);
  try {
    await journal.turn((turn) => turn.decide({ do: 'create', id, plan }));
  } finally {
    await journal.close();
  }
  return id;
};
