import { bootstrapMean } from './bootstrap.ts';
import { wilson } from './wilson.ts';

/** A mean over cases with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** `wilson` where each case is wholly resolved or not at all (or nothing varies), else `bootstrap` over cases. */
  method: 'wilson' | 'bootstrap';
  /** Cases that it is made of. */
  cases: number;
}

/** @param shares one per case, each from 0 to 1; null where there are none */
export const estimate = (shares: readonly number[]): Estimate | null => {
  const cases = shares.length;
  const sum = shares.reduce((total, share) => total + share, 0);
  const byCoin = wilson(sum, cases);
  if (byCoin === null) return null;
  const isBinary = shares.every((share) => share === 0 || share === 1);
  const drawn = isBinary ? null : bootstrapMean(shares);
  return { value: sum / cases, ...(drawn ?? byCoin), method: drawn ? 'bootstrap' : 'wilson', cases };
};
