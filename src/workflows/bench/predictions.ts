import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Prediction, predictionLine } from '../../bench/predictions.ts';
import { AppError } from '../../errors.ts';
import { replaceFile } from '../../git/files.ts';

/**
 * Writes predictions as `swebench eval DATASET -p preds.jsonl` takes them, in one step. Its reader knows an instance
 * once: repeats and agents belong into files of their own.
 * @throws AppError program.bug when an instance is there twice
 */
export const writePredictions = (file: string, predictions: readonly Prediction[]): void => {
  const ids = predictions.map(({ instanceId }) => instanceId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new AppError('program.bug', `Two predictions for ${twice} in one file.`);
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, predictions.map((prediction) => `${predictionLine(prediction)}\n`).join(''));
};
