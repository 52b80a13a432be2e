import type { ChalkInstance } from 'chalk';
import { systemClock } from '../../clock.ts';
import { stdout } from '../print.ts';
import { headerOf, type Status } from './status-text.ts';

export interface Watch<S> {
  look(): Promise<S>;
  /** The whole of it, for a terminal. */
  text(status: S): string;
  /** Ctrl-C. */
  signal: AbortSignal;
  /** With `--json`: nothing is shown, only waited. */
  silent: boolean;
  color: ChalkInstance;
}

const EVERY_MS = 1000;

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, EVERY_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });

/** Draws over what was drawn before, never more than the terminal has rows. */
const screen = () => {
  let drawn = 0;
  return (text: string): void => {
    const most = Math.max(2, (process.stdout.rows || 24) - 1);
    const all = text.split('\n');
    const lines = all.length > most ? [...all.slice(0, most - 1), `… ${all.length - most + 1} lines more`] : all;
    stdout.write(`${drawn === 0 ? '' : `\r\x1b[${drawn}A\x1b[0J`}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
};

/**
 * Shows a batch until nobody works on it any more: over and over on a terminal, one line a change elsewhere.
 * @returns as it was at the end
 */
export const watchBatch = async <S extends Status>({ look, text, signal, silent, color }: Watch<S>): Promise<S> => {
  const draw = screen();
  let last = '';
  for (;;) {
    const status = await look();
    const isOver = status.state !== 'running' || signal.aborted || stdout.closed;
    const shown = stdout.isTerminal || isOver ? text(status) : headerOf(status, color, Date.parse(systemClock.now()));
    if (!silent && shown !== last) {
      if (stdout.isTerminal) draw(shown);
      else stdout.line(shown);
    }
    last = shown;
    if (isOver) return status;
    await pause(signal);
  }
};
