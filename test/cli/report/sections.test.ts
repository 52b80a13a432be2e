import { describe, expect, it } from 'vitest';
import {
  aFailure,
  aModel,
  aPage,
  aSession,
  aTool,
  chartsIn,
  compose,
  facts,
  factsIn,
  figures,
  money,
  saidIn,
  sectionOf,
  tablesIn,
  textsOf,
} from '../../support/report-facts.ts';

const idsOf = (document: ReturnType<typeof compose>): string[] => document.sections.map(({ id }) => id);
const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

describe('what a report begins with', () => {
  it('says where there is nothing, and then has no sections', () => {
    const none = compose(facts({ sessions: 0 }));
    expect([none.sections, none.said.at(-1)]).toEqual([[], 'No sessions yet.']);
    const then = compose(facts({ sessions: 0 }), { until: '2001-01-01T00:00:00.000Z' });
    expect(then.said.slice(1)).toEqual([
      'Until 2001-01-01 00:00. A fact counts where it began.',
      'Made at 2026-11-23 01:02. All times are UTC. A dash is what nobody told.',
      'Nothing happened in that time.',
    ]);
  });

  it.each([
    [{}, undefined],
    [{ since: '2026-11-01T10:20:30.000Z' }, 'Since 2026-11-01 10:20. A fact counts where it began.'],
    [
      { since: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' },
      'From 2026-11-01 00:00 to 2026-11-02 00:00. A fact counts where it began.',
    ],
  ])('tells of the time that was asked for: %j', (range, said) =>
    expect(compose(facts(), range).said.find((one) => one.includes('counts where'))).toBe(said),
  );

  it('tells of its repositories, its warnings, and of one session that was named', () => {
    expect(compose(facts()).said[0]).toBe('Repository /repo.');
    expect(compose(facts(), { repositories: ['/a', '/b'] }).said[0]).toBe('Repositories: /a, /b.');
    expect(compose(facts(), { warnings: ['One.', 'Two.'] }).said.slice(-2)).toEqual(['One.', 'Two.']);
    expect(compose(facts(), { names: ['login'] }).title).toBe('Session report: login');
    expect(compose(facts(), { names: ['a', 'b'] }).title).toBe('Session report');
    expect(compose(facts(), { names: ['x'.repeat(500)] }).title).toHaveLength('Session report: '.length + 160);
  });

  it('tells how many sessions have no page', () => {
    const sessions = many(1203, (at) => aSession(`s${at}`));
    const said = compose(facts({}, { sessions, pages: [aPage('s0'), aPage('s1')] })).said;
    expect(said).toContain('The newest 2 sessions have a page; name one of the other 1,201 to get its own.');
    expect(compose(facts({}, { sessions: [aSession('s0')], pages: [aPage('s0')] })).said.join()).not.toContain(
      'newest',
    );
  });

  it('has sections only for what there is', () => {
    expect(idsOf(compose(facts()))).toEqual(['summary']);
    const day = { day: '2026-11-22', figures: figures({ iterations: 1, testRuns: 1 }) };
    const full = facts(
      { testRuns: 1 },
      {
        days: [day],
        sessions: [aSession('s1')],
        models: [aModel('m')],
        tools: [aTool('Bash')],
        failures: [aFailure('tests.failing')],
        slowest: [{ session: 's1', iteration: 1, duration_ms: 5 }],
        pages: [aPage('s1')],
      },
    );
    const all = ['summary', 'time', 'sessions', 'models', 'tools', 'tests', 'failures', 'extremes', 'session-s1'];
    expect(idsOf(compose(full))).toEqual(all);
  });
});

describe('the summary', () => {
  const summary = (total: Parameters<typeof facts>[0]) => sectionOf(compose(facts(total)), 'summary');

  it('has a figure for what there is, and none for what there is not', () => {
    expect(factsIn(summary({}))).toEqual({ Sessions: '1', Cost: '–', Iterations: '0' });
    const shown = factsIn(
      summary({
        ...money('12.340000', { costPerLandedLineUsd: '0.012340000000' }),
        sessions: 1200,
        iterations: 7,
        durationMs: 65_000,
        iterationP50Ms: 900,
        iterationP95Ms: 60_000,
        tokensInput: 0,
        tokensOutput: 1500,
        toolCalls: 10,
        toolFailures: 0,
        testRuns: 4,
        testPassRate: 0.75,
        commits: 2,
        insertions: 10,
        deletions: 4,
        landedCommits: 1,
        landedLines: 1000,
        shareDiscarded: 0,
        errors: 3,
        errorsRecovered: 2,
      }),
    );
    expect(shown).toEqual({
      Sessions: '1,200',
      Cost: '$12.34',
      Iterations: '7',
      'Time of iterations': '1m 05s',
      'Half within': '0.9s',
      '95% within': '1m 00s',
      'Tokens in': '0',
      'Tokens out': '1.5k',
      'Tool calls': '10',
      'Failed calls': '0',
      'Test runs': '4',
      Passed: '75%',
      Commits: '2',
      Lines: '+10 −4',
      'Lines landed': '1,000',
      'Cost of a landed line': '$0.012',
      'Thrown away': '0%',
      Failures: '3',
    });
  });

  it.each([
    [{}, ['Nothing told of tokens or money.']],
    [{ costSource: 'unknown' as const }, ['What it cost is unknown: no agent told it, and no price is known.']],
    [money('1.000000'), []],
    [
      money('1.000000', { costIsLowerBound: true, costUnknownIterations: 1 }),
      ['Of 1 iteration the cost is not known, so it is a lower bound.'],
    ],
    [money('1.000000', { costIsLowerBound: true }), ['The real cost may be higher: it is a lower bound.']],
    [money('1.000000', { prices: ['a 1.0', 'b 2.0'] }), ['Computed with a 1.0, b 2.0.']],
  ])('says how sure the cost is: %j', (total, said) => expect(saidIn(summary(total))).toEqual(said));
});

describe('cost over time', () => {
  const day = (name: string, over: Parameters<typeof figures>[0] = {}) => ({ day: name, figures: figures(over) });
  const time = (days: ReturnType<typeof day>[]) => sectionOf(compose(facts({}, { days })), 'time');

  it('is a table of one day without a chart', () => {
    const one = time([day('2026-11-22', money('1.000000', { iterations: 2, durationMs: 1000, tokensOutput: 5 }))]);
    expect(chartsIn(one)).toEqual([]);
    expect(textsOf(tablesIn(one)[0])).toEqual([['2026-11-22', '2', '1.0s', '5', '–', '$1.00']]);
  });

  it('has the newest day first, and the days between in the chart alone', () => {
    const two = time([
      day('2026-10-30', money('1.500000', { iterations: 1 })),
      day('2026-11-02', { costSource: 'unknown', testRuns: 3, testPasses: 2 }),
    ]);
    expect(textsOf(tablesIn(two)[0]).map(([name, , , , tests, cost]) => [name, tests, cost])).toEqual([
      ['2026-11-02', '2/3', 'unknown'],
      ['2026-10-30', '–', '$1.50'],
    ]);
    expect(chartsIn(two)[0]).toMatchObject({
      kind: 'time',
      unit: 'usd',
      labels: ['2026-10-30', '2026-10-31', '2026-11-01', '2026-11-02'],
      series: [{ values: [1.5, 0, 0, 0] }],
    });
    expect(saidIn(two)).toEqual(['Of 1 day the cost is unknown.']);
  });

  it('leaves out empty days where they would be years, and has no chart of nothing', () => {
    const far = time([day('2020-01-01', money('1.000000')), day('2026-01-01', money('2.000000'))]);
    expect(chartsIn(far)[0]!.labels).toEqual(['2020-01-01', '2026-01-01']);
    const leap = time([day('2024-02-28', money('1.000000')), day('2024-03-01', money('2.000000'))]);
    expect(chartsIn(leap)[0]!.labels).toEqual(['2024-02-28', '2024-02-29', '2024-03-01']);
    expect(chartsIn(time([day('2026-01-01'), day('2026-01-02', money('0.000000'))]))).toEqual([]);
  });

  it('lists sixty days, and says that there are more', () => {
    const days = many(63, (at) => day(new Date(Date.UTC(2026, 0, 1 + at)).toISOString().slice(0, 10)));
    expect(tablesIn(time(days))[0]!.rows).toHaveLength(60);
    expect(saidIn(time(days))).toEqual(['And 3 more; amp-sessions metrics --json has all.']);
    expect(saidIn(time(days.slice(3)))).toEqual([]);
  });
});

describe('lists', () => {
  it('has sessions with links to the pages that there are', () => {
    const full = {
      iterations: 1,
      durationMs: 1500,
      commits: 1,
      insertions: 3,
      deletions: 0,
      testRuns: 2,
      testPasses: 1,
    };
    const sessions = [
      aSession('s2', {}, { ...full, ...money('0.250000') }),
      aSession('s1', { name: '\u202e', agent: null }),
    ];
    const [table] = tablesIn(sectionOf(compose(facts({}, { sessions, pages: [aPage('s2')] })), 'sessions'));
    expect(textsOf(table)).toEqual([
      ['name of s2', 'idle', 'claude', '1', '1/2', '+3 −0', '1.5s', '$0.25', '2026-11-22 14:30'],
      ['s1', 'idle', '–', '0', '–', '–', '–', '–', '2026-11-22 14:30'],
    ]);
    expect(table!.rows.map(([cell]) => cell)).toMatchObject([{ to: 'session-s2', note: 's2' }, { note: 's1' }]);
    expect(table!.rows[1]![0]).not.toHaveProperty('to');
  });

  it('has five hundred sessions, and says that there are more', () => {
    const section = sectionOf(compose(facts({}, { sessions: many(501, (at) => aSession(`s${at}`)) })), 'sessions');
    expect(tablesIn(section)[0]!.rows).toHaveLength(500);
    expect(saidIn(section)).toEqual(['And 1 more; amp-sessions metrics --json has all.']);
  });

  it('tells of models what was told', () => {
    const models = [
      aModel('opus'),
      aModel(null, { agent: null, tokensInput: null, costUsd: null, costSource: 'unknown' }),
    ];
    const [table] = tablesIn(sectionOf(compose(facts({}, { models })), 'models'));
    expect(textsOf(table)).toEqual([
      ['opus', 'claude', '2', '10', '20', '–', '0', '$1.50'],
      ['–', '–', '2', '–', '20', '–', '0', 'unknown'],
    ]);
  });

  it('tells of tools, ten of them in a chart, forty in the table', () => {
    const tools = many(42, (at) => aTool(`t${at}`, { toolCalls: 50 - at, toolFailures: at % 2 }));
    const section = sectionOf(compose(facts({}, { tools })), 'tools');
    const [chart] = chartsIn(section);
    expect(chart!.labels).toEqual(many(10, (at) => `t${at}`));
    expect(chart!.series.map(({ values }) => values.slice(0, 2))).toEqual([
      [50, 48],
      [0, 1],
    ]);
    const [table] = tablesIn(section);
    expect(table!.rows).toHaveLength(40);
    expect(table!.rows[1]).toMatchObject([{ text: 't1' }, { value: 49 }, { value: 1, tone: 'bad' }, {}, {}, {}]);
    expect(table!.rows[0]![2]).not.toHaveProperty('tone');
    expect(saidIn(section)).toEqual(['And 2 more; amp-sessions metrics --json has all.']);
  });

  it('has no chart of one tool, and a dash for times that nobody told', () => {
    const tools = [aTool(null, { toolP50Ms: null, toolP95Ms: null, toolMs: 0 })];
    const section = sectionOf(compose(facts({}, { tools })), 'tools');
    expect(chartsIn(section)).toEqual([]);
    expect(textsOf(tablesIn(section)[0])).toEqual([['–', '3', '0', '–', '–', '–']]);
  });

  it('tells of failures and what put them right, the most frequent first', () => {
    const failures = [
      aFailure('a.b', { recoveredBy: { rewind: 1, iteration: 4 } }),
      aFailure(null, { recoveredBy: {} }),
    ];
    const [table] = tablesIn(sectionOf(compose(facts({}, { failures })), 'failures'));
    expect(textsOf(table)).toEqual([
      ['a.b', '2', '1', 'iteration 4, rewind 1'],
      ['–', '2', '1', '–'],
    ]);
  });

  it('tells of tests, by day where there are several', () => {
    const total = { testRuns: 4, testPasses: 3, testPassRate: 0.75, testsNewlyFailing: 1, testMs: 2000 };
    const days = [
      { day: '2026-11-01', figures: figures({ testRuns: 3, testPasses: 3 }) },
      { day: '2026-11-03', figures: figures({ testRuns: 1, testPasses: 0 }) },
    ];
    const section = sectionOf(compose(facts(total, { days })), 'tests');
    expect(saidIn(section)).toEqual(['3 of 4 runs passed (75%); 1 failed where the base had passed.']);
    expect(factsIn(section)).toMatchObject({ Passed: '3', 'Newly failing': '1', 'Time of all runs': '2.0s' });
    expect(chartsIn(section)[0]!.series).toMatchObject([
      { name: 'passed', color: 'good', values: [3, 0, 0] },
      { name: 'failed', color: 'bad', values: [0, 0, 1] },
    ]);
  });

  it('has the dearest sessions in their order, those that cost nothing in no chart', () => {
    const sessions = [
      aSession('a', {}, money('1.000000')),
      aSession('b'),
      aSession('c', { name: '' }, money('30.000000')),
    ];
    const [chart] = chartsIn(sectionOf(compose(facts({}, { sessions })), 'extremes'));
    expect(chart).toMatchObject({ labels: ['c', 'name of a'], series: [{ values: [30, 1] }] });
    expect(chartsIn(sectionOf(compose(facts({}, { sessions: sessions.slice(0, 2) })), 'extremes'))).toEqual([]);
  });

  it('has the slowest calls, failed, well, or nobody knows', () => {
    const call = { session: 's1', name: 'n', iteration: 3, tool: 'Bash', summary: 'npm test', duration_ms: 61_000 };
    const slowestCalls = [true, false, null].map((failed) => ({ ...call, failed }));
    const section = sectionOf(compose(facts({}, { slowestCalls })), 'extremes');
    expect(section!.blocks[0]).toEqual({ kind: 'title', text: 'Slowest tool calls' });
    const rows = textsOf(tablesIn(section)[0]);
    expect(rows[0]).toEqual(['n', '3', 'Bash', 'npm test', 'failed', '1m 01s']);
    expect(rows.map((row) => row[4])).toEqual(['failed', 'well', '–']);
  });
});
