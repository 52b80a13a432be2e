import type { ChalkInstance } from 'chalk';
import { formatBytes, formatCount } from './format.ts';
import { stdout } from './print.ts';
import { type Cell, table } from './table.ts';

interface Item {
  session: string;
  name: string;
  reason: string;
  into: string | null;
  worktree: string | null;
  branch: string | null;
  bytes: number;
}

/** How it is known that nothing is lost, for a person. */
export const landedText = (how: string, into: string | null): string => {
  const WHY: Record<string, string> = {
    merged: `merged into ${into}`,
    'squash-merged': `squash-merged into ${into}`,
    rebased: `rebased onto ${into}`,
    'same-content': `${into} has the same content`,
    empty: 'its iterations changed nothing',
    gone: 'its branch is gone already',
  };
  return WHY[how] ?? how;
};

const COLUMNS = [
  { title: '' },
  { title: 'ID' },
  { title: 'NAME', shrinkTo: 12 },
  { title: 'SIZE', align: 'right' as const, goes: 1 },
  { title: 'WHY', shrinkTo: 20 },
];

/** What `prune` would remove and why, with sizes; and what stays, and why. */
export const pruneText = (
  items: Item[],
  kept: { session: string; name: string; why: string }[],
  color: ChalkInstance,
): string => {
  const dim = (text: string): Cell => ({ text, paint: (shown) => color.dim(shown) });
  const goes = items.map(({ session, name, bytes, reason, into }) => [
    { text: 'goes', paint: (shown: string) => color.yellow(shown) },
    { text: session, paint: (shown: string) => color.bold(shown) },
    name,
    formatBytes(bytes),
    landedText(reason, into),
  ]);
  const stays = kept.map(({ session, name, why }) => ['stays', session, name, '', why].map(dim));
  const rows = [...goes, ...stays];
  const width = stdout.isTerminal ? stdout.columns : undefined;
  const lines =
    rows.length === 0 ? [] : table({ columns: COLUMNS, rows, width, paintTitle: (text) => color.dim(text) });
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  const total =
    items.length === 0
      ? 'Nothing is safe to remove.'
      : `${formatCount(items.length, 'session')} can go, ${formatBytes(bytes)} with them.`;
  return [...lines, total].join('\n');
};
