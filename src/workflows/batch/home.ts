import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countsOf } from '../../batch/conclusions.ts';
import { replayStep } from '../../batch/evolve.ts';
import { type Batch, initialBatch } from '../../batch/state.ts';
import { systemClock } from '../../clock.ts';
import { type HomeDirs, homeDirs } from '../../config/paths.ts';
import { AppError, isAppError } from '../../errors.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { type Context, type ContextOptions, openContext } from '../context.ts';

export const batchLog = (id: string): LogName => `batches/${id}`;

/** The repository of batches that were started outside of any; made on first use. */
export const batchesOfUser = (home: HomeDirs): string => join(home.data, 'batches.git');

/**
 * Where the log of a batch lives: in the repository one stands in, outside of any in a bare one of the user's own, made
 * on first use.
 * @throws AppError `repository.unsafe`, `config.invalid`
 */
export const openBatchHome = async (options: ContextOptions): Promise<Context> => {
  try {
    return await openContext(options);
  } catch (error) {
    if (!isAppError(error, 'repository.missing')) throw error;
    const dir = batchesOfUser(homeDirs(options.env ?? process.env));
    if (!existsSync(join(dir, 'HEAD'))) await (await import('../../git/init-bare.ts')).initBare(dir);
    return openContext({ ...options, dir, clock: options.clock ?? systemClock });
  }
};

/** A batch as it is now, without any lock. */
export const readBatch = async (ctx: Context, id: string): Promise<Batch> => {
  const { state, warnings } = await ctx.store.fold(batchLog(id), undefined, replayStep);
  for (const warning of warnings) ctx.warn(warning);
  return { ...(state ?? initialBatch), id };
};

/** Every batch of the repository, oldest first. */
export const allBatches = async (ctx: Context): Promise<Batch[]> => {
  const logs = (await ctx.store.logs()).filter(({ log }) => log.startsWith('batches/')).map(({ log }) => log);
  const folded = await ctx.store.foldMany(logs, undefined, replayStep);
  const batches = folded.flatMap(({ log, state, damaged }) => {
    if (damaged) ctx.warn(damaged.message);
    return state?.exists ? [{ ...state, id: logId(log) }] : [];
  });
  return batches.sort((a, b) =>
    a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1,
  );
};

const describe = (batch: Batch): string => {
  const { queued, running } = countsOf(batch);
  return `${batch.id} (${batch.options.name}, ${queued + running} of ${batch.items.length} left)`;
};

/**
 * The batch a person means: by id, unique prefix of one, or name; of several with one name the newest.
 * @throws AppError `batch.missing`, `batch.ambiguous`
 */
export const findBatch = async (ctx: Context, given: string): Promise<string> => {
  const all = await allBatches(ctx);
  const exact = all.find(({ id }) => id === given) ?? all.findLast(({ options }) => options.name === given);
  if (exact) return exact.id;
  const found = given === '' ? [] : all.filter(({ id }) => id.startsWith(given));
  if (found.length === 1) return found[0]!.id;
  if (found.length > 1)
    throw new AppError(
      'batch.ambiguous',
      `“${given}” means ${found.length} batches: ${found.slice(0, 5).map(describe).join(', ')}.`,
      {
        hint: 'Name it by its whole id.',
        details: { candidates: found.map(({ id, options }) => ({ id, name: options.name })) },
      },
    );
  throw new AppError('batch.missing', `There is no batch “${given}” in ${ctx.repo.root}.`, {
    hint:
      all.length === 0
        ? 'Make one with `amp-sessions batch start --file <file>`; those made in another repository are listed there.'
        : 'Run `amp-sessions batch list` to see them.',
  });
};
