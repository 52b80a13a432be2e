import { composeReport } from '../../src/cli/report/compose.ts';
import type { Block, Chart, ReportDocument, Section, Table } from '../../src/cli/report/document.ts';
import type { Asked, Facts, Figures, Lists, PageFacts, Row } from '../../src/cli/report/facts.ts';

/** Facts of a report, given by hand: nothing has happened but what a test says. */

export const figures = (over: Partial<Figures> = {}): Figures => ({
  sessions: 1,
  iterations: 0,
  durationMs: 0,
  iterationP50Ms: null,
  iterationP95Ms: null,
  tokensInput: null,
  tokensOutput: null,
  tokensCacheRead: null,
  tokensCacheWrite: null,
  costUsd: null,
  costSource: null,
  costIsLowerBound: null,
  costUnknownIterations: 0,
  prices: [],
  toolCalls: 0,
  toolFailures: 0,
  testRuns: 0,
  testPasses: 0,
  testPassRate: null,
  testsNewlyFailing: 0,
  testMs: 0,
  commits: 0,
  files: 0,
  insertions: 0,
  deletions: 0,
  landedCommits: 0,
  landedLines: 0,
  costPerLandedLineUsd: null,
  shareDiscarded: null,
  operations: {},
  rebases: 0,
  conflictRate: null,
  errors: 0,
  errorsRecovered: 0,
  ...over,
});

export const money = (costUsd: string, over: Partial<Figures> = {}): Partial<Figures> => ({
  costUsd,
  costSource: 'reported',
  costIsLowerBound: false,
  ...over,
});

export const aTool = (tool: string | null, over: Partial<Lists['tools'][number]> = {}): Lists['tools'][number] => ({
  tool,
  toolCalls: 3,
  toolFailures: 0,
  toolP50Ms: 100,
  toolP95Ms: 200,
  toolMs: 400,
  ...over,
});

export const aModel = (model: string | null, over: Partial<Lists['models'][number]> = {}): Lists['models'][number] => ({
  model,
  agent: 'claude',
  iterations: 2,
  tokensInput: 10,
  tokensOutput: 20,
  tokensCacheRead: null,
  tokensCacheWrite: 0,
  costUsd: '1.500000',
  costSource: 'reported',
  costIsLowerBound: false,
  costBySource: { reported: '1.500000', billed: null, computed: null, mixed: null },
  prices: [],
  ...over,
});

export const aFailure = (
  mode: string | null,
  over: Partial<Lists['failures'][number]> = {},
): Lists['failures'][number] => ({ mode, errors: 2, errorsRecovered: 1, recoveredBy: { iteration: 1 }, ...over });

export const aSession = (session: string, row: Row = {}, over: Partial<Figures> = {}): Facts['sessions'][number] => ({
  session,
  row: { name: `name of ${session}`, status: 'idle', agent: 'claude', created_at: '2026-11-22T14:30:15.000Z', ...row },
  figures: figures(over),
});

export const aPage = (session: string, over: Partial<PageFacts> = {}): PageFacts => ({
  session,
  models: [],
  tools: [],
  failures: [],
  story: [],
  ...over,
});

export const facts = (
  total: Partial<Figures> = {},
  { models = [], tools = [], failures = [], ...over }: Partial<Omit<Facts, 'metrics'> & Lists> = {},
): Facts => ({
  metrics: { total: figures(total), models, tools, failures },
  days: [],
  sessions: [],
  slowest: [],
  dearest: [],
  slowestCalls: [],
  pages: [],
  ...over,
});

export const asked = (over: Partial<Asked> = {}): Asked => ({
  repositories: ['/repo'],
  at: '2026-11-23T01:02:03.000Z',
  warnings: [],
  ...over,
});

export const compose = (given: Facts, over: Partial<Asked> = {}): ReportDocument => composeReport(given, asked(over));

export const sectionOf = (document: ReportDocument, id: string): Section | undefined =>
  document.sections.find((one) => one.id === id);

const only = <Kind extends Block['kind']>(section: Section | undefined, kind: Kind): Extract<Block, { kind: Kind }>[] =>
  (section?.blocks ?? []).filter((block): block is Extract<Block, { kind: Kind }> => block.kind === kind);

export const tablesIn = (section: Section | undefined): Table[] => only(section, 'table');
export const chartsIn = (section: Section | undefined): Chart[] => only(section, 'chart').map(({ chart }) => chart);
export const saidIn = (section: Section | undefined): string[] => only(section, 'say').map(({ text }) => text);
export const factsIn = (section: Section | undefined): Record<string, string> =>
  Object.fromEntries(
    only(section, 'facts').flatMap(({ facts: pairs }) => pairs.map(([label, { text }]) => [label, text])),
  );
export const textsOf = (table: Table | undefined): string[][] =>
  (table?.rows ?? []).map((row) => row.map(({ text }) => text));

/** Cells of a line of a Markdown table, as its reader splits it: a bar after a backslash is text. */
const cellsOf = (line: string): string[] =>
  [
    ...line
      .replace(/^\|/, '')
      .replace(/\|$/, '')
      .matchAll(/(?:\\.|[^|\\])*(?:\||$)/g),
  ]
    .map(([cell]) => cell.replace(/\|$/, '').trim())
    .slice(0, -1);

/** Rows of each table of a Markdown text. @throws Error where a row has not as many cells as its head */
export const markdownTables = (markdown: string): string[][][] =>
  [...markdown.matchAll(/(?:^\|.*\|$\n?)+/gm)].map(([whole]) => {
    const [head, rule, ...rows] = whole.trimEnd().split('\n').map(cellsOf);
    if (!rule?.every((cell) => /^-{2,}:?$/.test(cell))) throw new Error(`No head: ${whole.slice(0, 80)}`);
    for (const row of [rule, ...rows])
      if (row.length !== head!.length) throw new Error(`${row.length} cells for ${head!.length}: ${row.join(' ¦ ')}`);
    return [head!, ...rows];
  });

/** A Markdown text as its reader shows it. */
export const shownMarkdown = (text: string): string =>
  text
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
