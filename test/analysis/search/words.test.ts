import { describe, expect, it } from 'vitest';
import { fold, snippetOf } from '../../../src/analysis/search/snippet.ts';
import { needles, parseWords } from '../../../src/analysis/search/words.ts';

describe('words that are looked for', () => {
  it.each([
    ['login page', [['login'], ['page']], []],
    ['"login page" -logout', [['login', 'page']], [['logout']]],
    ['„login page“ -"old page"', [['login', 'page']], [['old', 'page']]],
    ['src/login.ts', [['src', 'login', 'ts']], []],
    ['well-known', [['well', 'known']], []],
    ['"left open', [['left', 'open']], []],
    ['größe 尺寸 -> 7', [['größe'], ['尺寸'], ['7']], []],
    ["'; DROP TABLE usage; --", [['DROP'], ['TABLE'], ['usage']], []],
  ])('%s', (given, wanted, unwanted) => expect(parseWords(given)).toEqual({ wanted, unwanted }));

  it.each(['', '  ', '->', '""', '🙂'])('“%s” has none', (given) =>
    expect(() => parseWords(given)).toThrow('There is no word to look for.'),
  );

  it('leaving out alone is no question', () =>
    expect(() => parseWords('-logout')).toThrow('Something to look for is needed beside what is to be left out.'));

  it('both shapes of a sigma are looked for', () => expect(needles(['οδος'])).toEqual(['οδο']));
});

describe('a snippet', () => {
  const marked = (text: string, phrases: string[][], room?: number): string => {
    const { snippet, hits } = snippetOf(text, phrases, room);
    return [...hits]
      .reverse()
      .reduce((line, [from, to]) => `${line.slice(0, from)}[${line.slice(from, to)}]${line.slice(to)}`, snippet);
  };

  it.each([
    ['Add a Login page', [['login']], 'Add a [Login] page'],
    ['GRÖSSE größe', [['große']], 'GRÖSSE [größe]'],
    ['toCelsius', [['celsius']], 'to[Celsius]'],
    ['go, algorithm, Go', [['go']], '[go], algorithm, [Go]'],
    ['ein cafe\u0301!', [['CAFÉ']], 'ein [cafe\u0301]!'],
    ['die尺寸ist', [['尺']], 'die[尺]寸ist'],
    ['login\n\n\t page: login-page', [['login', 'page']], '[login page]: [login-page]'],
    ['ΟΔΟΣ οδος', [['οδος']], '[ΟΔΟΣ] [οδος]'],
    ['İstanbul', [['istanbul']], '[İstanbul]'],
    ['🙂 one two', [['one'], ['two']], '🙂 [one] [two]'],
    ['abcabc', [['abc'], ['bca']], '[abcabc]'],
  ])('%s', (text, phrases, expected) => expect(marked(text, phrases)).toBe(expected));

  it('is a window around the most different words, from word to word', () => {
    const text = `needle ${'hay '.repeat(100)}a needle beside a thread ${'hay '.repeat(100)}`;
    const { snippet, hits } = snippetOf(text, [['needle'], ['thread']], 80);
    expect(snippet).toMatch(/^… hay .*a needle beside a thread .*hay …$/);
    expect(snippet.length).toBeLessThanOrEqual(84);
    expect(hits.map(([from, to]) => snippet.slice(from, to))).toEqual(['needle', 'thread']);
  });

  it('never cuts a character in two', () => {
    for (let room = 40; room < 60; room++) {
      const { snippet } = snippetOf(`${'🙂'.repeat(99)}x${'🙂'.repeat(99)}`, [['x']], room);
      expect(snippet).toBe((snippet as string & { toWellFormed(): string }).toWellFormed());
    }
  });

  it('folds as the database does', () => expect(fold('ÀÉÎ Ünïcödé ŁÓDŹ ΆΛΦΑ')).toBe('aei unicode łodz αλφα'));
});
