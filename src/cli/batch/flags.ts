import { string as stringArg } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { jobs } from '../flags.ts';

/** The batch a command is about. */
export const batchArg = stringArg({
  description: 'Id, unique prefix of it, or name of the batch.',
  required: true,
  ignoreStdin: true,
});

/** What all commands take that work on a batch. */
export const runFlags = {
  concurrency: { ...jobs, summary: 'How many items at once, instead of what the file says.' },
  shard: string({
    summary: 'Only this part: 1/4 is every fourth item from the first on. The same file has the same parts everywhere.',
    helpValue: '<i/n>',
  }),
  trust: boolean({ summary: 'Let the programs that the batch names run; remembered for exactly these.' }),
};
