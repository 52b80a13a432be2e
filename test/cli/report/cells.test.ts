import { describe, expect, it } from 'vitest';
import {
  cost,
  costOfLine,
  costOfRow,
  date,
  diff,
  left,
  moment,
  number,
  outcome,
  pageId,
  right,
  share,
  text,
  time,
  tokens,
} from '../../../src/cli/report/cells.ts';
import { money } from '../../support/report-facts.ts';

const DASH = { text: '–', tone: 'quiet' };
const costOf = (costUsd: string | null, costSource: 'reported' | 'unknown' | null, costIsLowerBound: boolean | null) =>
  cost({ costUsd, costSource, costIsLowerBound });

describe('a text', () => {
  it.each([null, undefined, '', '   ', '\n\t', '\u200b\u2060', '\u202e', '\u001b[31m'])(
    '%j is a dash: nobody sees it',
    (value) => expect(text(value)).toEqual(DASH),
  );

  it.each([
    [0, '0'],
    [false, 'false'],
    ['–', '–'],
    ['a'.repeat(80), 'a'.repeat(80)],
    ['a'.repeat(81), `${'a'.repeat(79)}…`],
    ['\u001b[31mred\u001b[0m', 'red'],
    [`${'\u200b'.repeat(200)}seen`, 'seen'],
    ['line one\nline two', 'line one line two'],
  ])('%j is told as it can be seen', (value, made) => expect(text(value)).toEqual({ text: made }));

  it('has as much room as it is given', () => {
    expect(text('abcdef', 4)).toEqual({ text: 'abc…' });
    expect(text('abc   def', 5)).toEqual({ text: 'abc…' });
  });
});

describe('a number', () => {
  it.each([
    [0, '0', 0],
    [-0, '0', -0],
    [999, '999', 999],
    [1000, '1,000', 1000],
    [1234567, '1,234,567', 1234567],
    [1234.5678, '1,234.5678', 1234.5678],
    ['12', '12', 12],
    [12n, '12', 12],
  ])('%s is %s', (value, shown, exact) =>
    expect(number(value, 'calls')).toEqual({ text: shown, value: exact, of: 'calls' }),
  );

  it('that nobody told is a dash with no value, never a 0', () => {
    for (const value of [null, undefined]) expect(number(value, 'x')).toEqual({ text: '–', value: null, of: 'x' });
    expect(tokens(null, 'x')).toEqual({ text: '–', value: null, of: 'x' });
    expect(time(undefined, 'x')).toEqual({ text: '–', value: null, of: 'x' });
    expect(share(null, 'x')).toEqual({ text: '–', value: null, of: 'x' });
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1.0k'],
    [999_949, '999.9k'],
    [999_950, '1.0M'],
    [12_345_678_901, '12.3G'],
  ])('%i tokens are %s, and exactly so many besides', (count, shown) =>
    expect(tokens(count)).toEqual({ text: shown, value: count, of: undefined }),
  );

  it.each([
    [0, '0.0s'],
    [49, '0.0s'],
    [1234.567, '1.2s'],
    [59_949, '59.9s'],
    [59_950, '1m 00s'],
    [3_599_499, '59m 59s'],
    [3_600_000, '1h 00m'],
    [90_000_000, '1d 1h'],
  ])('%d ms are %s', (ms, shown) => expect(time(ms)).toMatchObject({ text: shown, value: ms }));

  it.each([
    [0, '0%'],
    [0.001, '<1%'],
    [0.5, '50%'],
    [0.999, '>99%'],
    [1, '100%'],
  ])('a share of %d is %s', (part, shown) => expect(share(part, 's')).toEqual({ text: shown, value: part, of: 's' }));
});

describe('money', () => {
  it.each([
    [null, null, '–'],
    [null, 'unknown', 'unknown'],
    ['0.000000', 'reported', '$0.00'],
    ['0.004000', 'reported', '<$0.01'],
    ['1234567.894000', 'reported', '$1,234,567.89'],
    ['2.500000', 'unknown', '$2.50'],
  ] as const)('%s from %s is %s', (usd, source, shown) =>
    expect(costOf(usd, source, usd === null ? null : false)).toEqual({ text: shown, value: usd, of: 'costUsd' }),
  );

  it('that may be more says so', () => {
    expect(costOf('1234.500000', 'reported', true).text).toBe('≥ $1,234.50');
    expect(costOf('0.001200', 'reported', true).text).toBe('≥ $0.0012');
    expect(costOf('0.000000', 'reported', true).text).toBe('≥ $0.00');
  });

  it('of a landed line has digits that tell something', () => {
    expect(costOfLine('0.000412345678', false).text).toBe('$0.00041');
    expect(costOfLine('1.500000000000', true)).toEqual({
      text: '≥ $1.50',
      value: '1.500000000000',
      of: 'costPerLandedLineUsd',
    });
  });

  it('of a row is the same, and of a row without any a dash', () => {
    const row = { cost_usd: '1.250000', cost_source: 'computed', cost_is_lower_bound: true };
    expect(costOfRow(row)).toEqual({ text: '≥ $1.25', value: '1.250000', of: 'costUsd' });
    expect(costOfRow({}).text).toBe('–');
    expect(costOfRow({ cost_usd: null, cost_source: 'unknown' }).text).toBe('unknown');
    expect(costOf('3.000000', 'reported', false)).toEqual(cost({ ...money('3.000000') } as Parameters<typeof cost>[0]));
  });
});

describe('lines, times and ends', () => {
  it('lines are both, with a minus of typesetters', () => {
    expect(diff(1234, 5)).toEqual({ text: '+1,234 −5', diff: { insertions: 1234, deletions: 5 } });
    expect(diff(0, null)).toEqual({ text: '+0 −0', diff: { insertions: 0, deletions: 0 } });
    expect(diff(null, 3)).toEqual({ text: '' });
  });

  it.each([
    ['2026-11-22T14:30:59.999Z', '2026-11-22 14:30'],
    ['2026-11-22', '2026-11-22'],
    [null, '–'],
    [undefined, '–'],
    [17, '–'],
  ])('%j is at %s', (at, shown) => expect(moment(at)).toBe(shown));

  it.each([
    ['completed', 'good'],
    ['passed', 'good'],
    ['merged', 'good'],
    ['newly-failing', 'bad'],
    ['failed', 'bad'],
    ['timed-out', 'bad'],
    ['interrupted', 'bad'],
    ['rolled-back', 'bad'],
    ['conflicted', 'bad'],
    ['running', undefined],
    ['idle', undefined],
  ])('%s is %s', (word, tone) => expect(outcome(word)).toEqual({ text: word, ...(tone && { tone }) }));

  it('what has no end is running', () => {
    expect(outcome(null)).toEqual({ text: 'running' });
    expect(outcome(undefined)).toEqual({ text: 'running' });
  });

  it('columns are what they are called', () => {
    expect(left('A')).toEqual({ title: 'A' });
    expect(left('A', true)).toEqual({ title: 'A', wide: true });
    expect(right('A')).toEqual({ title: 'A', align: 'right' });
    expect(date('A')).toEqual({ title: 'A', short: true });
  });

  it('a page is at a place that every browser and every Markdown finds', () => {
    expect(pageId('s000000001')).toBe('session-s000000001');
    expect(pageId('a b"<c>')).toMatch(/^session-[\w-]+$/);
    expect(pageId('a#b)')).toBe('session-a_b_');
  });
});
