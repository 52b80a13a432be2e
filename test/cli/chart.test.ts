import { describe, expect, it } from 'vitest';
import { bar, isUtf8, sparkline } from '../../src/cli/chart.ts';

const UTF8 = { LANG: 'en_GB.UTF-8' };
const C = { LC_ALL: 'C', LANG: 'en_GB.UTF-8' };

describe('characters', () => {
  it.each([
    [{}, true],
    [UTF8, true],
    [{ LC_CTYPE: 'C.utf8' }, true],
    [C, false],
    [{ LANG: 'POSIX' }, false],
  ])('%j knows UTF-8: %s', (env, known) => expect(isUtf8(env)).toBe(known));
});

describe('sparkline', () => {
  it('has a column a value, the most at the top, nothing and unknown as gaps', () => {
    expect(sparkline([0, 1, 4, 8, null], UTF8)).toBe(' ▂▅█ ');
    expect(sparkline([0, 1, 4, 8, null], C)).toBe(' :+@ ');
  });
  it('shows the least of something', () => expect(sparkline([1, 1_000_000], UTF8)).toBe('▁█'));
  it('is blank without anything', () => {
    expect(sparkline([0, null], UTF8)).toBe('  ');
    expect(sparkline([], UTF8)).toBe('');
  });
});

describe('bar', () => {
  const of = { most: 8, columns: 4 };
  it('is as long as its share, to an eighth of a column', () => {
    expect(bar(8, of, UTF8)).toBe('████');
    expect(bar(4, of, UTF8)).toBe('██');
    expect(bar(1, of, UTF8)).toBe('▌');
    expect(bar(4, of, C)).toBe('##');
  });
  it('shows the least of something, and nothing of nothing', () => {
    expect(bar(0.001, of, UTF8)).toBe('▏');
    expect(bar(0.001, of, C)).toBe('#');
    expect([bar(0, of, UTF8), bar(null, of, UTF8), bar(1, { most: 0, columns: 4 }, UTF8)]).toEqual(['', '', '']);
  });
});
