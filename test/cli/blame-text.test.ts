import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { type BlameView, blameText } from '../../src/cli/blame-text.ts';
import { parseLineRange } from '../../src/cli/line-range.ts';
import { textWidth } from '../../src/cli/width.ts';

const plain = new Chalk({ level: 0 });
const at = '2026-11-20T12:00:00.000Z';
const now = Date.parse('2026-11-22T13:00:00.000Z');
const pipe: BlameView = { color: plain, columns: null, now };
const terminal = (columns: number, color = plain): BlameView => ({ color, columns, now });

const author = { name: 'Ann Author' };
const one = {
  kind: 'agent' as const,
  commit: 'a'.repeat(40),
  session: 'k3abcdefgh',
  name: 'login',
  iteration: 1,
  agent: 'amp',
  prompt: 'Add a login page',
  author,
  at,
  subject: 'amp: Added it.',
};
const two = { ...one, commit: 'b'.repeat(40), iteration: 2, prompt: 'The tests failed. Make them pass.' };
const hand = {
  kind: 'manual' as const,
  commit: 'c'.repeat(40),
  session: 'k3abcdefgh',
  name: 'login',
  author,
  at,
  subject: 'My words',
};
const other = { kind: 'other' as const, commit: '0123456789'.repeat(4), author: { name: 'Bob' }, at, subject: 'First' };
const fresh = { kind: 'uncommitted' as const };

type Known = Parameters<typeof blameText>[0][number]['origin'];
const file = (...lines: [Known, string][]) => lines.map(([origin, text], index) => ({ line: index + 1, text, origin }));

describe('blame for a program', () => {
  it('has every column on every line, at the same place', () => {
    const text = blameText(file([other, 'a'], [one, 'b'], [one, '\tc\r'], [hand, ''], [two, 'd'], [fresh, 'e']), pipe);
    expect(text).toBe(
      [
        '01234567     Bob                  2026-11-20  First                              1 | a',
        'login     1  amp                  2026-11-20  Add a login page                   2 | b',
        'login     1  amp                  2026-11-20  Add a login page                   3 | \tc',
        'login        Ann Author, by hand  2026-11-20  My words                           4 | ',
        'login     2  amp                  2026-11-20  The tests failed. Make them pass.  5 | d',
        '             not committed yet                                                   6 | e',
        '',
      ].join('\n'),
    );
  });

  it('leaves out columns that say nothing, and is nothing for an empty file', () => {
    expect(blameText(file([fresh, 'x']), pipe)).toBe('not committed yet  1 | x\n');
    expect(blameText([], pipe)).toBe('');
  });

  it('says as much as is known', () => {
    const { name: _name, prompt: _prompt, agent: _agent, ...known } = one;
    expect(blameText(file([known, 'x']), pipe)).toBe('k3abcdefgh  1  agent  2026-11-20  amp: Added it.  1 | x\n');
    const { iteration: _iteration, ...several } = one;
    expect(blameText(file([several, 'x']), pipe)).toBe('login  amp  2026-11-20  Add a login page  1 | x\n');
  });
});

describe('blame for a person', () => {
  it('says the prompt where a run of lines of an iteration begins, and how old it is', () => {
    const again = { ...one, commit: 'd'.repeat(40) };
    const text = blameText(file([one, 'a'], [again, 'b'], [two, 'c'], [one, 'd']), terminal(200));
    expect(text.split('\n')).toEqual([
      'login  1  amp  2d ago  Add a login page                   1 │ a',
      'login  1  amp  2d ago                                     2 │ b',
      'login  2  amp  2d ago  The tests failed. Make them pass.  3 │ c',
      'login  1  amp  2d ago  Add a login page                   4 │ d',
      '',
    ]);
  });

  it('dims what is repeated and what is nobody’s of the session', () => {
    const color = new Chalk({ level: 1 });
    const [first, more, elsewhere] = blameText(file([one, 'a'], [one, 'b'], [other, 'c']), terminal(200, color)).split(
      '\n',
    );
    expect(first).toContain(color.cyan('login   '));
    expect(more!.startsWith(color.dim('login     1  amp  2d ago'.slice(0, 5)).slice(0, 4))).toBe(true);
    expect(more).not.toContain(color.cyan('login   '));
    expect(elsewhere).toContain(color.dim('01234567'));
  });

  it('leaves room for the text in narrow terminals: the prompt goes first, then names are cut', () => {
    const long = {
      ...one,
      name: 'a very long name of a session',
      prompt: 'A prompt that is long as well, and then some',
    };
    const people = { ...hand, author: { name: 'Somebody with a long name' } };
    const gutters = (columns: number) =>
      blameText(file([long, ''], [people, '']), terminal(columns))
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd());
    expect(gutters(200)[0]).toBe(
      'a very long name of…  1  amp                     2d ago  A prompt that is long as well, and then…  1 │',
    );
    expect(gutters(200)[1]).toContain('Somebody wit…, by hand');
    expect(gutters(80)[1]).toMatch(/^login\s+by hand\s+2d ago/);
    expect(gutters(110)[0]).not.toContain('prompt');
    for (const columns of [80, 100, 110, 120, 140, 160, 200])
      for (const line of gutters(columns)) expect(textWidth(line)).toBeLessThanOrEqual(Math.max(columns - 60, 40) + 3);
    expect(gutters(40)[0]).toBe('a very …  1  amp       2d ago  1 │');
  });

  it('is inert, whatever is in the file, the prompt or a name', () => {
    const evil = { ...one, name: 'na\u001b[31mme', prompt: 'pro\u001b]0;title\u0007mpt\nsecond', agent: 'a\tb' };
    const text = blameText(file([evil, '\u001b[2Jtext\u202e\rmore'], [fresh, '\tindented']), terminal(200));
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
    expect(text).toContain('name  1  a b');
    expect(text).toContain('prompt second');
    expect(text).toContain('│ text more\n');
    expect(text).toContain('│ \tindented\n');
  });
});

describe('a range of lines', () => {
  it('is written as for git', () => {
    const given = ['10,20', '10', '10,', ',20', '10,+5', '20,10', ' 3 , 4 '.replaceAll(' ', '')];
    expect(given.map((range) => Object.values(parseLineRange(range)))).toEqual([
      [10, 20],
      [10, 10],
      [10, null],
      [1, 20],
      [10, 14],
      [10, 20],
      [3, 4],
    ]);
  });

  it.each(['', ',', 'x', '0', '0,5', '5,0', '5,+0', '5,+', '+5', '-1,5', '1,2,3', '1.5', '1e3', '/re/,5'])(
    '“%s” is none',
    (given) => {
      expect(() => parseLineRange(given)).toThrow(`“${given}” is no range of lines.`);
    },
  );
});
