import type { Operation, Session } from './state.ts';

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
  iteration: number,
): { commit: string; baseCommit: string } | undefined => {
  const first = session.iterations[0];
  const found = session.iterations.find((one) => one.iteration === iteration);
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
