import type { ChalkInstance } from 'chalk';
import { countsOf } from '../../batch/conclusions.ts';
import type { Batch } from '../../batch/state.ts';
import { systemClock } from '../../clock.ts';
import type { LogEvent } from '../../events/catalogue.ts';
import { colors } from '../color.ts';
import { stderr } from '../print.ts';
import { sanitizeLine } from '../sanitize.ts';
import { type BatchHeader, endedOf, totalOf } from './header-text.ts';

/** Shows a batch while it runs. */
export interface BatchView {
  header(header: BatchHeader): void;
  /** What worker `at` (from 0) does now; null: nothing. What stands before the first colon names the item. */
  slot(at: number, text: string | null): void;
  /** Something that has changed, for good. */
  line(text: string): void;
  /** What was put on record, and the batch after it. */
  event?(event: LogEvent, batch: Batch): void;
  /** Resolved once everything is on the screen. */
  end(): Promise<void>;
}

const silent: BatchView = { header: () => {}, slot: () => {}, line: () => {}, end: async () => {} };

/** What a worker that takes something up says of it: nobody sees it go on in a pipe. */
const BEGUN = /: starting$/;

/** One line a change, for pipes and logs, with how far it is. */
export const plainView = (write: (text: string) => void): BatchView => {
  let batch: Batch | undefined;
  const line = (text: string): void => {
    const counts = batch && countsOf(batch);
    write(counts ? `[${endedOf(counts)}/${totalOf(counts)}] ${text}` : text);
  };
  return {
    ...silent,
    slot: (_, text) => {
      if (text !== null && BEGUN.test(text)) line(`… ${text.replace(BEGUN, '')}`);
    },
    line,
    event: (_, now) => {
      batch = now;
    },
  };
};

const MARKS: [RegExp, (color: ChalkInstance) => ChalkInstance][] = [
  [/^✓/, (color) => color.green],
  [/^✗/, (color) => color.red],
  [/^!/, (color) => color.yellow],
];

const marked = (text: string, color: ChalkInstance): string => {
  const line = sanitizeLine(text);
  for (const [mark, paint] of MARKS) if (mark.test(line)) return paint(color)(line.slice(0, 1)) + line.slice(1);
  return line;
};

/** Workers on a terminal, one line a change elsewhere, nothing when silent; all on stderr. */
export const createBatchView = async (options: { slots: number; silent: boolean }): Promise<BatchView> => {
  if (options.silent) return silent;
  const color = colors('stderr');
  if (!stderr.isTerminal || process.env['TERM'] === 'dumb')
    return plainView((text) => stderr.line(marked(text, color)));
  const { createLiveView } = await import('./live-view.ts');
  const view = createLiveView({
    writer: stderr,
    color,
    elapsed: systemClock.elapsed,
    wall: () => Date.parse(systemClock.now()),
    rows: () => process.stderr.rows || 24,
    slots: options.slots,
  });
  return { ...view, line: (text) => view.line(marked(text, color)) };
};
