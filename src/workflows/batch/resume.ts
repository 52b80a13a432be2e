import type { Context } from '../context.ts';
import { type BatchResult, type RunOptions, runBatch } from './run.ts';

/**
 * Goes on with a batch after a stop, a crash or a reboot: what has its result stays, what ran is looked at and tried
 * again where it never came to an end. As it was made, so it goes on: nothing of its options is asked again.
 */
export const resumeBatch = (home: Context, id: string, options: Omit<RunOptions, 'reason'>): Promise<BatchResult> =>
  runBatch(home, id, { ...options, reason: 'resume' });
