import { join } from 'node:path';
import { AppError, inShell } from '../../errors.ts';
import { findBatch, openBatchHome, readBatch } from '../batch/home.ts';
import { makeOutFolder } from '../export/out-folder.ts';
import type { BenchResult } from './bench.ts';
import { workOf } from './bench.ts';
import { isolationOf, resultsIn } from './run-bench.ts';
import { patchesOf, writeAllPredictions } from './write-predictions.ts';

export interface BenchReportWish {
  /** Where the user stands. */
  dir: string;
  /** Id, unique prefix of it, or name of the suite: its newest run. */
  run: string;
  /** Folder that the run was given for its repositories; undefined: with the user's data. */
  work?: string;
  /** Folder for the predictions; undefined: none are written. */
  out?: string;
  warn(text: string): void;
}

/**
 * What a run came to, from its log alone: nothing is run, graded, asked or recorded, and the suite need not be there. Of
 * a run whose parts were done on several machines it is the whole, once `sync` has brought them together.
 * @throws AppError `batch.missing`, `batch.ambiguous`
 */
export const reportBench = async ({
  dir,
  run,
  work,
  out,
  warn,
}: BenchReportWish): Promise<BenchResult & { file: string }> => {
  const home = await openBatchHome({ dir, warn });
  try {
    const id = await findBatch(home, run);
    const batch = await readBatch(home, id);
    const { kind, name, file } = batch.options;
    if (kind !== 'bench')
      throw new AppError('batch.missing', `${id} is no run of a benchmark.`, {
        hint: `amp-sessions batch report ${inShell(id)}`,
      });
    const results = resultsIn(batch, null);
    const place = join(work ?? workOf(home.home.data, name), id);
    if (out !== undefined) makeOutFolder(out);
    const { files, lost } = out
      ? await writeAllPredictions(out, results, patchesOf(home, batch, place))
      : { files: [], lost: [] };
    return {
      id,
      shard: null,
      work: place,
      results,
      outcome: 'finished',
      budget: null,
      isolation: isolationOf(batch),
      at: home.clock.now(),
      predictions: files,
      lost,
      file: file ?? '<file>',
    };
  } finally {
    await home.store.close();
  }
};
