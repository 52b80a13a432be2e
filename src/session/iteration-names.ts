import { allIterations } from './conclusions.ts';
import type { Iteration, Session } from './state.ts';

/** How a person names an iteration: by its number, or `3@k7x2` where clones that went on apart gave the same one. */
export type IterationRef = number | string;

const SHAPE = /^(\d{1,9})(?:@([A-Za-z0-9_-]+))?$/;

/** Undefined for what names no iteration. */
export const parseIterationRef = (ref: IterationRef): { iteration: number; writer: string | undefined } | undefined => {
  const found = SHAPE.exec(String(ref));
  return found ? { iteration: Number(found[1]), writer: found[2] } : undefined;
};

/** All that a name can mean, on every line. */
export const iterationsNamed = (session: Session, ref: IterationRef): Iteration[] => {
  const named = parseIterationRef(ref);
  if (!named) return [];
  const { iteration, writer = '' } = named;
  const found = allIterations(session).filter((it) => it.iteration === iteration && it.writer.startsWith(writer));
  const exact = found.filter((it) => it.writer === writer);
  return exact.length > 0 ? exact : found;
};

const LEAST = 4;

/** The name of an iteration: its number, with the beginning of its clone's name where that alone is not enough. */
export const nameOfIteration = (session: Session, it: Pick<Iteration, 'iteration' | 'writer'>): string => {
  const twins = iterationsNamed(session, it.iteration).filter(({ writer }) => writer !== it.writer);
  if (twins.length === 0) return String(it.iteration);
  let length = LEAST;
  while (length < it.writer.length && twins.some(({ writer }) => writer.startsWith(it.writer.slice(0, length))))
    length++;
  return `${it.iteration}@${it.writer.slice(0, length)}`;
};
