import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { type IterationFigures, timelineText } from '../../src/cli/timeline-text.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

const plain = new Chalk({ level: 0 });
const usage = { tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 0, costUsd: null };
const figures = (over: Partial<IterationFigures> = {}): IterationFigures => ({
  iteration: 1,
  outcome: 'completed',
  commit: ID('c'),
  files: 2,
  insertions: 10,
  deletions: 1,
  durationMs: 1234,
  usage,
  tests: null,
  ...over,
});
const heading = (over: Partial<IterationFigures>): string =>
  timelineText(eventsOf([started(1)]), plain, { iterations: [figures(over)] }).split('\n')[1]!;

describe('the heading of an iteration', () => {
  it.each<[string, Partial<IterationFigures>, string]>([
    ['what changed and how long', {}, '✓ completed · 2 files +10 -1 · 1.2s'],
    ['that it runs', { outcome: null, commit: null, durationMs: null }, '… running'],
    ['that nothing changed', { commit: null }, '✓ completed · nothing changed · 1.2s'],
    ['a failure', { outcome: 'failed', commit: null }, '✗ failed · nothing changed · 1.2s'],
    ['an interruption', { outcome: 'timed-out', files: 1 }, '● timed-out · 1 file +10 -1 · 1.2s'],
    ['passed', { tests: { exitCode: 0, timedOut: false } }, '✓ completed · 2 files +10 -1 · ✓ tests passed · 1.2s'],
    ['failed', { tests: { exitCode: 1, timedOut: false } }, '✓ completed · 2 files +10 -1 · ✗ tests failed · 1.2s'],
    ['too slow', { tests: { exitCode: 0, timedOut: true } }, '✓ completed · 2 files +10 -1 · ✗ tests failed · 1.2s'],
    [
      'cost and tokens',
      { usage: { ...usage, tokensInput: 1000, tokensCacheRead: 36_000, costUsd: 0.123 } },
      '✓ completed · 2 files +10 -1 · $0.12, 37.0k tokens · 1.2s',
    ],
    [
      'unknown cost',
      { usage: { ...usage, tokensOutput: 5 } },
      '✓ completed · 2 files +10 -1 · cost unknown, 5 tokens · 1.2s',
    ],
    ['cost alone', { usage: { ...usage, costUsd: 2 } }, '✓ completed · 2 files +10 -1 · $2.00 · 1.2s'],
  ])('tells %s', (_, over, expected) => expect(heading(over)).toBe(`╭ iteration 1  ${expected}`));
});

describe('iterations in a timeline', () => {
  const manual = draft('session.renamed', { name: 'b', previous: 'a' });
  const events = eventsOf([
    draft('session.created', created()),
    started(1),
    manual,
    finished(1),
    tested(),
    manual,
    started(2),
    finished(2),
  ]);
  const iterations = [figures(), figures({ iteration: 2 })];
  const lines = timelineText(events, plain, { iterations }).split('\n');

  it('have a line at their side from the first to the last event of theirs, and what is between has none', () => {
    expect(lines.map((line) => line.slice(0, 3))).toEqual([
      '202',
      '  1',
      '',
      '╭ i',
      '│ 2',
      '│ 3',
      '│ 4',
      '╰ 5',
      '',
      '  6',
      '',
      '╭ i',
      '│ 7',
      '╰ 8',
    ]);
  });

  it('keep the numbers that --at takes', () => {
    const own = events.filter(({ data }) => (data as { iteration?: number }).iteration === 2);
    const text = timelineText(own, plain, { iterations, numbers: [7, 8] }).split('\n');
    expect(text.map((line) => line.slice(0, 4))).toEqual(['2026', '╭ it', '│ 7 ', '╰ 8 ']);
  });

  it('stand alone in a terminal with colours, and are inert', () => {
    const evil = eventsOf([started(1, { prompt: 'x\u001b[2Jy\nz' }), finished(1)]);
    const text = timelineText(evil, new Chalk({ level: 1 }), { iterations: [figures()] });
    expect(text).toContain('\u001b[1miteration 1\u001b[22m');
    expect(text).not.toContain('\u001b[2J');
    expect(text.split('\n')).toHaveLength(4);
  });

  it('that are not in the events have no heading', () => {
    expect(timelineText(events.slice(0, 1), plain, { iterations })).not.toContain('╭');
    expect(timelineText([], plain, { iterations })).toBe('');
  });
});
