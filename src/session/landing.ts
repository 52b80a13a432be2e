import type { LogEvent } from '../events/catalogue.ts';
import type { Iteration, Operation, Session } from './state.ts';

/** The operation that `undo` would take back: the last one that still stands. */
export const undoable = ({ operations }: Session): Operation | undefined =>
  operations.findLast(({ verb, undone }) => verb !== 'undo' && !undone);

/** Operations that made commits anew and still stand, of after a moment. */
const rewritersAfter = ({ operations }: Session, at: string): Operation[] =>
  operations.filter(
    ({ verb, undone, finishedAt }) => verb !== 'undo' && verb !== 'rewind' && !undone && (finishedAt ?? '') >= at,
  );

/**
 * Where a session stood after an iteration, 0 for its beginning: the iteration's commit, or what a later rebase has
 * made of it; where it was squashed since, the commit as it was before. And the base of that.
 */
export const placeOfIteration = (
  session: Session,
  iteration: number | Iteration,
): { commit: string; baseCommit: string } | undefined => {
  const first = session.iterations[0];
  const found =
    typeof iteration === 'number' ? session.iterations.find((one) => one.iteration === iteration) : iteration;
  if (iteration !== 0 && !found) return undefined;
  let commit = found ? (found.commit ?? found.head) : (first?.head ?? session.baseCommit);
  const later = rewritersAfter(session, found?.finishedAt ?? session.createdAt);
  let baseCommit = later[0]?.before.baseCommit ?? session.baseCommit;
  if (!found) return { commit: first ? first.head : baseCommit, baseCommit };
  for (const op of later) {
    const next = op.rewritten.find(({ from }) => from === commit)?.to;
    if (next === undefined) break;
    commit = next;
    baseCommit = op.after.baseCommit;
  }
  return { commit, baseCommit };
};

/** Events that speak of a commit, as its note has them. */
const NOTED = new Set([
  'iteration.finished',
  'test-run.finished',
  'manual-commit.found',
  'squash.finished',
  'rebase.finished',
]);

const eventsOf = (events: LogEvent[], commits: Set<string>): LogEvent[] =>
  events.filter(({ type, data }) => {
    const { commit, target } = (data ?? {}) as { commit?: string; target?: string };
    return NOTED.has(type) && target !== 'base' && commit !== undefined && commits.has(commit);
  });

/**
 * What the notes of an operation's new commits tell: what was told of those they stand for, and the operation's end.
 * @param events of the session's log
 */
export const notesOfOperation = (op: Operation, events: LogEvent[]): Map<string, LogEvent[]> => {
  const replaces = new Map(op.rewritten.map(({ from, to }) => [to, new Set([from])]));
  if (op.squash) {
    const { commit, replaced } = op.squash;
    // A squash that was rebased in the same breath is known by its last name.
    const name = op.rewritten.find(({ from }) => from === commit)?.to ?? commit;
    replaces.set(name, new Set([...replaced, ...(replaces.get(name) ?? [])]));
  }
  const notes = new Map([...replaces].map(([to, from]) => [to, eventsOf(events, from)]));
  const isEnd = ({ type, data }: LogEvent): boolean =>
    type === `${op.verb}.finished` && (data as { operation?: number } | null)?.operation === op.operation;
  const end = events.findLast(isEnd);
  if (!end || op.verb === 'undo' || op.verb === 'rewind') return notes;
  const { commit, mergeCommit } = end.data as { commit: string; mergeCommit?: string };
  const tip = mergeCommit ?? commit;
  return notes.set(tip, [...(notes.get(tip) ?? []), end]);
};

/** Events that a commit's note tells of as soon as they happened. */
const NOTED_AT_ONCE = new Set(['iteration.finished', 'test-run.finished', 'manual-commit.found']);

/**
 * Everything that the notes of a session's commits should tell, in the order of the log.
 * @param events of the session's log; those that no note tells of may be left out
 */
export const expectedNotes = (session: Session, events: LogEvent[]): Map<string, LogEvent[]> => {
  const notes = new Map<string, LogEvent[]>();
  const add = (commit: string, told: LogEvent[]): void => {
    const known = notes.get(commit) ?? [];
    notes.set(commit, [...known, ...told.filter((event) => !known.includes(event))]);
  };
  for (const event of events) {
    const { commit, target = 'iteration' } = (event.data ?? {}) as { commit?: string | null; target?: string };
    if (typeof commit === 'string' && target === 'iteration' && NOTED_AT_ONCE.has(event.type)) add(commit, [event]);
  }
  for (const op of session.operations)
    for (const [commit, told] of notesOfOperation(op, events)) if (told.length > 0) add(commit, told);
  return notes;
};
