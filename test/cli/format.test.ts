import { describe, expect, it } from 'vitest';
import { parseDuration, parseMoment } from '../../src/cli/duration.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatMoney,
  formatTokens,
} from '../../src/cli/format.ts';

describe('numbers for a person', () => {
  it.each([
    [0, '0.0s'],
    [49, '0.0s'],
    [1234, '1.2s'],
    [59_940, '59.9s'],
    [59_960, '1m 00s'],
    [185_000, '3m 05s'],
    [3_599_400, '59m 59s'],
    [3_599_600, '1h 00m'],
    [4_800_000, '1h 20m'],
    [86_400_000, '1d 0h'],
    [183_600_000, '2d 3h'],
  ])('%d ms is %s', (given, expected) => expect(formatDuration(given)).toBe(expected));

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1.0k'],
    [12_345, '12.3k'],
    [999_949, '999.9k'],
    [999_950, '1.0M'],
    [2_500_000_000, '2.5G'],
    [null, 'unknown'],
  ])('%s tokens are %s', (given, expected) => expect(formatTokens(given)).toBe(expected));

  it.each([
    [512, '512 B'],
    [1024, '1.0 KiB'],
    [1_468_006, '1.4 MiB'],
  ])('%d bytes are %s', (given, expected) => expect(formatBytes(given)).toBe(expected));

  it.each([
    [null, 'unknown'],
    [0, '$0.00'],
    [0.004, '<$0.01'],
    [1.236, '$1.24'],
  ])('%s dollars are %s', (given, expected) => expect(formatMoney(given)).toBe(expected));

  it.each([
    ['2026-11-22T12:59:30.000Z', 'now'],
    ['2026-11-22T12:55:00.000Z', '5m ago'],
    ['2026-11-22T10:59:00.000Z', '2h ago'],
    ['2026-11-20T12:00:00.000Z', '2d ago'],
    ['2026-09-01T12:00:00.000Z', '2mo ago'],
    ['2024-01-01T00:00:00.000Z', '2y ago'],
    ['2026-11-22T14:00:00.000Z', 'now'],
  ])('%s is %s', (at, expected) => expect(formatAge(at, '2026-11-22T13:00:00.000Z')).toBe(expected));

  it('counts things', () => {
    expect([formatCount(1, 'file'), formatCount(0, 'file')]).toEqual(['1 file', '0 files']);
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['20m', 1_200_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.5H', 5_400_000],
    ['250ms', 250],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
  ])('%s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each(['', '5', 'm', '-5m', '5 minutes', '0s', '5x', '5m!', '1e3s'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'usage.invalid', exit: 2 }));
  });
});

describe('moments', () => {
  const now = '2026-11-22T13:00:00.000Z';
  it.each([
    ['2d', '2026-11-20T13:00:00.000Z'],
    ['90m', '2026-11-22T11:30:00.000Z'],
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T10:30', '2026-11-01T10:30:00.000Z'],
    ['2026-11-01 10:30', '2026-11-01T10:30:00.000Z'],
    ['2026-11-01T10:30:05.5+02:00', '2026-11-01T08:30:05.500Z'],
  ])('%s', (text, expected) => expect(parseMoment(text, now)).toBe(expected));

  it.each(['', 'tomorrow', '2026-13-01', '2026-11-31x', '22.11.2026', '2026'])('refuses "%s"', (text) => {
    expect(() => parseMoment(text, now)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
  });
});
