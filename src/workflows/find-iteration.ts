import { AppError } from '../errors.ts';
import { allIterations } from '../session/conclusions.ts';
import { type IterationRef, iterationsNamed, nameOfIteration } from '../session/iteration-names.ts';
import type { Iteration, Session } from '../session/state.ts';

/** The error for an iteration that is not there. */
export const iterationMissing = (session: Session, wanted: IterationRef): AppError => {
  const most = Math.max(0, ...allIterations(session).map(({ iteration }) => iteration));
  return new AppError('iteration.missing', `Session ${session.name} has no iteration ${wanted}.`, {
    hint: most === 0 ? 'It has none yet.' : `It has 1 to ${most}.`,
  });
};

/**
 * The iteration that a person names.
 * @throws AppError iteration.missing, iteration.ambiguous where clones that went on apart gave the same number
 */
export const findIteration = (session: Session, ref: IterationRef): Iteration => {
  const [found, ...more] = iterationsNamed(session, ref);
  if (!found) throw iterationMissing(session, ref);
  if (more.length === 0) return found;
  const names = [found, ...more].map((it) => nameOfIteration(session, it));
  throw new AppError(
    'iteration.ambiguous',
    `Clones of ${session.name} that went on apart each have an iteration ${ref}.`,
    {
      hint: `Say which one: ${names.join(' or ')}.`,
      details: { candidates: names },
    },
  );
};
