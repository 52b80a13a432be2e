import { ITEM_STATES, type ItemState } from '../../batch/plan.ts';
import { endedOf, stateWord, totalOf } from '../batch/header-text.ts';
import { budgetText } from '../batch/plan-text.ts';
import type { Status } from '../batch/status-text.ts';
import { formatDuration, formatMoney, formatTokens } from '../format.ts';
import { left, moment, number, right, SAID, text, time } from './cells.ts';
import { type Block, type Cell, type ReportDocument, type Section, shorten } from './document.ts';

type Item = Status['items'][number] & {
  agent: string;
  mode: string | null;
  tokens: number;
  prompt: string;
  tests: string;
};

/** What a report on a batch is made of: `batch status`, whole. */
export interface BatchFacts extends Omit<Status, 'items'> {
  kind: string;
  items: Item[];
  concurrency: number;
  file: string | null;
  createdAt: string;
  finishedAt: string | null;
}

const PROMPT = 300;

const bad = (state: ItemState): boolean => !['passed', 'queued', 'running'].includes(state);

const stateCell = (state: ItemState): Cell => ({
  text: stateWord(state),
  ...(state === 'passed' && { tone: 'good' as const }),
  ...(bad(state) && { tone: 'bad' as const }),
});

const money = (usd: number | null, isLowerBound = false): Cell =>
  usd === null ? { text: '–', value: null } : { text: `${isLowerBound ? '≥ ' : ''}${formatMoney(usd)}`, value: usd };

const section = (id: string, title: string, blocks: Block[]): Section[] =>
  blocks.length > 0 ? [{ id, title, blocks }] : [];

const summary = (facts: BatchFacts): Section[] => {
  const { counts, spent, budget, dayBudget, createdAt, finishedAt, concurrency, file, state } = facts;
  const share = totalOf(counts) === 0 ? 0 : Math.round((counts.passed / totalOf(counts)) * 1000) / 10;
  const lines: [string, Cell][] = [
    ['Items', number(totalOf(counts))],
    ['Done', number(endedOf(counts))],
    ...ITEM_STATES.filter((one) => counts[one] > 0).map((one): [string, Cell] => [stateWord(one), number(counts[one])]),
    ['Passed of all', { text: `${share} %`, value: share }],
    ['Cost', money(spent.usd, spent.isLowerBound)],
    ['Tokens', spent.tokens > 0 ? { text: formatTokens(spent.tokens), value: spent.tokens } : text(null)],
    ...(budget ? [['Budget', text(budgetText(budget))] as [string, Cell]] : []),
    ...(dayBudget ? [['Budget of the day', text(budgetText(dayBudget))] as [string, Cell]] : []),
    ['At once', number(concurrency)],
    ['File', text(file, SAID)],
    ['Made', { text: moment(createdAt) }],
    ['Finished', finishedAt === null ? { text: state } : { text: moment(finishedAt) }],
  ];
  return section('summary', 'Summary', [{ kind: 'facts', facts: lines }]);
};

interface Group {
  name: string;
  items: Item[];
}

const groupsOf = (items: Item[], nameOf: (item: Item) => string): Group[] => {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups].map(([name, all]) => ({ name, items: all }));
};

const sum = (items: Item[], of: (item: Item) => number | null): number | null =>
  items.reduce<number | null>((total, item) => {
    const value = of(item);
    return value === null ? total : (total ?? 0) + value;
  }, null);

/** What became of each group, with a chart where there are several. */
const groupSection = (id: string, title: string, groups: Group[]): Section[] => {
  if (groups.length < 2) return [];
  const count = (items: Item[], is: (state: ItemState) => boolean): number =>
    items.filter(({ state }) => is(state)).length;
  const rows = groups.map(({ name, items }) => [
    text(name, SAID),
    number(items.length),
    number(count(items, (state) => state === 'passed')),
    number(count(items, (state) => state === 'failed')),
    number(count(items, (state) => bad(state) && state !== 'failed')),
    time(sum(items, ({ durationMs }) => durationMs)),
    money(sum(items, ({ costUsd }) => costUsd)),
  ]);
  const columns = [
    left(title, true),
    right('Items'),
    right('Passed'),
    right('Failed'),
    right('Other'),
    right('Time'),
    right('Cost'),
  ];
  return section(id, `By ${title.toLowerCase()}`, [
    {
      kind: 'chart',
      chart: {
        title: `Items by ${title.toLowerCase()}`,
        kind: 'names',
        unit: 'count',
        labels: groups.map(({ name }) => shorten(name, 40)),
        series: [
          { name: 'passed', color: 'good', values: groups.map(({ items }) => count(items, (s) => s === 'passed')) },
          { name: 'did not', color: 'bad', values: groups.map(({ items }) => count(items, bad)) },
        ],
      },
    },
    { kind: 'table', columns, rows },
  ]);
};

/** What went wrong, the most frequent first. */
const troubles = ({ items }: BatchFacts): Section[] => {
  const groups = groupsOf(
    items.filter(({ state }) => bad(state)),
    ({ state, cause }) => `${stateWord(state)}${cause ? `: ${cause.code}` : ''}`,
  ).sort((a, b) => b.items.length - a.items.length);
  const rows = groups.map(({ name, items: all }) => [
    text(name),
    number(all.length),
    text(all.find(({ cause }) => cause)?.cause?.message, SAID),
    text(
      all
        .slice(0, 10)
        .map(({ item }) => item)
        .join(', ') + (all.length > 10 ? ', …' : ''),
    ),
  ]);
  const columns = [left('What'), right('Items'), left('Such as', true), left('Which')];
  return section('troubles', 'What went wrong', rows.length > 0 ? [{ kind: 'table', columns, rows }] : []);
};

const workOf = ({ merged, mergeRefused, cause, state }: Item): Cell => {
  if (merged) return { text: `merged ${merged.commit.slice(0, 8)}`, tone: 'good' };
  if (mergeRefused) return { ...text(`not merged: ${mergeRefused.message}`, SAID), tone: 'bad' };
  return bad(state) ? text(cause?.message, SAID) : { text: '' };
};

const itemsSection = ({ items }: BatchFacts): Section[] => {
  const rows = items.map((item) => [
    { text: item.item },
    { ...text(item.name), ...(item.session !== null && { note: item.session }) },
    stateCell(item.state),
    text(item.repo.split('/').at(-1)),
    text(item.mode === null ? item.agent : `${item.agent} ${item.mode}`),
    number(item.attempts),
    { text: item.durationMs === null ? '–' : formatDuration(item.durationMs), value: item.durationMs },
    money(item.costUsd),
    workOf(item),
  ]);
  const columns = [
    left('Item'),
    left('Name', true),
    left('State'),
    left('Repository'),
    left('Agent'),
    right('Tries'),
    right('Time'),
    right('Cost'),
    left('Note', true),
  ];
  return section('items', 'Items', [{ kind: 'table', columns, rows }]);
};

const prompts = ({ items }: BatchFacts): Section[] => {
  const blocks = items
    .filter(({ state }) => bad(state))
    .slice(0, 50)
    .flatMap(({ item, name, prompt }): Block[] => [
      { kind: 'title', text: `${item} ${shorten(name, 80)}` },
      { kind: 'quote', text: shorten(prompt, PROMPT) },
    ]);
  return section('prompts', 'Prompts of what did not pass', blocks);
};

/** A report on one batch, as a document. */
export const composeBatchReport = (facts: BatchFacts, { at }: { at: string }): ReportDocument => ({
  title: `Batch report: ${shorten(facts.name, SAID)}`,
  said: [`Batch ${facts.id}.`, `Made at ${moment(at)}. All times are UTC. A dash is what nobody told.`],
  sections: [
    ...summary(facts),
    ...troubles(facts),
    ...groupSection(
      'agents',
      'Agent',
      groupsOf(facts.items, ({ agent, mode }) => (mode === null ? agent : `${agent} ${mode}`)),
    ),
    ...groupSection(
      'repositories',
      'Repository',
      groupsOf(facts.items, ({ repo }) => repo),
    ),
    ...itemsSection(facts),
    ...prompts(facts),
  ],
});

/** The same as text. */
export const renderBatchReport = async (
  format: 'markdown' | 'html',
  facts: BatchFacts,
  asked: { at: string },
): Promise<string> => {
  const document = composeBatchReport(facts, asked);
  if (format === 'markdown') return (await import('./markdown.ts')).reportMarkdown(document);
  const [{ reportHtml }, { drawChart }] = await Promise.all([import('./html.ts'), import('./charts.ts')]);
  return reportHtml(document, drawChart);
};
