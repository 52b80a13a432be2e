import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { Budget, PlannedItem } from '../../../src/batch/plan.ts';
import { askToTrust, budgetText, planText, programsText } from '../../../src/cli/batch/plan-text.ts';
import { endText } from '../../../src/cli/batch/run-view.ts';
import { optionsOf, planned, planOf } from '../../batch/world.ts';

const color = new Chalk({ level: 0 });
const text = (items: PlannedItem[], over = {}, id: string | null = null): string[] =>
  planText({ ...planOf(items, over), id }, color)
    .split('\n')
    .map((line) => line.trimEnd());

describe('a budget in words', () => {
  it.each<[Budget | null, string | null]>([
    [null, null],
    [{ usd: 5 }, '$5.00'],
    [{ usd: 0.001 }, '<$0.01'],
    [{ tokens: 2_500_000 }, '2.5M tokens'],
    [{ wallClockSec: 90 }, '1m 30s'],
    [{ usd: 1, tokens: 10, wallClockSec: 7200 }, '$1.00, 10 tokens, 2h 00m'],
  ])('%j is %s', (budget, said) => expect(budgetText(budget)).toBe(said));
});

describe('a plan', () => {
  it('is a line for each item, with what is special about it', () => {
    const items = [
      planned(1),
      planned(2, {
        agent: { name: 'amp', mode: 'smart' },
        base: 'next',
        test: 'npm test',
        untilPass: true,
        maxIterations: 5,
        retries: 2,
        mergeOnPass: true,
        budget: { usd: 2 },
      }),
    ];
    expect(text(items)).toEqual([
      'nightly: 2 items in 1 repository, 2 at once',
      '',
      'ITEM  NAME    REPOSITORY  AGENT      BASE  TESTS     MORE',
      '001   item 1  a           scripted   –     –         –',
      '002   item 2  a           amp smart  next  npm test  until pass (5), retries 2, merge, $2.00',
    ]);
  });

  it('says its id, where it has one of its own, and its budgets', () => {
    const over = { budget: { usd: 10 }, dayBudget: { tokens: 1000 } };
    expect(text([planned(1)], over, 'run-7')[0]).toBe(
      'nightly run-7: 1 item in 1 repository, 2 at once; budget: $10.00; budget of the day: 1.0k tokens',
    );
    expect(text([planned(1)], { name: 'same' }, 'same')[0]).toBe('same: 1 item in 1 repository, 2 at once');
  });

  it('tells repositories of the same name apart', () => {
    const items = [
      planned(1, { repo: '/a/app' }),
      planned(2, { repo: '/b/app' }),
      planned(3, { repo: '/b/lib' }),
      planned(4, { repo: '/a/app' }),
    ];
    const lines = text(items);
    expect(lines[0]).toBe('nightly: 4 items in 3 repositories, 2 at once');
    expect(lines.slice(3).map((line) => line.split(/\s{2,}/)[2])).toEqual(['/a/app', '/b/app', 'lib', '/a/app']);
  });

  it('shows inert what others wrote', () => {
    const lines = text([planned(1, { name: 'a\x1b[31mb', test: 'x\ny' })], { name: 'n\x07ame' }).join('\n');
    expect(lines).not.toContain('\x1b');
    expect(lines).not.toContain('\x07');
    expect(lines).toContain('x y');
  });
});

describe('what a file names', () => {
  const program = (line: string, items = 1) => ({ what: 'test command', line, items });

  it('is a line each, with how many items have it', () => {
    expect(programsText([program('make'), program('npm test', 12)], color)).toEqual([
      '  test command: make',
      '  test command: npm test (12 items)',
    ]);
  });

  it('of several lines is one, and does nothing to a terminal', () => {
    expect(programsText([program('cd x\nmake\x1b[2J')], color)).toEqual(['  test command: cd x ⏎ make']);
  });

  it('is counted from the thirtieth on', () => {
    const many = Array.from({ length: 42 }, (_, at) => program(`make ${at}`));
    const lines = programsText(many, color);
    expect(lines.length).toBe(31);
    expect(lines.at(-1)).toBe('  … and 12 more');
  });

  it('is not asked about where nobody can answer', async () => {
    expect(await askToTrust({ file: '/b.yaml', programs: [program('make')] })).toBe(false);
  });
});

describe('the end of a run', () => {
  const counts = { queued: 0, running: 0, passed: 1, failed: 0, error: 0, timeout: 0, budget: 0, cancelled: 0 };
  const answer = {
    id: 'k3abc',
    name: optionsOf().name,
    state: 'finished',
    counts,
    items: [],
    spent: { usd: null, tokens: 0, isLowerBound: false },
    budget: null,
    dayBudget: null,
    etaMs: null,
    workers: [],
    pauses: [],
  };

  it('is its id alone with -q', () => {
    expect(endText(answer, { color, quiet: true })).toBe('k3abc');
    expect(endText(answer, { color, quiet: false })).toBe('nightly k3abc: 0 items, 1 passed');
  });
});
