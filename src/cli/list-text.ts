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
  archived: (color) => color.dim,
  removed: (color) => color.dim,
  passed: (color) => color.green,
  failed: (color) => color.red,
};

const painted = (text: string, color: ChalkInstance): Cell => {
  const paint = PAINTS[text]?.(color);
  return { text, ...(paint && { paint: (shown: string) => paint(shown) }) };
};

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
  const rows = items.map((item) => [
    { text: item.id, paint: (text: string) => color.bold(text) },
    item.name,
    painted(item.removed ? 'removed' : item.state, color),
    String(item.iterations),
    painted(item.tests === 'none' ? '–' : item.tests, color),
    item.costUsd === null ? '–' : formatMoney(item.costUsd),
    formatAge(item.lastActivityAt, now),
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
