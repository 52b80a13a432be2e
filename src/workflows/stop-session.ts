import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import { ownIdentity, type ProcessIdentity } from '../process/identity.ts';
import type { LockHolder } from '../process/lock.ts';
import type { Context } from './context.ts';
import { holderOf } from './journal.ts';
import type { SessionSummary } from './summaries.ts';

export interface Stopped {
  session: string;
  pid: number;
  command: string;
  /** False when it was still alive at the end of the wait. */
  ended: boolean;
}

/** How long a gentle stop may take: the agent is asked, then told, then what it did is committed. */
const WAIT_MS = 30_000;
const LOOK_MS = 50;

/**
 * The process that works on a session, on this machine.
 * @throws AppError `session.idle` when nothing runs, `session.busy` when its process is on another machine
 */
export const holderToStop = (ctx: Context, which: SessionSummary): LockHolder => {
  const holder = holderOf(ctx, which.id);
  if (!holder)
    throw new AppError('session.idle', `Nothing runs in session ${which.name}.`, {
      hint: `Start it with \`amp-sessions iterate ${which.id}\`.`,
    });
  if (!isHere(holder))
    throw new AppError('session.busy', `Session ${which.name} is held by process ${holder.pid} on ${holder.host}.`, {
      hint: holder.host === ownIdentity().host ? 'It runs in another container: stop it there.' : 'Stop it there.',
    });
  return holder;
};

/**
 * Ends the iteration that runs in another terminal, as its own Ctrl-C would: gently, or at once with `now`.
 * @throws AppError as `holderToStop`
 */
export const stopSession = async (ctx: Context, which: SessionSummary, how: { now: boolean }): Promise<Stopped> => {
  const holder = holderToStop(ctx, which);
  process.kill(holder.pid, 'SIGINT');
  const began = ctx.clock.elapsed();
  if (how.now) await pressAgain(ctx, which.id, holder.nonce, holder.pid);
  while (holderOf(ctx, which.id)?.nonce === holder.nonce && ctx.clock.elapsed() - began < WAIT_MS) await sleep(LOOK_MS);
  const ended = holderOf(ctx, which.id)?.nonce !== holder.nonce;
  return { session: which.id, pid: holder.pid, command: holder.command, ended };
};

/** A pid means a process only on its own machine and in its own namespace; elsewhere it is somebody else's. */
const isHere = ({ pid, host, pidNamespace }: ProcessIdentity): boolean =>
  pid > 0 && host === ownIdentity().host && pidNamespace === ownIdentity().pidNamespace;

/** A second Ctrl-C, after the first was seen. */
const pressAgain = async (ctx: Context, id: string, nonce: string, pid: number): Promise<void> => {
  await sleep(LOOK_MS * 2);
  if (holderOf(ctx, id)?.nonce === nonce) process.kill(pid, 'SIGINT');
};
