import { events, iterations, messages, sessions } from './session-tables.ts';
import type { Table } from './table.ts';
import { commits, errors, gitOperations, testRuns, toolCalls, usage } from './work-tables.ts';

/** Every table that can be asked. `docs/analytics-tables.md` is made from this list. */
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
  events,
];

/** Of what `rowsOfLog` makes: higher whenever the same log gives other rows. A cache of another version is no cache. */
export const ROWS_VERSION = 1;
