import type { BatchPlan } from '../../batch/plan.ts';
import type { Batch } from '../../batch/state.ts';
import { AppError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { createBatch } from './create.ts';
import { findBatch, readBatch } from './home.ts';
import { readBatchFile } from './read-file.ts';
import { requireTrustedBatch, requireTrustedFile, type TrustWish } from './trust.ts';

/** Workers that know nothing of each other make the same batch of the same file: without a runId its hash names it. */
export const sharedPlan = (plan: BatchPlan): BatchPlan => ({
  ...plan,
  id: plan.id ?? plan.options.sha256.slice(0, 10),
});

/**
 * The batch that a worker is to work on: one that is there, or that of a file, made if nobody has made it yet.
 * @throws AppError `usage.invalid`, `batch.missing`, `batch.untrusted`, `batch.exists`, what the file is refused for
 */
export const batchForWorker = async (
  home: Context,
  { given, file }: { given: string | undefined; file: string | undefined },
  trust: TrustWish,
): Promise<Batch> => {
  if ((given === undefined) === (file === undefined))
    throw new AppError('usage.invalid', 'A worker works on one batch.', {
      hint: 'Name a batch that is there, or a batch file with --file.',
    });
  if (given !== undefined) {
    const batch = await readBatch(home, await findBatch(home, given));
    await requireTrustedBatch(home, batch, trust);
    return batch;
  }
  const read = await readBatchFile({ file: file!, env: home.env, warn: home.warn });
  await requireTrustedFile(read, home.home, trust);
  const batch = await readBatch(home, await createBatch(home, sharedPlan(read.plan)));
  // Another clone may have made it before, with the same name and other commands.
  await requireTrustedBatch(home, batch, trust);
  return batch;
};

/**
 * Items by their numbers, as a job array counts them: 7 is 007.
 * @throws AppError `usage.invalid` for one that the batch does not have
 */
export const itemsOfWorker = ({ id, items }: Batch, given: string[] | undefined): string[] | undefined =>
  given?.map((word) => {
    const wanted = /^\d{1,9}$/.test(word) ? Number(word) : undefined;
    const found = items.find(({ plan }) => plan.item === word || Number(plan.item) === wanted);
    if (found) return found.plan.item;
    throw new AppError('usage.invalid', `Batch ${id} has no item ${word}.`, {
      hint: `It has ${items.length}, from 1.`,
    });
  });
