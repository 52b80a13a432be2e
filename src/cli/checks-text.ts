import type { ChalkInstance } from 'chalk';
import { sanitizeLine } from './sanitize.ts';

interface Check {
  name: string;
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  detail: string;
  hint?: string;
}

/** Findings, one a line, with what to do below those that need it. */
export const checksText = (checks: Check[], color: ChalkInstance): string => {
  const marks = { ok: color.green('✓'), warning: color.yellow('!'), failed: color.red('✗'), skipped: color.dim('–') };
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, status, detail, hint }) => [
      `${marks[status]} ${name.padEnd(width)}  ${sanitizeLine(detail)}`,
      ...(hint && status !== 'ok' ? [`  ${' '.repeat(width)}  ${color.dim('→')} ${sanitizeLine(hint)}`] : []),
    ])
    .join('\n');
};
