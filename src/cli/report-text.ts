import { existsSync } from 'node:fs';
import type { ChalkInstance } from 'chalk';
import { AppError } from '../errors.ts';
import type { Answer } from './answers/answers.ts';
import { formatCount } from './format.ts';
import { costText } from './metrics-tables.ts';
import type { Facts } from './report/facts.ts';
import { sanitizeLine } from './sanitize.ts';
import { fileExists, writeWhole } from './whole-file.ts';

/** Where a report goes, and what it is. */
export interface ReportPlace {
  format: 'markdown' | 'html';
  /** Absolute; null is stdout. */
  path: string | null;
  force: boolean;
}

/** @throws AppError `file.exists`, before any work is done; `usage.invalid` */
export const reportPlace = (
  { output, format, force = false }: { output?: string; format?: ReportPlace['format']; force?: boolean },
  resolve: (given: string) => string,
): ReportPlace => {
  if (output === '')
    throw new AppError('usage.invalid', '--output names no file.', {
      hint: 'Write --output report.md, or - for stdout.',
    });
  const path = output === undefined || output === '-' ? null : resolve(output);
  if (path !== null && !force && existsSync(path)) throw fileExists(path);
  return { format: format ?? (path && /\.html?$/i.test(path) ? 'html' : 'markdown'), path, force };
};

export const writeReport = ({ path, force }: ReportPlace, text: string): void => {
  if (path !== null) writeWhole(path, text, { replace: force });
};

export const reportAnswer = ({ format, path }: ReportPlace, facts: Facts, text: string): Answer<'report'> => ({
  format,
  output: path,
  ...(path === null && { text }),
  bytes: Buffer.byteLength(text),
  sessions: facts.sessions.map(({ session }) => session),
  pages: facts.pages.length,
  costUsd: facts.metrics.total.costUsd,
});

/** The report itself, or one line that tells of the file. */
export const reportSaid = (
  { path }: ReportPlace,
  { facts, text, color, quiet }: { facts: Facts; text: string; color: ChalkInstance; quiet: boolean },
): string => {
  if (path === null) return text.trimEnd();
  if (quiet) return path;
  const { total } = facts.metrics;
  const counts = `${formatCount(total.sessions, 'session')}, ${formatCount(total.iterations, 'iteration')}`;
  return `${color.green('✓')} ${sanitizeLine(path)}: ${counts}, cost ${costText(total)}`;
};
