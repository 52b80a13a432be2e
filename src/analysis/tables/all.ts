import { batches, batchItems } from './batch-tables.ts';
import { events, iterations, messages, sessions } from './session-tables.ts';
import type { Table } from './table.ts';
import { transcripts } from './transcripts.ts';
import { commits, errors, gitOperations, testRuns, toolCalls, usage } from './work-tables.ts';

/** Every table that is made of events. */
export const TABLES: readonly Table[] = [
  sessions,
  iterations,
  toolCalls,
  usage,
  testRuns,
  commits,
  gitOperations,
  errors,
  messages,
  batches,
  batchItems,
  events,
];

/** Tables that are made of transcripts, when somebody asks for them. */
export const TRANSCRIPT_TABLES: readonly Table[] = [transcripts];

/** Every table that can be asked. `docs/analytics-tables.md` is made from this list. */
export const ALL_TABLES: readonly Table[] = [...TABLES, ...TRANSCRIPT_TABLES];

/** Whether a statement may speak of transcripts; that it does not, where it does, cannot be. */
export const mentionsTranscripts = (sql: string): boolean => /transcripts/i.test(sql);

/** Of what `rowsOfLog` makes: higher whenever the same log gives other rows. A cache of another version is no cache. */
export const ROWS_VERSION = 3;
