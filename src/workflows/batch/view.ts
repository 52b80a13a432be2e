import type { Counts } from '../../batch/conclusions.ts';
import type { Batch } from '../../batch/state.ts';
import type { LogEvent } from '../../events/catalogue.ts';

export interface BatchHeader {
  counts: Counts;
  running: number;
  spentUsd: number;
  spentTokens: number;
  /** An agent did not tell what it cost. */
  costIsLowerBound: boolean;
  /** Milliseconds; null: nothing is known yet. */
  etaMs: number | null;
  /** ISO-8601; there as long as an agent rests. */
  pausedUntil?: string;
}

/** Shows a batch while it runs. Texts are not made safe for a terminal here. */
export interface BatchView {
  header(header: BatchHeader): void;
  /** What the slot, from 0, does; null: nothing. */
  slot(slot: number, text: string | null): void;
  /** Something a person should read, as one line. */
  line(text: string): void;
  /** Every fact of the batch as it is recorded, for a view that words it itself. */
  event?(event: LogEvent, batch: Batch): void;
}

export const silentView: BatchView = { header: () => {}, slot: () => {}, line: () => {} };
