import { programsText } from '../batch/plan-text.ts';
import { colors } from '../color.ts';
import { confirm } from '../confirm.ts';
import { stderr } from '../print.ts';
import { sanitizeLine } from '../sanitize.ts';

interface View {
  header(): void;
  slot(): void;
  line(text: string): void;
}

/** One line a change on stderr; nothing when silent. */
export const showBench = <T>({ silent }: { silent: boolean }, work: (view: View) => Promise<T>): Promise<T> =>
  work({ header: () => {}, slot: () => {}, line: (text) => (silent ? undefined : stderr.line(sanitizeLine(text))) });

/** Shows what a suite names, and asks; in a pipe the answer is no. */
export const askToTrust = async (file: {
  file: string;
  programs: readonly { what: string; line: string; items: number }[];
}): Promise<boolean> => {
  if (!process.stdin.isTTY || !stderr.isTerminal) return false;
  stderr.line(`${sanitizeLine(file.file)} names:`);
  for (const text of programsText(file.programs, colors('stderr'))) stderr.line(text);
  return confirm('May it run and reach these?');
};
