import type { Answer } from './answers/answers.ts';
import { bar } from './chart.ts';
import { formatDuration, formatMoney, formatTokens } from './format.ts';
import type { MetricsView } from './metrics-text.ts';
import { type Cell, type Column, table } from './table.ts';

type Metrics = Answer<'metrics'>;
type Group = NonNullable<Metrics['groups']>[number];
type Cost = Pick<Metrics, 'costUsd' | 'costSource' | 'costIsLowerBound'>;

/** `12,345.67`: thousands of what stands before the point. */
export const grouped = (number: number | string): string => {
  const [whole, ...rest] = String(number).split('.');
  return [whole!.replace(/\B(?=(\d{3})+$)/g, ','), ...rest].join('.');
};

/** `$1.23`, `≥ $1.23`, `unknown`; a dash where nothing was used. */
export const costText = ({ costUsd, costSource, costIsLowerBound }: Cost): string => {
  if (costUsd === null) return costSource === 'unknown' ? 'unknown' : '–';
  const usd = Number(costUsd);
  if (costIsLowerBound) return `≥ ${usd > 0 && usd < 0.01 ? perLine(costUsd) : grouped(formatMoney(usd))}`;
  return grouped(formatMoney(usd));
};

/** A line is cheap: two digits that tell something. */
export const perLine = (usd: string): string => {
  const dollars = Number(usd);
  if (dollars === 0 || dollars >= 0.1) return `$${dollars.toFixed(2)}`;
  return dollars < 0.000001 ? '<$0.000001' : `$${dollars.toFixed(Math.min(7, 1 - Math.floor(Math.log10(dollars))))}`;
};

/** `43%`; what is more than nothing is no 0%, what is less than all no 100%. */
export const percent = (share: number | null): string => {
  if (share === null) return '–';
  if (share > 0 && share < 0.01) return '<1%';
  if (share < 1 && share > 0.99) return '>99%';
  return `${Math.round(share * 100)}%`;
};

const tokens = (count: number | null | undefined): string =>
  count === null || count === undefined ? '–' : formatTokens(count);
const time = (ms: number | null | undefined): string => (ms === null || ms === undefined ? '–' : formatDuration(ms));
const right = (title: string, more: Partial<Column> = {}): Column => ({ title, align: 'right', ...more });

/** Rows of a table that has more; a program gets all. */
const MOST = 6;

const draw = (
  view: MetricsView,
  { columns, rows, more = 0 }: { columns: Column[]; rows: (string | Cell)[][]; more?: number },
): string[] => {
  if (rows.length === 0) return [];
  const { color, width } = view;
  const lines = table({ columns, rows, width, paintTitle: (text) => color.dim(text) });
  return more > 0 ? [...lines, color.dim(`and ${more} more; --json has all`)] : lines;
};

/** On a terminal the first rows, else all. */
const first = <Row>(rows: Row[], { width }: MetricsView): { shown: Row[]; more: number } => {
  const shown = width === undefined || rows.length <= MOST + 1 ? rows : rows.slice(0, MOST);
  return { shown, more: rows.length - shown.length };
};

const BAR = 12;

/** A column of bars, where somebody looks. */
const bars = (
  values: number[],
  { width, color }: MetricsView,
): { column: Column[]; cell: (value: number) => Cell[] } => {
  const most = Math.max(...values, 0);
  if (width === undefined || values.length < 2 || most <= 0) return { column: [], cell: () => [] };
  return {
    column: [{ title: '', goes: 0 }],
    cell: (value) => [{ text: bar(value, { most, columns: BAR }), paint: (text) => color.cyan(text) }],
  };
};

export const modelsTable = ({ models }: Metrics, view: MetricsView): string[] => {
  const { shown, more } = first(models, view);
  const { column, cell } = bars(
    shown.map(({ costUsd }) => Number(costUsd)),
    view,
  );
  const rows = shown.map((one) => [
    one.model ?? '–',
    one.agent ?? '–',
    String(one.iterations),
    tokens(one.tokensInput),
    tokens(one.tokensOutput),
    tokens(one.tokensCacheRead),
    tokens(one.tokensCacheWrite),
    costText(one),
    ...cell(Number(one.costUsd)),
  ]);
  const columns = [
    { title: 'MODEL OR MODE', shrinkTo: 18 },
    { title: 'AGENT', shrinkTo: 6 },
    right('ITER'),
    right('IN'),
    right('OUT'),
    right('CACHE READ', { goes: 2 }),
    right('WRITTEN', { goes: 1 }),
    right('COST'),
    ...column,
  ];
  return draw(view, { columns, rows, more });
};

export const toolsTable = ({ tools }: Metrics, view: MetricsView): string[] => {
  const { shown, more } = first(tools, view);
  const { column, cell } = bars(
    shown.map(({ toolCalls }) => toolCalls),
    view,
  );
  const rows = shown.map((one) => [
    one.tool ?? '–',
    String(one.toolCalls),
    one.toolFailures === 0 ? '' : String(one.toolFailures),
    time(one.toolP50Ms),
    time(one.toolP95Ms),
    one.toolP50Ms === null ? '–' : time(one.toolMs),
    ...cell(one.toolCalls),
  ]);
  const columns = [
    { title: 'TOOL', shrinkTo: 10 },
    right('CALLS'),
    right('FAILED'),
    right('P50'),
    right('P95'),
    right('ALL'),
    ...column,
  ];
  return draw(view, { columns, rows, more });
};

export const failuresTable = ({ failures }: Metrics, view: MetricsView): string[] => {
  const { shown, more } = first(failures, view);
  const by = (one: Metrics['failures'][number]): string =>
    Object.entries(one.recoveredBy)
      .sort(([, a], [, b]) => b - a)
      .map(([word, times]) => `${word} ${times}`)
      .join(', ') || '–';
  const rows = shown.map((one) => [one.mode ?? '–', String(one.errors), String(one.errorsRecovered), by(one)]);
  const columns = [
    { title: 'FAILURE', shrinkTo: 12 },
    right('TIMES'),
    right('PUT RIGHT'),
    { title: 'BY', shrinkTo: 8 },
  ];
  return draw(view, { columns, rows, more });
};

const HEADS = {
  session: 'SESSION',
  agent: 'AGENT',
  model: 'MODEL OR MODE',
  repository: 'REPOSITORY',
  day: 'DAY',
};

const ofModel = ({ group, figures }: Pick<Group, 'group' | 'figures'>, first: (string | Cell)[]): (string | Cell)[] => [
  ...(first.length > 0 ? first : [group ?? '–']),
  String(figures.iterations),
  tokens(figures.tokensInput),
  tokens(figures.tokensOutput),
  tokens(figures.tokensCacheRead),
  tokens(figures.tokensCacheWrite),
  costText(figures),
];

const ofAll = ({ figures }: Pick<Group, 'figures'>, first: (string | Cell)[]): (string | Cell)[] => [
  ...first,
  String(figures.iterations),
  tokens(figures.tokensInput),
  tokens(figures.tokensOutput),
  costText(figures),
  figures.iterations === 0 ? '–' : time(figures.durationMs),
  String(figures.toolCalls),
  figures.testRuns ? `${figures.testPasses}/${figures.testRuns}` : '–',
  figures.commits ? `+${grouped(figures.insertions ?? 0)} −${grouped(figures.deletions ?? 0)}` : '–',
  grouped(figures.landedLines ?? 0),
  percent(figures.shareDiscarded ?? null),
];

const COLUMNS_OF_ALL = [
  right('ITER'),
  right('IN', { goes: 3 }),
  right('OUT', { goes: 5 }),
  right('COST'),
  right('TIME', { goes: 6 }),
  right('TOOLS', { goes: 2 }),
  right('TESTS', { goes: 7 }),
  right('LINES', { goes: 4 }),
  right('LANDED', { goes: 8 }),
  right('AWAY', { goes: 9 }),
];
const COLUMNS_OF_MODEL = [
  right('ITER'),
  right('IN'),
  right('OUT'),
  right('CACHE READ', { goes: 2 }),
  right('WRITTEN', { goes: 1 }),
  right('COST'),
];

/** A row a group, and what they come to. */
export const groupsTable = (metrics: Metrics, view: MetricsView): string[] => {
  const { groups = [], groupBy = 'session', timeZone } = metrics;
  const { color } = view;
  const isModel = groupBy === 'model';
  const isSession = groupBy === 'session';
  const { column, cell } = bars(
    groups.map(({ figures }) => Number(figures.costUsd)),
    view,
  );
  const heads = [
    { title: groupBy === 'day' ? `${HEADS.day} (${timeZone})` : HEADS[groupBy], shrinkTo: isSession ? undefined : 18 },
    ...(isSession ? [{ title: 'NAME', shrinkTo: 10 }] : []),
  ];
  const row = isModel ? ofModel : ofAll;
  const rows = groups.map((group) => [
    ...row(group, [group.group ?? '–', ...(isSession ? [group.name ?? ''] : [])]),
    ...cell(Number(group.figures.costUsd)),
  ]);
  const bold = (one: string | Cell): Cell => ({
    text: typeof one === 'string' ? one : one.text,
    paint: (text) => color.bold(text),
  });
  const total = [
    ...row({ group: null, figures: metrics }, ['all', ...(isSession ? [''] : [])]),
    ...(column.length > 0 ? [''] : []),
  ].map(bold);
  const columns = [...heads, ...(isModel ? COLUMNS_OF_MODEL : COLUMNS_OF_ALL), ...column];
  return draw(view, { columns, rows: groups.length > 1 ? [...rows, total] : rows });
};
