export const OUTCOMES = [
  'resolved',
  'unresolved',
  'timeout',
  'budget',
  'agent-failed',
  'error',
  'unfinished',
  'ungraded',
] as const;

/**
 * How one run of a case by an agent came out. Three kinds that are never mixed:
 * graded (`resolved`, `unresolved`); stopped by a limit or a failure of the agent itself (`timeout`, `budget`,
 * `agent-failed`); and what says nothing about the agent (`error` of ours, of the machine, the provider or the grading,
 * `unfinished`, and `ungraded`, where no success command is known).
 */
export type Outcome = (typeof OUTCOMES)[number];

export const isGraded = (outcome: Outcome): boolean => outcome === 'resolved' || outcome === 'unresolved';

/** The agent did not come to its end: told apart, and counted as unresolved by the strict rate only. */
export const isLimited = (outcome: Outcome): boolean =>
  outcome === 'timeout' || outcome === 'budget' || outcome === 'agent-failed';

/** The agent's own time-outs; a test command that ran out of time at grading is no such thing. */
const AGENT_TIMEOUTS = ['agent.timeout', 'agent.silent'];

/** What is known of a run once its item in the batch has ended. */
export interface EndedRun {
  /** The item's state in the batch. */
  state: string;
  /** Code of the error; null where there was none. */
  cause: string | null;
  /** Its last attempt had a session, so the agent began. */
  began: boolean;
  /** What grading said; null where it could say nothing, undefined where it never came to an end. */
  resolved: boolean | null | undefined | 'ungraded';
}

export const outcomeOf = ({ state, cause, began, resolved }: EndedRun): Outcome => {
  if (state === 'passed' || state === 'failed') {
    if (resolved === 'ungraded') return 'ungraded';
    if (resolved === true) return 'resolved';
    return resolved === false ? 'unresolved' : 'error';
  }
  if (state === 'timeout') return cause === null || AGENT_TIMEOUTS.includes(cause) ? 'timeout' : 'error';
  // A budget of the whole run or day that was gone before the agent began says nothing about it.
  if (state === 'budget') return began ? 'budget' : 'unfinished';
  if (state === 'error') return cause === 'agent.failed' ? 'agent-failed' : 'error';
  return 'unfinished';
};
