import { Chalk } from 'chalk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { costText, grouped, percent, perLine } from '../../src/cli/metrics-tables.ts';
import { type Metrics, metricsText } from '../../src/cli/metrics-text.ts';
import { textWidth } from '../../src/cli/width.ts';

beforeAll(() => void vi.stubEnv('LC_ALL', 'C.UTF-8'));
afterAll(() => void vi.unstubAllEnvs());

const color = new Chalk({ level: 0 });
const NO_COST = { reported: null, billed: null, computed: null, mixed: null };

const nothing: Metrics = {
  repositories: ['/home/me/shop'],
  since: null,
  until: null,
  sessions: 1,
  iterations: 0,
  iterationsCompleted: 0,
  outcomes: {},
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
  costBySource: NO_COST,
  prices: [],
  costUnknownIterations: 0,
  tokensOutputPerSecond: null,
  toolCalls: 0,
  toolFailures: 0,
  toolP50Ms: null,
  toolP95Ms: null,
  toolMs: 0,
  testRuns: 0,
  testPasses: 0,
  testPassRate: null,
  testsNewlyFailing: 0,
  testMs: 0,
  commits: 0,
  manualCommits: 0,
  files: 0,
  insertions: 0,
  deletions: 0,
  landedCommits: 0,
  landedLines: 0,
  discardedCommits: 0,
  discardedLines: 0,
  costPerLandedLineUsd: null,
  shareDiscarded: null,
  operations: {},
  rebases: 0,
  rebasesConflicted: 0,
  conflictRate: null,
  errors: 0,
  errorsRecovered: 0,
  models: [],
  tools: [],
  failures: [],
  days: [],
  timeZone: 'UTC',
};

const usedOf = (costUsd: string) => ({
  tokensInput: 61_000,
  tokensOutput: 2300,
  tokensCacheRead: 400_000,
  tokensCacheWrite: 0,
  costUsd,
  costSource: 'computed' as const,
  costIsLowerBound: true,
  costBySource: { ...NO_COST, computed: costUsd },
  prices: ['prices@1, prices of 2026-09-23'],
});

const busy: Metrics = {
  ...nothing,
  sessions: 1234,
  iterations: 4,
  outcomes: { completed: 3, 'timed-out': 1 },
  durationMs: 725_000,
  iterationP50Ms: 100_000,
  iterationP95Ms: 300_000,
  ...usedOf('1234.567890'),
  costUnknownIterations: 1,
  tokensOutputPerSecond: 3.17,
  toolCalls: 20,
  toolFailures: 3,
  toolP50Ms: 900,
  toolP95Ms: 12_000,
  toolMs: 40_000,
  testRuns: 4,
  testPasses: 3,
  testPassRate: 0.75,
  testsNewlyFailing: 1,
  testMs: 30_000,
  commits: 4,
  manualCommits: 1,
  files: 9,
  insertions: 1200,
  deletions: 80,
  landedCommits: 2,
  landedLines: 900,
  discardedCommits: 1,
  discardedLines: 4,
  costPerLandedLineUsd: '1.371742100000',
  shareDiscarded: 0.003,
  rebases: 3,
  rebasesConflicted: 1,
  conflictRate: 1 / 3,
  errors: 3,
  errorsRecovered: 2,
  models: [
    { model: 'opus\u001b[31m', agent: 'amp', iterations: 3, ...usedOf('1234.000000') },
    { model: null, agent: null, iterations: 1, ...usedOf('0.567890') },
  ],
  tools: Array.from({ length: 9 }, (_, n) => ({
    tool: n === 8 ? null : `tool${n}`,
    toolCalls: 9 - n,
    toolFailures: n === 0 ? 3 : 0,
    toolP50Ms: n === 8 ? null : 900,
    toolP95Ms: n === 8 ? null : 1200,
    toolMs: n === 8 ? 0 : 5000,
  })),
  failures: [{ mode: 'agent.offline', errors: 3, errorsRecovered: 2, recoveredBy: { iteration: 1, rewind: 1 } }],
  days: ['2026-11-20', '2026-11-21', '2026-11-23'].map((day, n) => ({
    day,
    iterations: n + 1,
    durationMs: 1000,
    ...usedOf(`${n}.000000`),
  })),
};

const show = (metrics: Metrics, width?: number) => metricsText(metrics, { color, width }).split('\n');
const lineOf = (lines: string[], label: string): string | undefined => lines.find((line) => line.startsWith(label));

describe('words', () => {
  it.each([
    [{ costUsd: '1.234567', costSource: 'billed', costIsLowerBound: false }, '$1.23'],
    [{ costUsd: '12345.600000', costSource: 'mixed', costIsLowerBound: true }, '≥ $12,345.60'],
    [{ costUsd: '0.003400', costSource: 'computed', costIsLowerBound: true }, '≥ $0.0034'],
    [{ costUsd: '0.003400', costSource: 'reported', costIsLowerBound: false }, '<$0.01'],
    [{ costUsd: '0.000000', costSource: 'reported', costIsLowerBound: false }, '$0.00'],
    [{ costUsd: null, costSource: 'unknown', costIsLowerBound: null }, 'unknown'],
    [{ costUsd: null, costSource: null, costIsLowerBound: null }, '–'],
  ] as const)('cost of %j is %s', (cost, text) => expect(costText(cost)).toBe(text));

  it.each([
    ['0.000000000000', '$0.00'],
    ['16.476207781827', '$16.48'],
    ['0.012345678901', '$0.012'],
    ['0.000012345678', '$0.000012'],
    ['0.000000000001', '<$0.000001'],
  ])('a line for %s is %s', (usd, text) => expect(perLine(usd)).toBe(text));

  it.each([
    [null, '–'],
    [0, '0%'],
    [0.0001, '<1%'],
    [0.436, '44%'],
    [0.9999, '>99%'],
    [1, '100%'],
  ])('a share of %s is %s', (share, text) => expect(percent(share)).toBe(text));

  it.each([
    [0, '0'],
    [999, '999'],
    [1234567, '1,234,567'],
    ['1234.5678', '1,234.5678'],
  ])('%s is grouped as %s', (number, text) => expect(grouped(number)).toBe(text));
});

describe('the page', () => {
  it('has a line for each sort of number, with no 0 for what nobody told', () => {
    expect(show(busy).slice(0, 10)).toEqual([
      '1,234 sessions in /home/me/shop',
      'Iterations 4 · 1 timed-out · 12m 05s · half within 1m 40s, 95% within 5m 00s',
      'Cost       ≥ $1,234.57 · computed · prices@1, prices of 2026-09-23 · not known for 1 iteration',
      'Tokens     61.0k in · 2.3k out · 400.0k read from the cache · 0 written to it · 3.2 out a second',
      'Tools      20 calls · 3 failed (15%) · half within 0.9s, 95% within 12.0s',
      'Tests      3 of 4 passed (75%) · 1 newly failing · 30.0s',
      'Git        4 commits · 1 by hand · +1,200 −80 in 9 files · 3 rebases, 33% with a conflict',
      'Landed     2 commits, 900 lines · ≥ $1.37 a line',
      'Discarded  1 commit, 4 lines · <1% of all lines',
      'Failures   3 · 67% put right since',
    ]);
  });

  it('says of a session that used nothing just that', () => {
    const lines = show({ ...nothing, session: 's000000001', name: 'log\nin' }, 80);
    expect(lines).toEqual([
      expect.stringMatching(/^log\S*\s?in s000000001$/),
      'Iterations 0',
      'Cost       –',
      'Tokens     –',
      'Tools      0 calls',
      'Tests      –',
      'Git        0 commits',
    ]);
  });

  it.each([60, 80, 140])('fits %i columns', (width) => {
    for (const line of show(busy, width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
  });

  it('draws on a terminal only, and shows a program all rows', () => {
    const [terminal, piped] = [show(busy, 100), show(busy)];
    expect(lineOf(terminal, 'Each day')).toMatch(
      /^Each day {3}\S\S \S {2}iterations, 2026-11-20 to 2026-11-23 \(UTC\)$/,
    );
    expect(terminal.join('\n')).toContain('and 3 more; --json has all');
    expect(terminal.filter((line) => /^tool\d/.test(line))).toHaveLength(6);
    expect(piped.join('\n')).not.toMatch(/[▁-█#]|more; --json/);
    expect(piped.filter((line) => /^(tool\d|– +1 )/.test(line)).length).toBeGreaterThanOrEqual(9);
  });

  it('draws as many days as fit, whatever a clock said', () => {
    const days = ['0001-01-01', '2026-11-20', '9999-12-31'].map((day) => ({ ...busy.days[1]!, day }));
    expect(lineOf(show({ ...busy, days }, 80), 'Each day')).toContain('9999-12-31 to 9999-12-31');
  });

  it('lets nothing through that an agent named', () => expect(show(busy, 80).join('')).not.toContain('\u001b'));
});

describe('groups', () => {
  const { models: _, tools: __, failures: ___, days: ____, ...figures } = busy;
  const groups = ['amp', null].map((group) => ({ group, figures: { ...figures, sessions: 1, iterations: 2 } }));
  const grouping = (more: Partial<Metrics>): string[] => show({ ...busy, groups, ...more } as Metrics, 140);

  it('have a row each, and one for all', () => {
    const lines = grouping({ groupBy: 'agent' });
    expect(lines[2]).toMatch(/^AGENT +ITER +IN +OUT +COST +TIME +TOOLS +TESTS +LINES +LANDED +AWAY/);
    expect(lines[3]).toMatch(/^amp +2 +61.0k +2.3k +≥ \$1,234.57 +12m 05s +20 +3\/4 +\+1,200 −80 +900 +<1% +█+$/);
    expect(lines[4]).toMatch(/^– /);
    expect(lines[5]).toMatch(/^all +4 /);
  });

  it('of sessions have their names, of models what is told of models', () => {
    const session = groups.map((group) => ({ ...group, group: 's000000001', name: 'naïve' }));
    expect(grouping({ groupBy: 'session', groups: session })[3]).toMatch(/^s000000001 {2}naïve +2 /);
    const model = [{ group: 'opus', figures: { ...usedOf('0.100000'), sessions: 1, iterations: 1 } }];
    const lines = grouping({ groupBy: 'model', groups: model });
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^MODEL OR MODE +ITER +IN +OUT +CACHE READ +WRITTEN +COST$/),
      expect.stringMatching(/^opus +1 +61.0k +2.3k +400.0k +0 +≥ \$0.10$/),
    ]);
  });
});
