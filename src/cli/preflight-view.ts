import { stderr } from './print.ts';
import type { Progress } from './progress.ts';
import { sanitizeLine } from './sanitize.ts';
import { Steps } from './steps.ts';

export interface PreflightView {
  onStep(text: string): void;
  onTestOutput(text: string): void;
  /** Waits for the work; the last step ends as it does. */
  during<T>(work: Promise<T>): Promise<T>;
}

/** Shows how a preflight gets on; on a terminal with the last line that the tests printed. */
export const preflightView = (progress: Progress): PreflightView => {
  const steps = new Steps(progress);
  return {
    onStep: (text) => steps.begin(sanitizeLine(text)),
    onTestOutput: (text) => {
      const last = text.trimEnd().split('\n').at(-1) ?? '';
      if (stderr.isTerminal && last.trim() !== '') steps.detail(sanitizeLine(last).slice(0, 60));
    },
    during: (work) => steps.during(work),
  };
};
