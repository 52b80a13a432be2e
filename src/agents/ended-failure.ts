import type { Failure, ProcessEnd } from './play-agent.ts';
import { cutAtWord } from './tool-text.ts';

export const AGAIN = 'What it did is on record: `amp-sessions logs`. Iterate again to go on.';

/** The failure of a run that somebody or something else ended. */
export const stoppedFailure = (name: string, stopped: ProcessEnd['stopped']): Failure | undefined => {
  if (stopped === 'user')
    return { code: 'agent.failed', message: `${name} was stopped before it had finished.`, hint: AGAIN };
  if (stopped === 'timeout')
    return {
      code: 'agent.timeout',
      message: `${name} ran into its time limit and was stopped.`,
      hint: 'Give it more with `--timeout`, or iterate again to go on.',
    };
  if (stopped === 'silent')
    return {
      code: 'agent.silent',
      message: `${name} printed nothing for too long and was stopped.`,
      hint: 'Iterate again; if it needs longer pauses, raise firstOutputSec or idleSec.',
    };
  return undefined;
};

export const howItEnded = ({ exitCode, signal }: ProcessEnd): string =>
  signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;

/** A sentence, with the last line of a text behind it when there is one. */
export const withLastWords = (sentence: string, text: string): string => {
  const line = text.split('\n').findLast((candidate) => candidate.trim() !== '');
  return line === undefined ? `${sentence}.` : `${sentence}: ${cutAtWord(line.trim(), 300)}`;
};

/** The failure of a program of which only the exit code speaks; null when that is 0. */
export const endedFailure = (name: string, end: ProcessEnd, output: string): Failure | null => {
  const { exitCode, stopped } = end;
  if (stopped === 'timeout' || stopped === 'silent') return stoppedFailure(name, stopped) ?? null;
  if (exitCode === 0) return null;
  if (stopped === 'user') return stoppedFailure(name, stopped) ?? null;
  const message = withLastWords(`${name} ${howItEnded(end)}`, output);
  if (exitCode === 127)
    return { code: 'agent.missing', message, hint: 'The shell found no such program: look at agents.command.run.' };
  return { code: 'agent.failed', message, hint: AGAIN };
};
