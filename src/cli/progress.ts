import { systemClock } from '../clock.ts';
import { colors } from './color.ts';
import { stderr } from './print.ts';
import { plainProgress } from './progress-plain.ts';

/** Tells a person how a command gets on, on stderr. */
export interface Progress {
  /** Runs one step under a title; its running time is shown. A step inside a step is a detail of it. */
  step<T>(title: string, run: () => Promise<T>): Promise<T>;
  /** What the step is doing at the moment, such as the agent's tool and its tokens. Replaces the detail before. */
  detail(text: string): void;
  /** A line that stays. */
  note(text: string): void;
}

/** For `--json` and `-q`: runs the steps and says nothing. */
export const silentProgress: Progress = { step: (_title, run) => run(), detail: () => {}, note: () => {} };

/** listr2 takes 20 ms to load, so it is loaded with the first step of a run that shows it. */
const terminalProgress = (): Progress => {
  const loading = import('./progress-terminal.ts').then(({ createTerminalProgress }) =>
    createTerminalProgress({ writer: stderr, color: colors('stderr'), elapsed: systemClock.elapsed }),
  );
  let loaded: Progress | undefined;
  return {
    step: async (title, run) => {
      loaded ??= await loading;
      return loaded.step(title, run);
    },
    detail: (text) => loaded?.detail(text),
    note: (text) => (loaded ? loaded.note(text) : stderr.line(text)),
  };
};

/** Steps with a running time on a terminal, one line per change elsewhere, nothing when silent. */
export const createProgress = ({ silent }: { silent: boolean }): Progress => {
  if (silent) return silentProgress;
  if (stderr.isTerminal && process.env['TERM'] !== 'dumb') return terminalProgress();
  return plainProgress({ line: (text) => stderr.line(text), elapsed: systemClock.elapsed });
};
