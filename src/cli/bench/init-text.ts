import type { ChalkInstance } from 'chalk';
import { AppError, inShell } from '../../errors.ts';
import { formatCount } from '../format.ts';
import { sanitizeLine } from '../sanitize.ts';

interface Looked {
  commit: string;
  subject: string;
  case: string | null;
  why: string | null;
}

interface Made {
  suite: string | null;
  cases: { id: string; commit: string; parser: string; failToPass: string[] | null; passToPass: string[] | null }[];
  looked: Looked[];
  interrupted: boolean;
}

/** `✓ 1a2b3c4d5e Add subtract()`, or why it makes no case. */
export const lookedText = ({ commit, subject, case: made, why }: Looked): string =>
  `${made === null ? '·' : '✓'} ${commit.slice(0, 10)} ${sanitizeLine(subject)}${why === null ? '' : `: ${why}`}`;

/** `7 touch no tests, 2 fail after`. */
const reasons = (looked: readonly Looked[]): string => {
  const counts = new Map<string, number>();
  for (const { why } of looked) if (why !== null) counts.set(why, (counts.get(why) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([why, count]) => `${count} × ${why}`)
    .join(', ');
};

const tellsOf = ({ failToPass, passToPass }: Made['cases'][number]): string =>
  failToPass === null ? 'by its exit code' : `${failToPass.length} to mend, ${passToPass?.length ?? 0} to keep`;

export const initText = (
  { suite, cases, looked }: Made,
  { isDry, color, shown }: { isDry: boolean; color: ChalkInstance; shown: string },
): string => {
  const rest = reasons(looked);
  const among = `of ${formatCount(looked.length, 'commit')}${rest === '' ? '' : ` (${rest})`}`;
  if (isDry) {
    const would = looked.filter((one) => one.case !== null);
    return `${formatCount(would.length, 'commit')} would be tried out, ${among}`;
  }
  if (suite === null) return `No case yet, ${among}`;
  return [
    `${color.green('✓')} ${shown}: ${formatCount(cases.length, 'case')} ${among}`,
    ...cases.map((one) => `  ${one.id} ${color.dim(`(${tellsOf(one)})`)}`),
    '',
    `Check it: amp-sessions bench ${inShell(shown)} --agent gold --agent empty`,
  ].join('\n');
};

export const initAnswer = ({ suite, cases, looked }: Made): Record<string, unknown> => ({
  suite,
  cases: cases.map(({ id, commit, parser, failToPass, passToPass }) => ({
    id,
    commit,
    parser,
    failToPass,
    passToPass,
  })),
  looked,
});

export const initFailure = (made: Made): AppError | undefined =>
  made.interrupted
    ? new AppError('interrupted', `Stopped after ${formatCount(made.looked.length, 'commit')}.`, {
        hint: made.suite === null ? 'Nothing was written.' : `What was found until then is in ${made.suite}.`,
        answer: initAnswer(made),
      })
    : undefined;
