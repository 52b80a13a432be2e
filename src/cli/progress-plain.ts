import { formatDuration } from './format.ts';
import type { Progress } from './progress.ts';
import { sanitizeLine } from './sanitize.ts';

/** One line per change, for pipes and logs. */
export const plainProgress = ({ line, elapsed }: { line: (text: string) => void; elapsed: () => number }): Progress => {
  let last = '';
  const say = (text: string): void => {
    if (text === last) return;
    last = text;
    line(text);
  };
  return {
    step: async (title, run) => {
      const name = sanitizeLine(title);
      const started = elapsed();
      say(`… ${name}`);
      try {
        const result = await run();
        say(`✓ ${name} (${formatDuration(elapsed() - started)})`);
        return result;
      } catch (error) {
        say(`✗ ${name} (${formatDuration(elapsed() - started)})`);
        throw error;
      }
    },
    detail: (text) => say(`  ${sanitizeLine(text)}`),
    note: (text) => say(sanitizeLine(text)),
  };
};
