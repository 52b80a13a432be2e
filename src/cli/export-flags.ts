import { boolean, option, string } from '@oclif/core/flags';
import { askedFlags, rangeFlags } from './flags.ts';

/** What `export` takes. */
export const exportFlags = {
  format: option({
    summary: 'How it is written; ndjson if not given.',
    options: ['ndjson', 'csv', 'parquet', 'json', 'otlp'] as const,
  })(),
  out: string({ char: 'o', summary: 'File to write; - is stdout.', helpValue: '<file>' }),
  to: string({ summary: 'otlp: endpoint that takes the spans, over HTTP.', helpValue: '<address>' }),
  table: string({ summary: 'Rows of this table instead of the log itself.', helpValue: '<name>' }),
  ...rangeFlags,
  ...askedFlags,
  raw: boolean({ summary: 'CSV: leave texts alone that a spreadsheet would run as formulas.' }),
  force: boolean({ summary: 'Replace the file if it is there.' }),
};
