import { Chalk } from 'chalk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type MetricsWish, metricsAnswer } from '../../src/analysis/metrics-answer.ts';
import { type Analysis, openAnalysis } from '../../src/analysis/open.ts';
import { metricsText } from '../../src/cli/metrics-text.ts';
import { importHistory } from '../support/history.ts';
import { makeWorld, type World } from './world.ts';

/** Whole answers and whole pages: the names, their order, every digit, and how it looks. */
describe('of a made-up history', () => {
  let world: World;
  let analysis: Analysis;
  beforeAll(async () => {
    vi.stubEnv('LC_ALL', 'C.UTF-8');
    world = await makeWorld();
    importHistory(world.dir, 3, 6);
    analysis = await openAnalysis(world.ctx);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await analysis.close();
  });

  const answer = async (wish: MetricsWish) => ({
    ...(await metricsAnswer(analysis, wish)),
    repositories: ['/home/me/shop'],
  });
  const page = async (wish: MetricsWish, width?: number): Promise<string> =>
    metricsText(await answer(wish), { color: new Chalk({ level: 0 }), width });
  const session = { id: 'h000000003', name: 'task 3 -' };

  it('one session is answered so', async () => {
    expect(await answer({ session })).toMatchInlineSnapshot(`
      {
        "commits": 3,
        "conflictRate": null,
        "costBySource": {
          "billed": "0.200000",
          "computed": "1.175149",
          "mixed": null,
          "reported": null,
        },
        "costIsLowerBound": true,
        "costPerLandedLineUsd": null,
        "costSource": "mixed",
        "costUnknownIterations": 0,
        "costUsd": "1.375149",
        "days": [
          {
            "costBySource": {
              "billed": "0.200000",
              "computed": "1.175149",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "mixed",
            "costUsd": "1.375149",
            "day": "2026-09-28",
            "durationMs": 1650123.333,
            "iterations": 6,
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "tokensCacheRead": 1492483,
            "tokensCacheWrite": 70327,
            "tokensInput": 254536,
            "tokensOutput": 5467,
          },
        ],
        "deletions": 75,
        "discardedCommits": 0,
        "discardedLines": 0,
        "durationMs": 1650123.333,
        "errors": 2,
        "errorsRecovered": 2,
        "failures": [
          {
            "errors": 2,
            "errorsRecovered": 2,
            "mode": "tests.newly-failing",
            "recoveredBy": {
              "tests": 2,
            },
          },
        ],
        "files": 13,
        "insertions": 764,
        "iterationP50Ms": 336911.728,
        "iterationP95Ms": 457033.5,
        "iterations": 6,
        "iterationsCompleted": 6,
        "landedCommits": 0,
        "landedLines": 0,
        "manualCommits": 1,
        "models": [
          {
            "agent": "command",
            "costBySource": {
              "billed": "0.100000",
              "computed": "0.842851",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "mixed",
            "costUsd": "0.942851",
            "iterations": 3,
            "model": "gpt-5.4",
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "tokensCacheRead": 1014961,
            "tokensCacheWrite": 44306,
            "tokensInput": 122339,
            "tokensOutput": 2595,
          },
          {
            "agent": "command",
            "costBySource": {
              "billed": null,
              "computed": "0.332298",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "computed",
            "costUsd": "0.332298",
            "iterations": 1,
            "model": "grok-4",
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "tokensCacheRead": 177908,
            "tokensCacheWrite": 7387,
            "tokensInput": 52642,
            "tokensOutput": 1252,
          },
          {
            "agent": "command",
            "costBySource": {
              "billed": "0.100000",
              "computed": null,
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": false,
            "costSource": "billed",
            "costUsd": "0.100000",
            "iterations": 1,
            "model": "claude-sonnet-4-5-20250929",
            "prices": [],
            "tokensCacheRead": 87416,
            "tokensCacheWrite": 0,
            "tokensInput": 33044,
            "tokensOutput": 533,
          },
          {
            "agent": "command",
            "costBySource": {
              "billed": "0.000000",
              "computed": null,
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": false,
            "costSource": "billed",
            "costUsd": "0.000000",
            "iterations": 1,
            "model": "largé",
            "prices": [],
            "tokensCacheRead": 212198,
            "tokensCacheWrite": 4151,
            "tokensInput": 36542,
            "tokensOutput": 1087,
          },
          {
            "agent": "command",
            "costBySource": {
              "billed": null,
              "computed": null,
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": null,
            "costSource": "unknown",
            "costUsd": null,
            "iterations": 1,
            "model": "gpt-99-unheard-of",
            "prices": [],
            "tokensCacheRead": 0,
            "tokensCacheWrite": 14483,
            "tokensInput": 9969,
            "tokensOutput": 0,
          },
        ],
        "name": "task 3 -",
        "operations": {},
        "outcomes": {
          "completed": 6,
        },
        "prices": [
          "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
        ],
        "rebases": 0,
        "rebasesConflicted": 0,
        "repositories": [
          "/home/me/shop",
        ],
        "session": "h000000003",
        "sessions": 1,
        "shareDiscarded": 0,
        "since": null,
        "testMs": 237444.041,
        "testPassRate": 0.6666666666666666,
        "testPasses": 4,
        "testRuns": 6,
        "testsNewlyFailing": 2,
        "timeZone": "UTC",
        "tokensCacheRead": 1492483,
        "tokensCacheWrite": 70327,
        "tokensInput": 254536,
        "tokensOutput": 5467,
        "tokensOutputPerSecond": 3.313085689213753,
        "toolCalls": 15,
        "toolFailures": 2,
        "toolMs": 99019.352,
        "toolP50Ms": 8991.461,
        "toolP95Ms": 19013.802,
        "tools": [
          {
            "tool": "Read",
            "toolCalls": 6,
            "toolFailures": 1,
            "toolMs": 50257.92,
            "toolP50Ms": 10364.751,
            "toolP95Ms": 19013.802,
          },
          {
            "tool": "Bash",
            "toolCalls": 5,
            "toolFailures": 0,
            "toolMs": 9546.961,
            "toolP50Ms": 555.5,
            "toolP95Ms": 8991.461,
          },
          {
            "tool": "Grep",
            "toolCalls": 1,
            "toolFailures": 0,
            "toolMs": 17212.056,
            "toolP50Ms": 17212.056,
            "toolP95Ms": 17212.056,
          },
          {
            "tool": "edit_file",
            "toolCalls": 1,
            "toolFailures": 1,
            "toolMs": 15921.714,
            "toolP50Ms": 15921.714,
            "toolP95Ms": 15921.714,
          },
          {
            "tool": "mcp__工具__do",
            "toolCalls": 1,
            "toolFailures": 0,
            "toolMs": 6080.701,
            "toolP50Ms": 6080.701,
            "toolP95Ms": 6080.701,
          },
          {
            "tool": null,
            "toolCalls": 1,
            "toolFailures": 0,
            "toolMs": 0,
            "toolP50Ms": null,
            "toolP95Ms": null,
          },
        ],
        "until": null,
      }
    `);
  });

  it('agents are answered so', async () => {
    const { groups } = await answer({ groupBy: 'agent' });
    expect(groups).toMatchInlineSnapshot(`
      [
        {
          "figures": {
            "commits": 1,
            "conflictRate": null,
            "costBySource": {
              "billed": null,
              "computed": "0.424894",
              "mixed": null,
              "reported": "0.333333",
            },
            "costIsLowerBound": true,
            "costPerLandedLineUsd": null,
            "costSource": "mixed",
            "costUnknownIterations": 0,
            "costUsd": "0.758227",
            "deletions": 0,
            "discardedCommits": 1,
            "discardedLines": 144,
            "durationMs": 666016.11,
            "errors": 1,
            "errorsRecovered": 0,
            "files": 2,
            "insertions": 144,
            "iterationP50Ms": 271666.958,
            "iterationP95Ms": 394349.152,
            "iterations": 2,
            "iterationsCompleted": 1,
            "landedCommits": 0,
            "landedLines": 0,
            "manualCommits": 0,
            "operations": {},
            "outcomes": {
              "completed": 1,
              "timed-out": 1,
            },
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "rebases": 0,
            "rebasesConflicted": 0,
            "sessions": 1,
            "shareDiscarded": 1,
            "testMs": 74491.51,
            "testPassRate": 1,
            "testPasses": 2,
            "testRuns": 2,
            "testsNewlyFailing": 0,
            "tokensCacheRead": 384901,
            "tokensCacheWrite": 43959,
            "tokensInput": 35904,
            "tokensOutput": 2164,
            "tokensOutputPerSecond": 3.249170654445581,
            "toolCalls": 6,
            "toolFailures": 1,
            "toolMs": 25794.445,
            "toolP50Ms": 1602.305,
            "toolP95Ms": 12868.093,
          },
          "group": "amp",
        },
        {
          "figures": {
            "commits": 2,
            "conflictRate": null,
            "costBySource": {
              "billed": "0.200000",
              "computed": "1.175149",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costPerLandedLineUsd": null,
            "costSource": "mixed",
            "costUnknownIterations": 0,
            "costUsd": "1.375149",
            "deletions": 75,
            "discardedCommits": 0,
            "discardedLines": 0,
            "durationMs": 1650123.333,
            "errors": 2,
            "errorsRecovered": 2,
            "files": 12,
            "insertions": 764,
            "iterationP50Ms": 336911.728,
            "iterationP95Ms": 457033.5,
            "iterations": 6,
            "iterationsCompleted": 6,
            "landedCommits": 0,
            "landedLines": 0,
            "manualCommits": 0,
            "operations": {},
            "outcomes": {
              "completed": 6,
            },
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "rebases": 0,
            "rebasesConflicted": 0,
            "sessions": 1,
            "shareDiscarded": 0,
            "testMs": 207456.213,
            "testPassRate": 0.6666666666666666,
            "testPasses": 4,
            "testRuns": 6,
            "testsNewlyFailing": 2,
            "tokensCacheRead": 1492483,
            "tokensCacheWrite": 70327,
            "tokensInput": 254536,
            "tokensOutput": 5467,
            "tokensOutputPerSecond": 3.313085689213753,
            "toolCalls": 15,
            "toolFailures": 2,
            "toolMs": 99019.352,
            "toolP50Ms": 8991.461,
            "toolP95Ms": 19013.802,
          },
          "group": "command",
        },
        {
          "figures": {
            "commits": 11,
            "conflictRate": null,
            "costBySource": {
              "billed": null,
              "computed": "1.326304",
              "mixed": "12348.353901",
              "reported": "0.123456",
            },
            "costIsLowerBound": true,
            "costPerLandedLineUsd": null,
            "costSource": "mixed",
            "costUnknownIterations": 2,
            "costUsd": "12349.803661",
            "deletions": 527,
            "discardedCommits": 3,
            "discardedLines": 649,
            "durationMs": 2420327.45,
            "errors": 9,
            "errorsRecovered": 7,
            "files": 56,
            "insertions": 1646,
            "iterationP50Ms": 158497.932,
            "iterationP95Ms": 452759.922,
            "iterations": 14,
            "iterationsCompleted": 10,
            "landedCommits": 0,
            "landedLines": 0,
            "manualCommits": 0,
            "operations": {},
            "outcomes": {
              "completed": 10,
              "failed": 1,
              "interrupted": 2,
              "timed-out": 1,
            },
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "rebases": 0,
            "rebasesConflicted": 0,
            "sessions": 3,
            "shareDiscarded": 0.2986654394845835,
            "testMs": 220551.139,
            "testPassRate": 0.3333333333333333,
            "testPasses": 2,
            "testRuns": 6,
            "testsNewlyFailing": 4,
            "tokensCacheRead": 1591705,
            "tokensCacheWrite": 120356,
            "tokensInput": 280591,
            "tokensOutput": 7920,
            "tokensOutputPerSecond": 3.2722845001819896,
            "toolCalls": 15,
            "toolFailures": 4,
            "toolMs": 129114.798,
            "toolP50Ms": 9059.907,
            "toolP95Ms": 19984.251,
          },
          "group": "scripted",
        },
        {
          "figures": {
            "commits": 2,
            "conflictRate": null,
            "costBySource": {
              "billed": null,
              "computed": null,
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": null,
            "costPerLandedLineUsd": null,
            "costSource": null,
            "costUnknownIterations": 0,
            "costUsd": null,
            "deletions": 0,
            "discardedCommits": 0,
            "discardedLines": 0,
            "durationMs": 0,
            "errors": 1,
            "errorsRecovered": 1,
            "files": 2,
            "insertions": 26,
            "iterationP50Ms": null,
            "iterationP95Ms": null,
            "iterations": 0,
            "iterationsCompleted": 0,
            "landedCommits": 0,
            "landedLines": 0,
            "manualCommits": 2,
            "operations": {
              "merge": 1,
              "rewind": 2,
              "squash": 1,
              "undo": 1,
            },
            "outcomes": {},
            "prices": [],
            "rebases": 0,
            "rebasesConflicted": 0,
            "sessions": 6,
            "shareDiscarded": 0,
            "testMs": 98318.638,
            "testPassRate": null,
            "testPasses": 0,
            "testRuns": 0,
            "testsNewlyFailing": 0,
            "tokensCacheRead": null,
            "tokensCacheWrite": null,
            "tokensInput": null,
            "tokensOutput": null,
            "tokensOutputPerSecond": null,
            "toolCalls": 0,
            "toolFailures": 0,
            "toolMs": 0,
            "toolP50Ms": null,
            "toolP95Ms": null,
          },
          "group": null,
        },
      ]
    `);
  });

  it('models are answered so', async () => {
    const { groups } = await answer({ groupBy: 'model', until: '2026-09-28T00:00:00.000Z' });
    expect(groups).toMatchInlineSnapshot(`
      [
        {
          "figures": {
            "costBySource": {
              "billed": null,
              "computed": "0.262251",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "computed",
            "costUsd": "0.262251",
            "iterations": 2,
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "sessions": 2,
            "tokensCacheRead": 146665,
            "tokensCacheWrite": 17015,
            "tokensInput": 40288,
            "tokensOutput": 44,
          },
          "group": "claude-opus-4-6",
        },
        {
          "figures": {
            "costBySource": {
              "billed": null,
              "computed": "0.309132",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "computed",
            "costUsd": "0.309132",
            "iterations": 1,
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "sessions": 1,
            "tokensCacheRead": 294433,
            "tokensCacheWrite": 0,
            "tokensInput": 29035,
            "tokensOutput": 1531,
          },
          "group": "claude-sonnet-4-5-20250929",
        },
        {
          "figures": {
            "costBySource": {
              "billed": null,
              "computed": null,
              "mixed": null,
              "reported": "0.123456",
            },
            "costIsLowerBound": false,
            "costSource": "reported",
            "costUsd": "0.123456",
            "iterations": 2,
            "prices": [],
            "sessions": 2,
            "tokensCacheRead": 111916,
            "tokensCacheWrite": 18794,
            "tokensInput": 21254,
            "tokensOutput": 1414,
          },
          "group": "gpt-5.4",
        },
        {
          "figures": {
            "costBySource": {
              "billed": null,
              "computed": "0.570880",
              "mixed": null,
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "computed",
            "costUsd": "0.570880",
            "iterations": 2,
            "prices": [
              "@pydantic/genai-prices@0.1.8, prices of 2026-09-23",
            ],
            "sessions": 2,
            "tokensCacheRead": 388077,
            "tokensCacheWrite": 25165,
            "tokensInput": 53344,
            "tokensOutput": 2953,
          },
          "group": "grok-4",
        },
        {
          "figures": {
            "costBySource": {
              "billed": null,
              "computed": null,
              "mixed": "12348.353901",
              "reported": null,
            },
            "costIsLowerBound": true,
            "costSource": "mixed",
            "costUsd": "12348.353901",
            "iterations": 2,
            "prices": [],
            "sessions": 2,
            "tokensCacheRead": 439126,
            "tokensCacheWrite": 0,
            "tokensInput": 43183,
            "tokensOutput": 291,
          },
          "group": "übermodell-9 🚀",
        },
        {
          "figures": {
            "costBySource": {
              "billed": null,
              "computed": null,
              "mixed": null,
              "reported": "0.333333",
            },
            "costIsLowerBound": true,
            "costSource": "reported",
            "costUsd": "0.333333",
            "iterations": 2,
            "prices": [],
            "sessions": 2,
            "tokensCacheRead": 125255,
            "tokensCacheWrite": 30043,
            "tokensInput": 5781,
            "tokensOutput": 581,
          },
          "group": null,
        },
      ]
    `);
  });

  it('one session looks so', async () => {
    expect(await page({ session }, 80)).toMatchInlineSnapshot(`
      "task 3 - h000000003
      Iterations 6 · 27m 30s · half within 5m 37s, 95% within 7m 37s
      Cost       ≥ $1.38 · $0.20 by the bill · $1.18 computed
                 @pydantic/genai-prices@0.1.8, prices of 2026-09-23
      Tokens     254.5k in · 5.5k out · 1.5M read from the cache · 70.3k written to it
                 3.3 out a second
      Tools      15 calls · 2 failed (13%) · half within 9.0s, 95% within 19.0s
      Tests      4 of 6 passed (67%) · 2 newly failing · 3m 57s
      Git        3 commits · 1 by hand · +764 −75 in 13 files
      Failures   2 · 100% put right since

      MODEL OR MODE          AGENT    ITER      IN   OUT  CACHE READ  WRITTEN     COST
      gpt-5.4                command     3  122.3k  2.6k        1.0M    44.3k  ≥ $0.94
      grok-4                 command     1   52.6k  1.3k      177.9k     7.4k  ≥ $0.33
      claude-sonnet-4-5-20…  command     1   33.0k   533       87.4k        0    $0.10
      largé                  command     1   36.5k  1.1k      212.2k     4.2k    $0.00
      gpt-99-unheard-of      command     1   10.0k     0           0    14.5k  unknown

      TOOL           CALLS  FAILED    P50    P95    ALL
      Read               6       1  10.4s  19.0s  50.3s  ████████████
      Bash               5           0.6s   9.0s   9.5s  ██████████
      Grep               1          17.2s  17.2s  17.2s  ██
      edit_file          1       1  15.9s  15.9s  15.9s  ██
      mcp__工具__do      1           6.1s   6.1s   6.1s  ██
      –                  1              –      –      –  ██

      FAILURE              TIMES  PUT RIGHT  BY
      tests.newly-failing      2          2  tests 2"
    `);
  });

  it('all look so', async () => {
    expect(await page({}, 140)).toMatchInlineSnapshot(`
      "6 sessions in /home/me/shop
      Iterations 22 · 1 failed · 2 interrupted · 2 timed-out · 1h 19m · half within 4m 00s, 95% within 7m 33s
      Cost       ≥ $12,351.94 · $0.20 by the bill · $0.46 told by the agent · $2.93 computed · $12,348.35 told in two ways
                 @pydantic/genai-prices@0.1.8, prices of 2026-09-23 · not known for 2 iterations
      Tokens     571.0k in · 15.6k out · 3.5M read from the cache · 234.6k written to it · 3.3 out a second
      Tools      36 calls · 7 failed (19%) · half within 9.0s, 95% within 19.0s
      Tests      8 of 14 passed (57%) · 6 newly failing · 10m 01s
      Git        16 commits · 2 by hand · +2,580 −602 in 72 files
      Discarded  4 commits, 793 lines · 25% of all lines
      Failures   13 · 77% put right since

      MODEL OR MODE    AGENT     ITER      IN   OUT  CACHE READ  WRITTEN          COST
      übermodell-9 🚀  scripted     2   43.2k   291      439.1k        0  ≥ $12,348.35  ████████████
      gpt-5.4          command      3  122.3k  2.6k        1.0M    44.3k       ≥ $0.94  ▏
      gpt-5.4          scripted     3   57.3k  2.2k      583.0k    37.2k       ≥ $0.50  ▏
      grok-4           amp          1   10.4k  2.0k      384.9k    25.2k       ≥ $0.42  ▏
      grok-4           scripted     2   89.2k  2.2k        3.2k    24.2k       ≥ $0.37  ▏
      –                amp          1       –     –           –        –         $0.33  ▏
      and 10 more; --json has all

      TOOL           CALLS  FAILED    P50    P95     ALL
      Read              10       1  10.4s  19.0s  1m 32s  ████████████
      Bash               9       3   4.6s  18.4s   41.7s  ██████████▊
      mcp__工具__do      7       1   1.6s  11.6s   23.9s  ████████▍
      Grep               4       1  12.9s  20.0s  1m 02s  ████▊
      edit_file          4       1   7.7s  15.9s   34.5s  ████▊
      –                  2              –      –       –  ██▍

      FAILURE                TIMES  PUT RIGHT  BY
      tests.newly-failing        5          4  tests 4
      agent.credits              3          3  rewind 2, iteration 1
      agent.survivors            1          1  kill 1
      agent.timeout              1          0  –
      iteration.interrupted      1          0  –
      process.died               1          1  reconcile 1
      tests.timed-out            1          1  rewind 1"
    `);
  });

  it('days begin at midnight where a person is, and the answer says where that is', async () => {
    const { rows } = await analysis.query('SELECT started_at FROM iterations WHERE started_at IS NOT NULL');
    // Neither has summer time.
    for (const [timeZone, hours] of [
      ['Pacific/Kiritimati', 14],
      ['Etc/GMT+12', -12],
      ['Asia/Kolkata', 5.5],
      ['UTC', 0],
    ] as const) {
      const counts = new Map<string, number>();
      for (const [at] of rows) {
        const day = new Date(Date.parse(String(at)) + hours * 3_600_000).toISOString().slice(0, 10);
        counts.set(day, (counts.get(day) ?? 0) + 1);
      }
      const own = await openAnalysis(world.ctx);
      try {
        const found = await metricsAnswer(own, { groupBy: 'day', timeZone });
        expect(found.timeZone).toBe(timeZone);
        expect(found.days.map(({ day, iterations }) => [day, iterations])).toEqual([...counts].sort());
        const told = found.groups!.filter(({ figures }) => figures.iterations > 0);
        expect(told.map(({ group, figures }) => [group, figures.iterations])).toEqual([...counts].sort());
        const shown = metricsText(found, { color: new Chalk({ level: 0 }), width: undefined });
        expect(shown).toContain(`DAY (${timeZone})`);
        // Times stay UTC, whatever day they are of.
        expect((await own.query('SELECT max(started_at) FROM iterations')).rows[0]![0]).toMatch(/Z$/);
      } finally {
        await own.close();
      }
    }
  });

  it('a zone that nobody knows is UTC, and is said to be', async () => {
    for (const timeZone of ['Nowhere/Else', "x'; DROP VIEW usage; --", 'CET-1CEST,M3.5.0,M10.5.0/3'])
      expect((await metricsAnswer(analysis, { timeZone })).timeZone).toBe('UTC');
  });

  it.each(['session', 'agent', 'model', 'day'] as const)('each %s fits', async (groupBy) => {
    for (const line of (await page({ groupBy }, 80)).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('sessions look so', async () => {
    expect(await page({ groupBy: 'session' }, 100)).toMatchInlineSnapshot(`
      "6 sessions in /home/me/shop

      SESSION     NAME      ITER      IN    OUT          COST     TIME  TESTS        LINES  LANDED  AWAY
      h000000000  task 0       6  122.3k   3.2k       ≥ $0.72  15m 05s    1/4    +394 −145       0    0%
      h000000001  task 1       2   35.9k   2.2k       ≥ $0.76  11m 06s    2/2      +144 −0       0  100%
      h000000002  task 2 -     3   34.7k   1.5k    $12,348.48  11m 38s    1/2    +399 −129       0  100%
      h000000003  task 3 -     6  254.5k   5.5k       ≥ $1.38  27m 30s    4/6     +764 −75       0    0%
      h000000004  task 4 -     0       –      –             –        –      –            –       0     –
      h000000005  task 5 -     5  123.6k   3.3k       ≥ $0.61  13m 37s      –    +879 −253       0   11%
      all                     22  571.0k  15.6k  ≥ $12,351.94   1h 19m   8/14  +2,580 −602       0   25%"
    `);
  });
});
