import type { Worktree } from '../git/repository.ts';
import { killStrays } from '../process/strays.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Iteration } from '../session/state.ts';
import { laterWork } from './after-death.ts';
import type { Context } from './context.ts';
import { type Finish, finishIteration } from './finish-iteration.ts';
import type { Journal } from './journal.ts';
import { recoverConflictIteration } from './landing/conflict-iteration.ts';
import { recordCommits } from './manual-work.ts';
import { reportLeftChanges } from './repository-watch.ts';
import { digestKept } from './transcript-digest.ts';

/**
 * Compares the record with the world at the start of a verb. An iteration whose process died is ended, with what the
 * agent left committed as interrupted work; a commit it had made already is found again by its trailers. What a person
 * did since the process died is theirs, as far as that can be told. One that was
 * to resolve a conflict commits nothing: the conflict waits, with what the agent made of it.
 */
export const reconcile = async (ctx: Context, journal: Journal, wt: Worktree): Promise<void> => {
  const open = openIteration(journal.session);
  if (!open) return;
  const run = { session: journal.id, iteration: open.iteration };
  // An engine is asked first: it then takes away what belonged to a container, too.
  const contained = await endContained(ctx, open.sandbox, run);
  const strays = contained + (await killStrays(run));
  if (open.reason === 'conflict') return recoverConflictIteration(ctx, journal, wt);
  ctx.warn(
    `Iteration ${open.iteration} of ${journal.session.name} never ended: its process died. What it left is committed as interrupted.`,
  );
  await reportLeftChanges(ctx, journal, wt, open.iteration);
  // What still ran until now may have done anything that a person could have done.
  const later = strays > 0 ? undefined : await laterWork(ctx, journal.session, wt, open);
  if (later?.tip) await recordCommits(ctx, journal, later.tip, open.iteration + 1);
  const transcript = await digestKept(ctx, journal.id, open);
  const how = {
    outcome: 'interrupted' as const,
    said: open.message,
    durationMs: 0,
    recovered: true,
    transcript,
    known: [],
    ...(later && { later }),
  } satisfies Finish;
  await finishIteration(ctx, journal, wt, how);
};

const endContained = async (
  ctx: Context,
  sandbox: Iteration['sandbox'],
  run: { session: string; iteration: number },
): Promise<number> => {
  if (sandbox !== 'docker' && sandbox !== 'podman') return 0;
  return (await import('./left-containers.ts')).endContainersOf(ctx, sandbox, run);
};
