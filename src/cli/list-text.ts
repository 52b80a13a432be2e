import type { ChalkInstance } from 'chalk';
import { formatAge, formatMoney } from './format.ts';
import { stdout } from './print.ts';
import { type Cell, table } from './table.ts';

interface Item {
  id: string;
  name: string;
  state: string;
  branch: string;
  iterations: number;
  lastActivityAt: string;
  costUsd: number | null;
  tests: string;
  repository?: string;
  removed?: boolean;
}

const PAINTS: Record<string, (color: ChalkInstance) => ChalkInstance> = {
  new: (color) => color.cyan,
  running: (color) => color.yellow,
  conflicted: (color) => color.red,
  diverged: (color) => color.red,
  archived: (color) => color.dim,
  removed: (color) => color.dim,
  passed: (color) => color.green,
  failed: (color) => color.red,
};

const painted = (text: string, color: ChalkInstance): string | Cell => {
  const paint = color.level > 0 ? PAINTS[text]?.(color) : undefined;
  return paint ? { text, paint: (shown: string) => paint(shown) } : text;
};

const bold = (text: string, color: ChalkInstance): string | Cell =>
  color.level > 0 ? { text, paint: (shown: string) => color.bold(shown) } : text;

/** Sessions as a table, the newest last, where a terminal shows it. */
export const listText = (items: Item[], color: ChalkInstance, now: string): string => {
  const many = items.some(({ repository }) => repository !== undefined);
  const columns = [
    { title: 'ID' },
    { title: 'NAME', shrinkTo: 12 },
    { title: 'STATE' },
    { title: 'ITER', align: 'right' as const, goes: 4 },
    { title: 'TESTS' },
    { title: 'COST', align: 'right' as const, goes: 2 },
    { title: 'ACTIVE', goes: 3 },
    { title: 'BRANCH', shrinkTo: 10, goes: 1 },
    ...(many ? [{ title: 'REPOSITORY', shrinkTo: 12 }] : []),
  ];
  const asOf = Date.parse(now);
  const rows = items.map((item) => [
    bold(item.id, color),
    item.name,
    painted(item.removed ? 'removed' : item.state, color),
    String(item.iterations),
    painted(item.tests === 'none' ? '–' : item.tests, color),
    item.costUsd === null ? '–' : formatMoney(item.costUsd),
    formatAge(item.lastActivityAt, asOf),
    item.branch,
    ...(many ? [item.repository ?? ''] : []),
  ]);
  return table({
    columns,
    rows,
    width: stdout.isTerminal ? stdout.columns : undefined,
    paintTitle: (text) => color.dim(text),
  }).join('\n');
};
