import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { nothingFound, searchText } from '../../src/cli/search-text.ts';
import { textWidth } from '../../src/cli/width.ts';

const item = {
  repository: '/r/one',
  session: 'aaaaaaaaaa',
  name: 'login',
  iteration: 2,
  kind: 'message',
  at: '2026-11-22T10:00:00.000Z',
  snippet: 'Add a login page',
  hits: [[6, 11]] as [number, number][],
};
const now = Date.parse('2026-11-22T12:00:00.000Z');
const plain = { color: new Chalk({ level: 0 }), columns: null, now };
const colored = { color: new Chalk({ level: 1 }), columns: 60, now };
const ESCAPES = /\x1b\[\d+m/g;

describe('what search shows', () => {
  it('is plain for a program: no marks, the time in full', () =>
    expect(searchText([item], plain)).toBe(
      'aaaaaaaaaa login · iteration 2 · message · 2026-11-22T10:00:00.000Z\n  Add a login page',
    ));

  it('marks the hits at a terminal, and says how long ago', () => {
    const text = searchText([item], colored);
    expect(text).toContain('a \x1b[1m\x1b[33mlogin\x1b[39m\x1b[22m page');
    expect(text.replace(ESCAPES, '')).toContain('iteration 2 · message · 2h ago');
  });

  it('makes what others wrote inert, in the snippet, its hits and the name', () => {
    const hostile = {
      ...item,
      name: 'a\x1b]0;x\x07b',
      snippet: 'a \x1b[2Jlo\x1b[31mgin\u202e',
      hits: [[4, 8]] as [number, number][],
    };
    const text = searchText([hostile], colored).replace(ESCAPES, '');
    expect(text).not.toMatch(/[\x1b\x07\u202e]/u);
    expect(text).toContain('ab · iteration');
  });

  it('fits the terminal, wide letters too', () => {
    const long = {
      ...item,
      name: '尺寸'.repeat(40),
      snippet: `${'尺寸'.repeat(60)}login`,
      hits: [[120, 125]] as [number, number][],
    };
    for (const line of searchText([long], colored).replace(ESCAPES, '').split('\n'))
      expect(textWidth(line)).toBeLessThanOrEqual(60);
  });

  it('names the repository where there are several, and sessions without name, time or iteration', () => {
    const bare = { ...item, repository: '/r/two', name: null, iteration: null, at: null, kind: 'output' };
    expect(searchText([item, bare], plain).split('\n')).toEqual([
      'aaaaaaaaaa login · iteration 2 · message · 2026-11-22T10:00:00.000Z · /r/one',
      '  Add a login page',
      'aaaaaaaaaa · session · output of a program · /r/two',
      '  Add a login page',
    ]);
  });

  it('nothing found is a refusal with the next step', () => {
    expect(nothingFound('x\x1b[2J', true)).toMatchObject({
      code: 'match.missing',
      exit: 1,
      message: 'Nothing has “x” in it.',
    });
    expect(nothingFound('x', true).hint).toContain('--since');
    expect(nothingFound('x', false).hint).toContain('--all');
  });
});
