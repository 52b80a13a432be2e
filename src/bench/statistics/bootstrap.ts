import { seeded } from './random.ts';
import type { Interval } from './wilson.ts';

/** Same data, same interval: on every machine, in every run. */
export const SEED = 20211106;
export const RESAMPLES = 10_000;

/**
 * The middle 95 % of the means of samples that are drawn anew from `values`, each as large (Efron's percentile
 * interval). What is drawn is a case with all its repeats: tries at one case are no independent observations. For a
 * comparison of two agents the values are the differences case by case, so both are always drawn together.
 * @returns null where all values are the same, one alone included: then there is no spread to learn from
 */
export const bootstrapMean = (values: readonly number[], { seed = SEED } = {}): Interval | null => {
  if (values.every((value) => value === values[0])) return null;
  const draw = seeded(seed);
  const means = new Float64Array(RESAMPLES);
  for (let sample = 0; sample < RESAMPLES; sample++) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[draw(values.length)]!;
    means[sample] = sum / values.length;
  }
  means.sort();
  return { low: means[Math.floor(0.025 * RESAMPLES)]!, high: means[Math.ceil(0.975 * RESAMPLES) - 1]! };
};
