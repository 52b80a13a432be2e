import { formatDuration, formatTokens } from '../format.ts';
import { costText, grouped, percent, perLine } from '../metrics-tables.ts';
import { sanitizeLine } from '../sanitize.ts';
import { type Cell, type ReportColumn, shorten } from './document.ts';
import type { Figures, Row } from './facts.ts';

/** Texts and numbers as cells. A dash is what nobody told, or what there is none of. */

const NAME = 80;
export const SAID = 160;

/** Whether anything of it can be seen: a name may be of characters that nobody sees. */
export const isSeen = (value: unknown): boolean =>
  value !== null && value !== undefined && sanitizeLine(String(value)) !== '';

export const text = (value: unknown, most = NAME): Cell =>
  isSeen(value) ? { text: shorten(sanitizeLine(String(value)), most) } : { text: '–', tone: 'quiet' };

export const number = (value: unknown, of?: string): Cell =>
  value === null || value === undefined
    ? { text: '–', value: null, of }
    : { text: grouped(Number(value)), value: Number(value), of };

export const tokens = (value: number | null, of?: string): Cell =>
  value === null ? { text: '–', value, of } : { text: formatTokens(value), value, of };

export const time = (value: unknown, of?: string): Cell =>
  value === null || value === undefined
    ? { text: '–', value: null, of }
    : { text: formatDuration(Number(value)), value: Number(value), of };

export const share = (value: number | null, of: string): Cell => ({ text: percent(value), value, of });

export const cost = (used: Pick<Figures, 'costUsd' | 'costSource' | 'costIsLowerBound'>): Cell => ({
  text: costText(used),
  value: used.costUsd,
  of: 'costUsd',
});

/** Cost of one line that has landed: cents would tell nothing of it. */
export const costOfLine = (usd: string, isLowerBound: boolean | null): Cell => ({
  text: `${isLowerBound ? '≥ ' : ''}${perLine(usd)}`,
  value: usd,
  of: 'costPerLandedLineUsd',
});

/** Cost of a row of a table. */
export const costOfRow = (row: Row): Cell =>
  cost({
    costUsd: (row['cost_usd'] ?? null) as Figures['costUsd'],
    costSource: (row['cost_source'] ?? null) as Figures['costSource'],
    costIsLowerBound: (row['cost_is_lower_bound'] ?? null) as Figures['costIsLowerBound'],
  });

export const diff = (insertions: unknown, deletions: unknown): Cell =>
  insertions === null || insertions === undefined
    ? { text: '' }
    : {
        text: `+${grouped(Number(insertions))} −${grouped(Number(deletions ?? 0))}`,
        diff: { insertions: Number(insertions), deletions: Number(deletions ?? 0) },
      };

/** `2026-11-22 14:30` of an ISO time; reports are read anywhere, so it is UTC. */
export const moment = (at: unknown): string => (typeof at === 'string' ? at.slice(0, 16).replace('T', ' ') : '–');

export const outcome = (value: unknown): Cell => {
  const cell = text(value ?? 'running');
  const isGood = ['completed', 'passed', 'done', 'merged'].includes(cell.text);
  const isBad = /fail|timed-out|interrupted|rolled-back|given-up|conflict|diverged/.test(cell.text);
  return { ...cell, ...(isGood && { tone: 'good' }), ...(isBad && { tone: 'bad' }) };
};

export const left = (title: string, wide = false): ReportColumn => ({ title, ...(wide && { wide }) });
export const date = (title: string): ReportColumn => ({ title, short: true });
export const right = (title: string): ReportColumn => ({ title, align: 'right' });

/** Where a session's page is. */
export const pageId = (session: unknown): string => `session-${String(session).replace(/[^A-Za-z0-9_-]/g, '_')}`;
