import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Context } from './context.ts';
import { lockPath } from './journal.ts';

/** How often a process that runs an agent says that it lives. */
const BEAT_MS = 5_000;
/** A busy process may be late, and so may the death of what it started. */
const LATE_MS = 25_000;

const beatPath = (ctx: Context, id: string): string => `${lockPath(ctx, id).slice(0, -'.lock'.length)}.beat`;

/**
 * Says from now on that this process lives, in a file of its own: once it has died, that is known to a few seconds.
 * @returns how to stop; the file stays until `forgetBeat`
 */
export const startBeat = (ctx: Context, id: string): (() => void) => {
  const path = beatPath(ctx, id);
  try {
    writeFileSync(path, ctx.clock.now());
  } catch {
    // A moment that is not kept up to date would be a wrong one.
    rmSync(path, { force: true });
    return () => {};
  }
  const timer = setInterval(() => beat(path, ctx.clock.now()), BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
};

const beat = (path: string, now: string): void => {
  try {
    // In place, so that a file that was taken away stays away.
    writeFileSync(path, now, { flag: 'r+' });
  } catch {
    rmSync(path, { force: true });
  }
};

/**
 * A moment, in milliseconds since 1970, at which the process that ran the session's iteration was dead, and with it
 * the agent; null when nobody knows.
 */
export const deadSince = (ctx: Context, id: string): number | null => {
  try {
    const last = Date.parse(readFileSync(beatPath(ctx, id), 'utf8'));
    return Number.isNaN(last) ? null : last + BEAT_MS + LATE_MS;
  } catch {
    return null;
  }
};

/** The iteration has ended: what is done from now on is nobody's but the person's. */
export const forgetBeat = (ctx: Context, id: string): void => rmSync(beatPath(ctx, id), { force: true });
