import type { ChalkInstance } from 'chalk';
import { AppError } from '../errors.ts';
import { formatCount } from './format.ts';

/** Flags that make no sense together. @throws AppError usage.invalid */
export const exportUsage = (flags: {
  format: string;
  out: string;
  json: boolean;
  raw?: boolean;
  since?: string | undefined;
  until?: string | undefined;
}): void => {
  if (flags.json && flags.out === '-')
    throw new AppError('usage.invalid', '--json and --out - would both write to stdout.', {
      hint: 'Name a file with --out, or leave --json away.',
    });
  if (flags.raw && flags.format !== 'csv')
    throw new AppError('usage.invalid', '--raw is about CSV.', { hint: 'Add --format csv, or leave --raw away.' });
  if (flags.since !== undefined && flags.until !== undefined && flags.since > flags.until)
    throw new AppError('usage.invalid', '--since is later than --until.', { hint: 'Exchange them.' });
};

/** What was written. */
export const exportedText = (
  { table, out, rows, sessions }: { table: string | null; out: string; rows: number; sessions: number },
  color: ChalkInstance,
): string => {
  const what =
    table === null
      ? `${formatCount(rows, 'event')} of ${formatCount(sessions, 'session')}`
      : `${formatCount(rows, 'row')} of ${table}`;
  return `${color.green('✓')} ${what} in ${out}`;
};
