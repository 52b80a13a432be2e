import { boolean, option } from '@oclif/core/flags';
import { askedFlags, rangeFlags } from './flags.ts';

/** What `metrics` takes. */
export const metricsFlags = {
  'group-by': option({
    char: 'g',
    summary: 'A row for each.',
    options: ['session', 'agent', 'model', 'repository', 'day'] as const,
  })(),
  ...rangeFlags,
  utc: boolean({ summary: 'Days begin at midnight in UTC, not where you are.' }),
  ...askedFlags,
};
