import { z } from 'zod';
import { open } from './shapes.ts';

const column = open({ name: z.string(), type: z.string().describe('as DuckDB writes it, such as DECIMAL(18,6)') });

const table = open({
  name: z.string(),
  says: z.string().describe('what a row is'),
  columns: z.array(open({ ...column.shape, says: z.string() })),
  order: z.array(z.string()).describe('columns that put the rows into an order which is the same on every machine'),
});

/** What the commands that ask the history print with `--json`. */
export const sqlAnswers = {
  sql: open({
    columns: z.array(column).optional(),
    rows: z
      .array(z.record(z.string(), z.unknown()))
      .optional()
      .describe('by the names of the columns; times are ISO-8601 UTC, numbers that JavaScript would round are text'),
    tables: z.array(table).optional().describe('with --schema'),
  }),
};
