import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { acquireLock, type Lock, LockHeld } from './lock.ts';

export interface Turn {
  /** What the holder is doing, for those who have to wait. */
  command: string;
  /** How long whoever has the lock is waited for. */
  waitMs: number;
  /** The error once that is over. */
  busy(held: LockHeld): Error;
}

/** Long enough to let others work, short enough not to be felt. */
const LONGEST_MS = 50;

const waitFor = async (path: string, { command, waitMs, busy }: Turn): Promise<Lock> => {
  const began = systemClock.elapsed();
  for (let pause = 2; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    try {
      return await acquireLock(path, { command });
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error;
      if (systemClock.elapsed() - began >= waitMs) throw busy(error);
      // Processes that came together must not come back together.
      await sleep(pause + (process.pid % 23));
    }
  }
};

/**
 * Does some work while it alone has a lock, after waiting for whoever has it. What the work throws is thrown, also when
 * it is about another lock: it is done once.
 */
export const inTurn = async <T>(path: string, turn: Turn, work: () => Promise<T> | T): Promise<T> => {
  const lock = await waitFor(path, turn);
  try {
    return await work();
  } finally {
    lock.release();
  }
};
