import type { Context } from '../context.ts';
import { type BatchResult, type RunOptions, runBatch } from './run.ts';

/**
 * Works on a batch beside others: with `once` one item, else until nothing is left for it. A job array on one file
 * system starts many of these; on machines that share nothing each takes a shard, and `sync` brings results together.
 */
export const workOnBatch = (home: Context, id: string, options: Omit<RunOptions, 'reason'>): Promise<BatchResult> =>
  runBatch(home, id, { ...options, reason: 'worker' });
