import { basename } from 'node:path';
import type { ChalkInstance } from 'chalk';
import { type Budget, ITEM_STATES, type ItemState } from '../../batch/plan.ts';
import { formatAge, formatCount, formatDuration, formatMoney } from '../format.ts';
import { sanitizeLine } from '../sanitize.ts';
import { type Cell, table } from '../table.ts';
import { countsText, headerText, paintState, stateWord } from './header-text.ts';
import { budgetText } from './plan-text.ts';

interface Item {
  item: string;
  session: string | null;
  repo: string;
  name: string;
  state: ItemState;
  cause: { code: string; message: string } | null;
  attempts: number;
  durationMs: number | null;
  costUsd: number | null;
  merged: { commit: string } | null;
  mergeRefused: { code: string; message: string } | null;
  /** The other clone that runs it. */
  elsewhere?: { writer: string; host: string | null } | null;
}

export interface Status {
  id: string;
  name: string;
  kind?: string;
  state: string;
  counts: Record<ItemState, number>;
  items: Item[];
  spent: { usd: number | null; tokens: number; isLowerBound: boolean };
  budget: Budget | null;
  dayBudget: Budget | null;
  etaMs: number | null;
  workers: { pid: number; host: string }[];
  pauses: { agent: string; until: string; reason: string }[];
}

const cell = (text: string, paint: ((text: string) => string) | undefined): string | Cell =>
  paint ? { text, paint } : text;

/** What became of its work, or why it ended as it did. */
const noteOf = ({ cause, merged, mergeRefused, state, elsewhere }: Item, isLeft: boolean): string => {
  if (state === 'running' && isLeft && !elsewhere) return 'left by a process that is gone';
  if (elsewhere) return `in clone ${elsewhere.writer}${elsewhere.host === null ? '' : ` on ${elsewhere.host}`}`;
  if (merged) return `merged ${merged.commit.slice(0, 8)}`;
  if (mergeRefused) return `not merged: ${mergeRefused.message}`;
  if (cause === null) return '';
  // A queued item shows why its last attempt did not count.
  return state === 'queued' ? `again: ${cause.message}` : cause.message;
};

const itemRows = (items: Item[], { color, isLeft }: { color: ChalkInstance; isLeft: boolean }) =>
  items.map((item) => [
    item.item,
    item.name,
    cell(stateWord(item.state), color.level > 0 ? (text) => paintState(item.state, color, text) : undefined),
    basename(item.repo),
    item.session ?? '–',
    item.attempts > 1 ? String(item.attempts) : '',
    item.durationMs === null ? '–' : formatDuration(item.durationMs),
    item.costUsd === null ? '–' : formatMoney(item.costUsd),
    noteOf(item, isLeft),
  ]);

const COLUMNS = [
  { title: 'ITEM' },
  { title: 'NAME', shrinkTo: 12 },
  { title: 'STATE' },
  { title: 'REPOSITORY', shrinkTo: 8, goes: 2 },
  { title: 'SESSION', goes: 4 },
  { title: 'TRIES', align: 'right' as const, goes: 1 },
  { title: 'TOOK', align: 'right' as const, goes: 3 },
  { title: 'COST', align: 'right' as const, goes: 3 },
  { title: 'NOTE', shrinkTo: 16, goes: 5 },
];

/** Items in these states say nothing that a count does not say. */
const QUIET: ReadonlySet<ItemState> = new Set(['queued', 'passed']);
/** With more items than this only those with something to tell are shown. */
const MOST = 60;

export interface StatusWish {
  color: ChalkInstance;
  /** Columns of the terminal; without it nothing is cut. */
  width?: number;
  /** Every item, however many there are. */
  all?: boolean;
  /** ISO-8601. */
  now: string;
}

/** How it gets on, as one line. */
export const headerOf = (status: Status, color: ChalkInstance, now: number): string => {
  const { counts, etaMs, spent, workers } = status;
  const { usd: spentUsd, tokens: spentTokens, isLowerBound: costIsLowerBound } = spent;
  const header = { counts, running: counts.running, spentUsd, spentTokens, costIsLowerBound };
  return headerText({ ...header, etaMs: workers.length > 0 ? etaMs : null }, color, now);
};

/** The lines above the items. */
const headLines = (status: Status, { color, now }: StatusWish): string[] => {
  const { id, name, workers, pauses } = status;
  const budgets = [
    ['budget', budgetText(status.budget)],
    ['budget of the day', budgetText(status.dayBudget)],
  ].flatMap(([what, text]) => (text === null ? [] : [`${what} ${text}`]));
  const at = Date.parse(now);
  const by = workers.map(({ pid, host }) => `process ${pid} on ${sanitizeLine(host)}`).join(', ');
  return [
    `${color.bold(sanitizeLine(name))}${name === id ? '' : ` ${id}`}: ${by ? `run by ${by}` : status.state}${budgets.length > 0 ? `; ${budgets.join(', ')}` : ''}`,
    headerOf(status, color, at),
    ...pauses.map(
      ({ agent, until, reason }) =>
        `${color.yellow('!')} ${sanitizeLine(agent)} rests for ${formatDuration(Math.max(0, Date.parse(until) - at))} (${sanitizeLine(reason)})`,
    ),
  ];
};

/**
 * How to go on with a batch that nobody works on. A benchmark is gone on with by the command that began it, and what
 * another clone runs is that clone's.
 */
export const goOnText = ({ id, state, kind, items }: Status): string | undefined =>
  state === 'stopped' && kind !== 'bench' && items.every(({ elsewhere }) => !elsewhere)
    ? `\nGo on with: amp-sessions batch resume ${id}`
    : undefined;

/** A batch in full; of a long one only what has something to tell. */
export const batchStatusText = (status: Status, wish: StatusWish): string => {
  const { color, width, all } = wish;
  const told =
    all || status.items.length <= MOST ? status.items : status.items.filter(({ state }) => !QUIET.has(state));
  const hidden = status.items.filter((item) => !told.includes(item));
  const rest = ITEM_STATES.flatMap((state) => {
    const count = hidden.filter((item) => item.state === state).length;
    return count === 0 ? [] : [`${count} ${stateWord(state)}`];
  });
  const rows = itemRows(told, { color, isLeft: status.workers.length === 0 });
  return [
    ...headLines(status, wish),
    '',
    ...(rows.length > 0 ? table({ columns: COLUMNS, rows, width, paintTitle: (text) => color.dim(text) }) : []),
    ...(rest.length > 0 ? [color.dim(`${rest.join(', ')} not shown; --all shows all.`)] : []),
  ].join('\n');
};

interface Listed {
  id: string;
  name: string;
  state: string;
  counts: Record<ItemState, number>;
  createdAt: string;
  lastActivityAt: string;
  costUsd: number | null;
}

const STATES: Record<string, (color: ChalkInstance) => ChalkInstance> = {
  running: (color) => color.yellow,
  stopped: (color) => color.red,
  finished: (color) => color.green,
};

/** Batches as a table, the newest last. */
export const batchListText = (items: Listed[], { color, width, now }: StatusWish): string => {
  const columns = [
    { title: 'ID', shrinkTo: 10 },
    { title: 'NAME', shrinkTo: 12 },
    { title: 'STATE' },
    { title: 'ITEMS', align: 'right' as const },
    { title: 'WHAT CAME OF THEM', shrinkTo: 16 },
    { title: 'COST', align: 'right' as const, goes: 1 },
    { title: 'ACTIVE', goes: 2 },
  ];
  const rows = items.map(({ id, name, state, counts, costUsd, lastActivityAt }) => {
    const paint = color.level > 0 ? STATES[state]?.(color) : undefined;
    const total = ITEM_STATES.reduce((sum, one) => sum + counts[one], 0);
    return [
      cell(id, color.level > 0 ? (text) => color.bold(text) : undefined),
      name,
      cell(state, paint && ((text) => paint(text))),
      String(total),
      ITEM_STATES.flatMap((one) => (counts[one] === 0 ? [] : [`${counts[one]} ${stateWord(one)}`])).join(', '),
      costUsd === null ? '–' : formatMoney(costUsd),
      formatAge(lastActivityAt, now),
    ];
  });
  return table({ columns, rows, width, paintTitle: (text) => color.dim(text) }).join('\n');
};

/** Lines of items that did not end well; the rest is counted. */
const MOST_TROUBLES = 20;

/** How a run ended, for a person. */
export const batchEndText = (status: Status, color: ChalkInstance): string => {
  const bad = status.items.filter(
    ({ state, mergeRefused }) => mergeRefused || !['passed', 'queued', 'running'].includes(state),
  );
  const shown = bad.slice(0, MOST_TROUBLES).map((item) => {
    const why = noteOf(item, false);
    const where = item.session === null ? '' : color.dim(` ${item.session}`);
    return `  ${paintState(item.state, color)} ${item.item} ${sanitizeLine(item.name)}${where}${why ? `: ${sanitizeLine(why)}` : ''}`;
  });
  const more = bad.length - shown.length;
  return [
    `${color.bold(sanitizeLine(status.name))}${status.name === status.id ? '' : ` ${status.id}`}: ${formatCount(status.items.length, 'item')}, ${countsText(status.counts, color)}`,
    ...shown,
    ...(more > 0 ? [color.dim(`  … and ${more} more`)] : []),
  ].join('\n');
};
