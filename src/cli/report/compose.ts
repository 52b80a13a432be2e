import { formatCount, formatTokens } from '../format.ts';
import { grouped, percent } from '../metrics-tables.ts';
import {
  cost,
  costOfRow,
  date,
  diff,
  isSeen,
  left,
  moment,
  number,
  outcome,
  pageId,
  right,
  SAID,
  text,
  time,
} from './cells.ts';
import { type Block, type Cell, type Chart, type ReportDocument, type Section, shorten } from './document.ts';
import type { Asked, Facts, Figures, Row } from './facts.ts';
import { failureBlocks, modelBlocks, most, toolBlocks } from './lists.ts';
import { figureFacts, pageOf } from './page.ts';

const SESSIONS = 500;
const DAYS = 60;
const BARS = 10;
const DAY_MS = 86_400_000;
/** Longer than this, days without anything are left out of a chart. */
const SPAN = 366;

const section = (id: string, title: string, blocks: Block[]): Section[] =>
  blocks.length > 0 ? [{ id, title, blocks }] : [];

/** Days with those between them, as long as they are not too many. */
const calendar = (days: Facts['days']): { day: string; figures?: Figures }[] => {
  const known = new Map(days.map((one) => [one.day, one.figures]));
  const [first, last] = [days[0], days.at(-1)].map((one) => Date.parse(one?.day ?? ''));
  if (!(last! - first! < SPAN * DAY_MS)) return days;
  return Array.from({ length: (last! - first!) / DAY_MS + 1 }, (_, at) => {
    const day = new Date(first! + at * DAY_MS).toISOString().slice(0, 10);
    return { day, figures: known.get(day) };
  });
};

const chart = (made: Chart): Block[] =>
  made.labels.length > 1 && made.series.some(({ values }) => values.some((value) => value > 0))
    ? [{ kind: 'chart', chart: made }]
    : [];

const summary = ({ metrics: { total } }: Facts): Section[] => {
  const facts: [string, Cell][] = [['Sessions', number(total.sessions, 'sessions')], ...figureFacts(total)];
  const unknown = total.costUnknownIterations;
  const said: string[] = [];
  if (total.costSource === null) said.push('Nothing told of tokens or money.');
  else if (total.costUsd === null) said.push('What it cost is unknown: no agent told it, and no price is known.');
  else if (unknown > 0)
    said.push(`Of ${formatCount(unknown, 'iteration')} the cost is not known, so it is a lower bound.`);
  else if (total.costIsLowerBound) said.push('The real cost may be higher: it is a lower bound.');
  if (total.prices.length > 0) said.push(`Computed with ${total.prices.join(', ')}.`);
  return section('summary', 'Summary', [
    { kind: 'facts', facts },
    ...(said.length > 0 ? [{ kind: 'say', text: said.join(' ') } as Block] : []),
  ]);
};

const overTime = ({ days }: Facts): Section[] => {
  const all = calendar(days);
  const labels = all.map(({ day }) => day);
  const costs = all.map(({ figures }) => Number(figures?.costUsd ?? 0));
  const dark = days.filter(({ figures }) => figures.costSource === 'unknown').length;
  const rows = [...days]
    .reverse()
    .map(({ day, figures }) => [
      { text: day },
      number(figures.iterations, 'iterations'),
      time(figures.iterations > 0 ? figures.durationMs : null, 'durationMs'),
      { text: figures.tokensOutput === null ? '–' : formatTokens(figures.tokensOutput) },
      { text: figures.testRuns > 0 ? `${figures.testPasses}/${figures.testRuns}` : '–' },
      cost(figures),
    ]);
  const columns = [date('Day'), right('Iterations'), right('Time'), right('Tokens out'), right('Tests'), right('Cost')];
  return section('time', 'Cost over time', [
    ...chart({
      title: 'Cost by day',
      kind: 'time',
      unit: 'usd',
      labels,
      series: [{ name: 'Cost', color: 'main', values: costs }],
    }),
    ...(dark > 0 ? [{ kind: 'say', text: `Of ${formatCount(dark, 'day')} the cost is unknown.` } as Block] : []),
    ...most({ columns, rows }, DAYS),
  ]);
};

/** A session by its name, leading to its page where there is one. */
const sessionCell = (session: unknown, name: unknown, pages: ReadonlySet<string>): Cell => ({
  ...text(isSeen(name) ? name : session),
  note: String(session),
  ...(pages.has(String(session)) && { to: pageId(session) }),
});

const sessionsSection = ({ sessions }: Facts, pages: ReadonlySet<string>): Section[] => {
  const rows = sessions.map(({ session, row, figures }) => [
    sessionCell(session, row['name'], pages),
    outcome(row['status']),
    text(row['agent']),
    number(figures.iterations, 'iterations'),
    { text: figures.testRuns > 0 ? `${figures.testPasses}/${figures.testRuns}` : '–' },
    figures.commits > 0 ? diff(figures.insertions, figures.deletions) : text(null),
    time(figures.iterations > 0 ? figures.durationMs : null, 'durationMs'),
    cost(figures),
    { text: moment(row['created_at']) },
  ]);
  const columns = [
    left('Session', true),
    left('Status'),
    left('Agent'),
    right('Iterations'),
    right('Tests'),
    right('Lines'),
    right('Time'),
    right('Cost'),
    date('Made'),
  ];
  return section('sessions', 'Sessions', most({ columns, rows }, SESSIONS));
};

const toolsSection = ({ metrics }: Facts): Section[] => {
  const top = metrics.tools.slice(0, BARS);
  return section('tools', 'Tools', [
    ...chart({
      title: 'Calls by tool',
      kind: 'names',
      unit: 'count',
      labels: top.map(({ tool }) => tool ?? '–'),
      series: [
        { name: 'went well', color: 'main', values: top.map((one) => one.toolCalls - one.toolFailures) },
        { name: 'failed', color: 'bad', values: top.map((one) => one.toolFailures) },
      ],
    }),
    ...toolBlocks(metrics),
  ]);
};

const testsSection = ({ metrics: { total }, days }: Facts): Section[] => {
  if (total.testRuns === 0) return [];
  const all = calendar(days);
  const said = `${total.testPasses} of ${formatCount(total.testRuns, 'run')} passed (${percent(total.testPassRate)}); ${total.testsNewlyFailing} failed where the base had passed.`;
  const passed = all.map(({ figures }) => figures?.testPasses ?? 0);
  return section('tests', 'Tests', [
    { kind: 'say', text: said },
    {
      kind: 'facts',
      facts: [
        ['Runs with a verdict', number(total.testRuns, 'testRuns')],
        ['Passed', number(total.testPasses, 'testPasses')],
        ['Newly failing', number(total.testsNewlyFailing, 'testsNewlyFailing')],
        ['Time of all runs', time(total.testMs, 'testMs')],
      ],
    },
    ...chart({
      title: 'Test runs by day',
      kind: 'time',
      unit: 'count',
      labels: all.map(({ day }) => day),
      series: [
        { name: 'passed', color: 'good', values: passed },
        { name: 'failed', color: 'bad', values: all.map(({ figures }, at) => (figures?.testRuns ?? 0) - passed[at]!) },
      ],
    }),
  ]);
};

const extremes = (facts: Facts, pages: ReadonlySet<string>): Section[] => {
  const iteration = (row: Row): Cell[] => [
    sessionCell(row['session'], row['name'], pages),
    number(row['iteration']),
    { ...text(row['subject'], SAID), note: row['model'] ? shorten(String(row['model']), SAID) : undefined },
    outcome(row['outcome']),
    time(row['duration_ms']),
    costOfRow(row),
  ];
  const columns = [
    left('Session', true),
    right('Iteration'),
    left('Commit', true),
    left('Ended'),
    right('Time'),
    right('Cost'),
  ];
  const dear = facts.sessions
    .filter(({ figures }) => Number(figures.costUsd) > 0)
    .sort((a, b) => Number(b.figures.costUsd) - Number(a.figures.costUsd))
    .slice(0, BARS);
  const titled = (title: string, blocks: Block[]): Block[] =>
    blocks.length > 0 ? [{ kind: 'title', text: title }, ...blocks] : [];
  return section('extremes', 'Slowest and dearest', [
    ...chart({
      title: 'Dearest sessions',
      kind: 'names',
      unit: 'usd',
      labels: dear.map(({ session, row }) => String(isSeen(row['name']) ? row['name'] : session)),
      series: [{ name: 'Cost', color: 'main', values: dear.map(({ figures }) => Number(figures.costUsd)) }],
    }),
    ...titled('Dearest iterations', most({ columns, rows: facts.dearest.map(iteration) })),
    ...titled('Slowest iterations', most({ columns, rows: facts.slowest.map(iteration) })),
    ...titled(
      'Slowest tool calls',
      most({
        columns: [
          left('Session', true),
          right('Iteration'),
          left('Tool'),
          left('Called with', true),
          left('Ended'),
          right('Time'),
        ],
        rows: facts.slowestCalls.map((row) => [
          sessionCell(row['session'], row['name'], pages),
          number(row['iteration']),
          text(row['tool']),
          text(row['summary'], SAID),
          row['failed'] === true ? { text: 'failed', tone: 'bad' } : { text: row['failed'] === false ? 'well' : '–' },
          time(row['duration_ms']),
        ]),
      }),
    ),
  ]);
};

const period = ({ since, until }: Asked): string => {
  if (since && until) return `From ${moment(since)} to ${moment(until)}.`;
  if (since) return `Since ${moment(since)}.`;
  return until ? `Until ${moment(until)}.` : '';
};

const saidOf = (asked: Asked, { sessions, pages }: Facts): string[] => {
  const more = sessions.length - pages.length;
  return [
    asked.repositories.length === 1
      ? `Repository ${asked.repositories[0]}.`
      : `Repositories: ${asked.repositories.join(', ')}.`,
    ...(period(asked) ? [`${period(asked)} A fact counts where it began.`] : []),
    `Made at ${moment(asked.at)}. All times are UTC. A dash is what nobody told.`,
    ...(more > 0
      ? [`The newest ${pages.length} sessions have a page; name one of the other ${grouped(more)} to get its own.`]
      : []),
    ...asked.warnings,
  ];
};

/** A report as a document, out of its facts. What there is nothing of has no section. */
export const composeReport = (facts: Facts, asked: Asked): ReportDocument => {
  const pages = new Map(facts.pages.map((page) => [page.session, page]));
  const ids = new Set(pages.keys());
  const { total } = facts.metrics;
  const title = asked.names?.length === 1 ? `Session report: ${shorten(asked.names[0]!, SAID)}` : 'Session report';
  if (total.sessions === 0) {
    const none = asked.since || asked.until ? 'Nothing happened in that time.' : 'No sessions yet.';
    return { title, said: [...saidOf(asked, facts), none], sections: [] };
  }
  return {
    title,
    said: saidOf(asked, facts),
    sections: [
      ...summary(facts),
      ...overTime(facts),
      ...sessionsSection(facts, ids),
      ...section('models', 'Models', modelBlocks(facts.metrics)),
      ...toolsSection(facts),
      ...testsSection(facts),
      ...section('failures', 'Failures', failureBlocks(facts.metrics)),
      ...extremes(facts, ids),
      ...facts.sessions.flatMap((one) => (ids.has(one.session) ? [pageOf(one, pages.get(one.session)!)] : [])),
    ],
  };
};
