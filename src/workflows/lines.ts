import { AppError } from '../errors.ts';
import { nameOfIteration } from '../session/iteration-names.ts';
import type { Line, Session } from '../session/state.ts';

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A line as a sentence names it. */
export const nameOfLine = ({ writer, host, here }: Line): string => {
  const whose = [...(host === null ? [] : [host]), ...(here ? ['this clone'] : [])].join(', ');
  return whose === '' ? writer : `${writer} (${whose})`;
};

const sizeOfLine = (line: Line): string => {
  const manual = line.manualCommits.length > 0 ? `, ${plural(line.manualCommits.length, 'manual commit')}` : '';
  return `${nameOfLine(line)}: ${plural(line.iterations.length, 'iteration')}${manual}, at ${line.head.slice(0, 8)}`;
};

/** The next step for a session that went on in several places. */
export const linesHint = ({ id, lines }: Session): string => {
  const mine = lines.find(({ here }) => here);
  const [other] = lines.filter((line) => line !== mine);
  if (mine) return `Put this clone’s line onto another one: amp-sessions rebase ${id} --onto ${other!.writer}`;
  return `Choose the line to stand on: amp-sessions resume ${id} --line ${lines[0]!.writer}`;
};

/** For every verb that would have to guess which line is meant. */
export const diverged = (session: Session, answer?: Record<string, unknown>): AppError =>
  new AppError(
    'session.diverged',
    `Session ${session.name} went on in ${session.lines.length} places apart: ${session.lines.map(sizeOfLine).join('; ')}.`,
    {
      hint: linesHint(session),
      details: { lines: session.lines.map((line) => describeLine(session, line)) },
      ...(answer && { answer }),
    },
  );

/** A line in an answer. */
export const describeLine = (session: Session, line: Line) => ({
  writer: line.writer,
  host: line.host,
  here: line.here,
  commit: line.head,
  fork: line.fork,
  iterations: line.iterations.map((it) => ({
    iteration: it.iteration,
    label: nameOfIteration(session, it),
    outcome: it.outcome,
    ...(it.commit !== null && { commit: it.commit, subject: it.subject }),
    files: it.files,
    insertions: it.insertions,
    deletions: it.deletions,
    durationMs: it.durationMs,
    failure: it.failure,
  })),
  manualCommits: line.manualCommits.map(({ commit, subject, author }) => ({ commit, subject, author })),
  lastActivityAt: line.lastActivityAt,
});

/**
 * The line that a person means: by its clone, a unique beginning of that, its machine, or its last commit.
 * @throws AppError session.diverged
 */
export const lineNamed = (session: Session, given: string): Line => {
  const kinds: ((line: Line) => boolean)[] = [
    ({ writer }) => writer === given,
    ({ host }) => host === given,
    ({ writer, head }) =>
      (given.length >= 2 && writer.startsWith(given)) || (given.length >= 4 && head.startsWith(given)),
  ];
  for (const matches of kinds) {
    const found = session.lines.filter(matches);
    if (found.length === 1) return found[0]!;
  }
  throw diverged(session);
};
