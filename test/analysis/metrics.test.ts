import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Figures, metricsOf, type Used } from '../../src/analysis/metrics.ts';
import { metricsAnswer } from '../../src/analysis/metrics-answer.ts';
import { type Analysis, openAnalysis } from '../../src/analysis/open.ts';
import { metricsAnswers } from '../../src/cli/answers/metrics-answers.ts';
import { importHistory, madeHistory, plainFigures } from '../support/history.ts';
import { makeWorld, type World } from './world.ts';

type Plain = Record<string, unknown>;
type Grouped = Record<'session' | 'agent' | 'day' | 'model', Record<string, Plain>> & { total: Plain };
type AllPlain = Grouped & { more: Grouped & Record<'models' | 'tool', Record<string, Plain>> };

/** Names that the independent script has for what `metrics` answers. */
const NAMES: Record<string, keyof Figures> = {
  iterations: 'iterations',
  outcomes: 'outcomes',
  durationMs: 'durationMs',
  tokensInput: 'tokensInput',
  tokensOutput: 'tokensOutput',
  tokensCacheRead: 'tokensCacheRead',
  tokensCacheWrite: 'tokensCacheWrite',
  costUsd: 'costUsd',
  costSource: 'costSource',
  isLowerBound: 'costIsLowerBound',
  calls: 'toolCalls',
  failures: 'toolFailures',
  callP50: 'toolP50Ms',
  callP95: 'toolP95Ms',
  testRuns: 'testRuns',
  testPasses: 'testPasses',
  newlyFailing: 'testsNewlyFailing',
  testMs: 'testMs',
  commits: 'commits',
  manual: 'manualCommits',
  files: 'files',
  insertions: 'insertions',
  deletions: 'deletions',
  landed: 'landedCommits',
  landedLines: 'landedLines',
  discarded: 'discardedCommits',
  discardedLines: 'discardedLines',
  shareDiscarded: 'shareDiscarded',
  operations: 'operations',
  conflictRate: 'conflictRate',
};

const sum = (counts: unknown): number => Object.values(counts as Record<string, number>).reduce((a, b) => a + b, 0);

/** Every figure of the script is one of ours. */
const expectEqual = (figures: Figures, plain: Plain): void => {
  const { costPerLandedLine, errors, recovered, ...rest } = plain;
  const ours = Object.fromEntries(Object.entries(NAMES).map(([name, own]) => [name, figures[own]]));
  expect(ours).toEqual(rest);
  expect([figures.errors, figures.errorsRecovered]).toEqual([sum(errors), sum(recovered)]);
  if (costPerLandedLine === null) expect(figures.costPerLandedLineUsd).toBeNull();
  else expect(Number(figures.costPerLandedLineUsd)).toBeCloseTo(Number(costPerLandedLine), 9);
};

/** Figures of a group: those of the tables, and what only `metrics` has. */
const expectFigures = (figures: Figures, plain: Plain | undefined, more: Plain): void => {
  if (plain) expectEqual(figures, plain);
  else expect(figures).toMatchObject({ iterations: 0, commits: 0, toolCalls: 0, errors: 0, costUsd: null });
  const { tokensOutputPerSecond, ...exact } = more;
  expect(figures).toMatchObject(exact);
  if (tokensOutputPerSecond === null) expect(figures.tokensOutputPerSecond).toBeNull();
  else expect(figures.tokensOutputPerSecond).toBeCloseTo(Number(tokensOutputPerSecond), 9);
};

/** Of a model what is told of models. */
const usedOf = ({ iterations, costIsLowerBound, ...one }: Pick<Figures, 'iterations'> & Used): Plain => {
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite, costUsd, costSource } = one;
  const tokens = { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite };
  return { iterations, ...tokens, costUsd, costSource, isLowerBound: costIsLowerBound };
};

const RANGES: ([string, string] | [])[] = [[], ['2026-09-27T23:30:00.000Z', '2026-09-28T11:41:00.000Z']];

describe('figures of a made-up history', () => {
  let world: World;
  let analysis: Analysis;
  let lines: string;
  beforeAll(async () => {
    world = await makeWorld();
    importHistory(world.dir, 1, 60);
    ({ lines } = madeHistory(1, 60));
    analysis = await openAnalysis(world.ctx);
  });
  afterAll(() => analysis.close());

  describe.each(RANGES)('from %s until %s', (...range) => {
    const [since, until] = range as string[];
    let plain: AllPlain;
    beforeAll(() => {
      plain = plainFigures<AllPlain>(lines, range as [string, string]);
    });

    it('are those of a script that shares nothing with us', async () => {
      const { total, models, tools, failures, days } = await metricsOf(analysis, { since, until });
      expectFigures(total, plain.total, plain.more.total);
      const ofModels = models.map((one) => [`${one.model ?? ''} by ${one.agent ?? ''}`, usedOf(one)]);
      expect(Object.fromEntries(ofModels)).toEqual(plain.more.models);
      expect(Object.fromEntries(tools.map(({ tool, ...calls }) => [tool ?? '', calls]))).toEqual(plain.more.tool);
      expect(Object.fromEntries(failures.map(({ mode, errors }) => [mode, errors]))).toEqual(plain.total['errors']);
      const recovered: Record<string, number> = {};
      for (const { recoveredBy } of failures)
        for (const [by, times] of Object.entries(recoveredBy)) recovered[by] = (recovered[by] ?? 0) + times;
      expect(recovered).toEqual(plain.total['recovered']);
      for (const { day, ...figures } of days) {
        expect(plain.day[day]).toMatchObject(usedOf(figures));
        expect(figures.durationMs).toBe(plain.day[day]!['durationMs']);
      }
      expect(days.reduce((all, { iterations }) => all + iterations, 0)).toBe(total.iterations);
    });

    it.each(['session', 'agent', 'day'] as const)('also for each %s', async (groupBy) => {
      const { total, groups = [] } = await metricsOf(analysis, { groupBy, since, until });
      expectFigures(total, plain.total, plain.more.total);
      for (const { group, figures } of groups)
        expectFigures(figures as Figures, plain[groupBy][group ?? ''], plain.more[groupBy][group ?? '']!);
      expect(groups.map(({ group }) => group ?? '').sort()).toEqual(Object.keys(plain.more[groupBy]).sort());
    });

    it('also for each model, and for each repository', async () => {
      const { groups: models = [] } = await metricsOf(analysis, { groupBy: 'model', since, until });
      const ours = models.map(({ group, figures }) => [group ?? '', usedOf(figures)]);
      expect(Object.fromEntries(ours)).toEqual(plain.more.model);
      const { groups = [] } = await metricsOf(analysis, { groupBy: 'repository', since, until });
      const [only] = groups;
      if (only) expectFigures(only.figures as Figures, plain.total, plain.more.total);
      expect(groups.map(({ group }) => group)).toEqual(plain.more.total['sessions'] === 0 ? [] : [world.dir]);
    });
  });

  it('are of one session where one is asked about', async () => {
    const plain = plainFigures<AllPlain>(lines);
    for (const id of ['h000000003', 'h000000017']) {
      const { total } = await metricsOf(analysis, { sessions: [id] });
      expectFigures(total, plain.session[id], plain.more.session[id]!);
    }
  });

  it('fit the shape that --json promises', async () => {
    for (const groupBy of ['session', 'model'] as const) {
      const answer = await metricsAnswer(analysis, { groupBy });
      expect(() => metricsAnswers.metrics.parse(answer)).not.toThrow();
    }
  });

  it('are nothing, not unknown, where nothing is; and unknown, not nothing, where nobody told', async () => {
    const { total, models, days } = await metricsOf(analysis, { sessions: ['nosuch0000'] });
    expect(total).toMatchObject({ sessions: 0, iterations: 0, durationMs: 0, commits: 0, outcomes: {} });
    expect(total).toMatchObject({ tokensInput: null, costUsd: null, costSource: null, costIsLowerBound: null });
    expect(total).toMatchObject({ toolP50Ms: null, testPassRate: null, conflictRate: null, shareDiscarded: null });
    expect([models, days]).toEqual([[], []]);
  });
});
