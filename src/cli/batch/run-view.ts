import type { ChalkInstance } from 'chalk';
import type { BatchView } from './batch-view.ts';
import { createBatchView } from './batch-view.ts';
import { batchEndText, type Status } from './status-text.ts';

export interface RunViewWish {
  /** Workers at once. */
  slots: number;
  /** With `--json` and `-q`: nothing. */
  silent: boolean;
}

/** Shows a batch for as long as it is worked on. */
export const showRun = async <T>(wish: RunViewWish, work: (view: BatchView) => Promise<T>): Promise<T> => {
  const view = await createBatchView(wish);
  try {
    return await work(view);
  } finally {
    await view.end();
  }
};

/** What a run came to, for a person: with `-q` its id. */
export const endText = (answer: Status, { color, quiet }: { color: ChalkInstance; quiet: boolean }): string =>
  quiet ? answer.id : batchEndText(answer, color);
