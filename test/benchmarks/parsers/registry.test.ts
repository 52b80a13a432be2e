import { describe, expect, it } from 'vitest';
import { isParserKnown, parserNamed, parserNames, parserOfRow } from '../../../src/bench/parsers/registry.ts';

describe('the parser of a row', () => {
  it.each([
    [{ logParser: 'parse_log_django', repo: 'x/y' }, 'django'],
    [{ logParser: null, repo: 'pytest-dev/pytest' }, 'pytest'],
    [{ logParser: null, repo: 'astropy/astropy' }, 'astropy'],
    [{ logParser: null, repo: 'own/tool' }, 'auto'],
    [{ logParser: 'parse_log_redis', repo: 'redis/redis' }, 'redis'],
  ])('%j is %s', (row, name) => expect(parserOfRow(row)).toBe(name));

  it('can be named as we do and as the official harness does', () => {
    expect(['pytest', 'parse_log_pytest', 'auto', 'exit', 'mocha'].every(isParserKnown)).toBe(true);
    expect(['redis', 'parse_log_redis', 'constructor', '__proto__', ''].some(isParserKnown)).toBe(false);
  });

  it('is one that exists', () => {
    expect(() => parserNamed('redis', [])).toThrow(/no log parser `redis` here/);
    expect(() => parserNamed('constructor', [])).toThrow(/no log parser/);
    for (const name of parserNames().filter((other) => other !== 'exit'))
      expect([...parserNamed(name, [])('nothing to see\n')]).toEqual([]);
  });
});

describe('auto', () => {
  const auto = (log: string, tests: string[]) => [...parserNamed('auto', tests)(log)];

  it('takes the parser that knows the tests that count', () => {
    expect(auto('--- PASS: TestA (0.00s)\nok  \tx\t0.1s\n', ['TestA'])).toEqual([['TestA', 'PASSED']]);
    expect(auto('ok 1 - a b\nnot ok 2 - c\n', ['- a b', '- c'])).toHaveLength(2);
    expect(auto('test_a (m.A) ... ok\n', ['test_a (m.A)'])).toEqual([['test_a (m.A)', 'PASSED']]);
    expect(auto('test a::b ... ok\n', ['a::b'])).toEqual([['a::b', 'PASSED']]);
  });

  it('tells ids with spaces from cut ones', () => {
    const log = 'PASSED a.py::t[x y]\n';
    expect(auto(log, ['a.py::t[x y]'])).toEqual([['a.py::t[x y]', 'PASSED']]);
    expect(auto(log, ['a.py::t[x'])).toEqual([['a.py::t[x', 'PASSED']]);
  });
});

describe('what an agent has its tests print', () => {
  const LONG = 60_000;
  it.each([
    ['spaces', ' '.repeat(LONG)],
    ['spaces in front', `${' '.repeat(LONG)}x`],
    ['brackets', '('.repeat(LONG)],
    ['go without an end', `--- PASS: ${' (x'.repeat(LONG / 3)}`],
    ['a heading without an end', `_ ${'.py:'.repeat(LONG / 4)}`],
    ['a summary without an end', `PASSED ${'['.repeat(LONG)}`],
    ['underscores', '_'.repeat(LONG)],
    ['jest', `✓ ${' (1'.repeat(LONG / 3)}`],
    ['many starts', "x ... Testing against Django installed in '/x'\n".repeat(1_000)],
    ['escapes', '\u001b['.repeat(LONG / 2)],
  ])(
    'cannot hold a parser up: %s',
    (_, log) => {
      for (const name of parserNames().filter((other) => other !== 'exit')) parserNamed(name, ['x'])(log);
    },
    10_000,
  );
});
