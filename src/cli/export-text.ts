import type { ChalkInstance } from 'chalk';
import { AppError } from '../errors.ts';
import { checkRange } from './duration.ts';
import { formatCount } from './format.ts';

interface ExportFlags {
  format: string;
  json: boolean;
  out?: string | undefined;
  to?: string | undefined;
  table?: string | undefined;
  raw?: boolean | undefined;
  force?: boolean | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

const wrong = (message: string, hint: string): AppError => new AppError('usage.invalid', message, { hint });

/** Spans go to an endpoint, everything else into a file. */
const whereUsage = ({ format, out, to, table, force }: ExportFlags): void => {
  const isSpans = format === 'otlp';
  if (isSpans && to === undefined)
    throw wrong('--to is missing: the endpoint that takes the spans.', 'For example: --to http://localhost:4318');
  if (!isSpans && to !== undefined) throw wrong('--to is about spans.', 'Add --format otlp, or take --out instead.');
  if (!isSpans && out === undefined) throw wrong('--out is missing.', 'Name a file; --out - is stdout.');
  const [extra] = Object.entries({ out, table, force }).filter(([, given]) => given !== undefined && given !== false);
  if (isSpans && extra) throw wrong(`--${extra[0]} and --format otlp exclude each other.`, `Leave --${extra[0]} away.`);
};

/** Flags that make no sense together. @throws AppError usage.invalid */
export const exportUsage = (flags: ExportFlags): void => {
  whereUsage(flags);
  if (flags.json && flags.out === '-')
    throw wrong('--json and --out - would both write to stdout.', 'Name a file with --out, or leave --json away.');
  if (flags.raw && flags.format !== 'csv') throw wrong('--raw is about CSV.', 'Add --format csv, or leave --raw away.');
  checkRange(flags);
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

/** What was sent. */
export const sentText = (
  { out, rows, sessions, unfinished }: { out: string; rows: number; sessions: number; unfinished: number },
  color: ChalkInstance,
): string => {
  const sent = `${color.green('✓')} ${formatCount(rows, 'span')} of ${formatCount(sessions, 'session')} to ${out}`;
  const later =
    unfinished === 1 ? 'What has not ended yet is not among them' : 'Those that have not ended yet are not among them';
  return unfinished === 0 ? sent : `${sent}\n  ${color.dim(`${later}: ${unfinished}.`)}`;
};
