import type { LogEvent } from '../events/catalogue.ts';
import type { DiffSize } from '../git/diff.ts';
import type { SkippedPath } from '../git/snapshot.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Outcome } from '../session/state.ts';
import type { Journal } from './journal.ts';
import type { Digest } from './transcript-digest.ts';

/** How an iteration ended. */
export interface IterationEnd {
  outcome: Outcome;
  durationMs: number;
  recovered: boolean;
  transcript: Digest | null;
  /** What the commit could not take in. */
  skipped?: SkippedPath[];
}

/** So many of the paths that a commit or a snapshot could not hold go on record. */
export const MOST_NAMED = 100;

/**
 * Puts the end of the open iteration on record, with the commit it came to, if any; that is kept and noted from the
 * next flush on.
 */
export const recordEnd = async (
  journal: Journal,
  { outcome, durationMs, recovered, transcript, skipped = [] }: IterationEnd,
  made: { commit: string; subject: string; size: DiffSize } | null,
): Promise<LogEvent> => {
  const { iteration, head, agent, threadId, usage } = openIteration(journal.session)!;
  const [finished] = await journal.record([
    {
      type: 'iteration.finished',
      by: 'program',
      data: {
        iteration,
        outcome,
        head,
        ...(made && { commit: made.commit, subject: made.subject }),
        ...(made?.size ?? { files: 0, insertions: 0, deletions: 0 }),
        durationMs: Math.round(durationMs),
        agent: { name: agent.name, mode: agent.mode, threadId },
        usage,
        transcript,
        recovered,
        ...(skipped.length > 0 && { skipped: skipped.slice(0, MOST_NAMED) }),
      },
    },
  ]);
  if (made) {
    journal.keep([made.commit]);
    journal.note(made.commit, [finished!]);
  }
  return finished!;
};
