import { boolean, option, string } from '@oclif/core/flags';
import { askedFlags, rangeFlags } from './flags.ts';

export const reportFlags = {
  output: string({ char: 'o', summary: 'File to write; - or none is stdout.', helpValue: '<file>' }),
  format: option({
    summary: 'Default: what the name of the file says, else markdown.',
    options: ['markdown', 'html'] as const,
  })(),
  force: boolean({ summary: 'Replace the file if it is there.' }),
  ...rangeFlags,
  ...askedFlags,
};
