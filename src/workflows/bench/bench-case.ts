import type { GradedCase } from './grade.ts';

/** A case as it is run and graded, whatever kind of file it came from. */
export interface BenchCase {
  /** For grading; null where no success command is known: predictions are written then, and nothing is graded here. */
  graded: GradedCase | null;
  id: string;
  /** Base commit, whole id. */
  commit: string;
  prompt: string;
  /** Files that grading brings along are left out of what the agent made. */
  testPatch: string | null;
  /** Reference solution; null: there is none. */
  solution: string | null;
  /** A folder in the repository that has the history. */
  from: string;
  setup: string | null;
  /** Seconds for the agent; null: the settings say. */
  timeoutSec: number | null;
}
