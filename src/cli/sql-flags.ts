import { boolean, integer, option, string } from '@oclif/core/flags';
import { FORMATS } from './answer-rows.ts';
import { askedFlags } from './flags.ts';

export const sqlFlags = {
  ...askedFlags,
  file: string({ char: 'f', summary: 'File with the statement; - is stdin.', helpValue: '<file>' }),
  param: string({
    summary: 'Value of $name in the statement; may repeat.',
    helpValue: '<name>=<value>',
    multiple: true,
    multipleNonGreedy: true,
  }),
  format: option({
    summary: 'How rows are printed; a table if not given.',
    options: FORMATS,
    exclusive: ['json'],
  })(),
  raw: boolean({ summary: 'CSV with text as it is, also where a spreadsheet would take it for a formula.' }),
  limit: integer({
    summary: 'Rows of a table on a terminal; 1000 if not given, 0 for all.',
    helpValue: '<n>',
    min: 0,
  }),
  'allow-files': boolean({ summary: 'The statement may read files of this machine.' }),
  schema: boolean({ summary: 'Print the tables, or one, with their columns.' }),
};
