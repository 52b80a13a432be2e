import { z } from 'zod';
import { count, open } from './shapes.ts';

/** What `export` and `import` print with `--json`. */
export const exportAnswers = {
  export: open({
    format: z.enum(['ndjson', 'csv', 'parquet', 'json', 'otlp']),
    table: z.string().nullable().describe('null: the log itself'),
    out: z.string().describe('file, or the endpoint of otlp'),
    sessions: count.describe('sessions and batches that were written'),
    rows: count.describe('of the table, or events, or spans that were taken'),
    bytes: count.describe('of otlp: as they were sent, compressed'),
    requests: count.optional().describe('otlp only, as the following two'),
    rejected: count.optional().describe('spans that the endpoint did not take'),
    unfinished: count.optional().describe('what has not ended yet, and so is no span'),
    held: z
      .array(
        open({
          log: z.string(),
          session: z.string(),
          secrets: z.array(
            open({
              where: z.string(),
              seq: z.int().nullable().describe('number of the event'),
              kind: z.string().describe('the rule that found it'),
            }),
          ),
        }),
      )
      .describe('left out, because of what stands in them'),
  }),
  import: open({
    file: z.string(),
    dryRun: z.boolean(),
    events: count.describe('in the file'),
    sessions: z.array(z.string()).describe('that have come, or have more events than before'),
    taken: z.array(open({ log: z.string(), writer: z.string(), events: count.describe('that were not here') })),
    same: count.describe('lanes of which all was here'),
    refused: z.array(open({ log: z.string(), writer: z.string(), reason: z.string() })),
    forgotten: z.array(z.string()).describe('sessions that somebody forgot: they do not come back'),
  }),
};
