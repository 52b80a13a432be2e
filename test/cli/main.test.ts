import { describe, expect, it } from 'vitest';
import { closest } from '../../src/cli/closest.ts';
import { colorLevel } from '../../src/cli/color.ts';
import { checkCommand, moveLeadingFlags } from '../../src/cli/main.ts';

describe('global flags before the command', () => {
  it.each([
    [['list'], ['list']],
    [
      ['-C', '/x', 'list'],
      ['list', '-C', '/x'],
    ],
    [
      ['--json', '-q', 'config', 'get', 'test'],
      ['config', 'get', 'test', '--json', '-q'],
    ],
    [
      ['--directory=/x', 'list', '--', 'a'],
      ['list', '--directory=/x', '--', 'a'],
    ],
    [
      ['-C', '/x'],
      ['-C', '/x'],
    ],
    [['--help'], ['--help']],
    [[], []],
  ])('%j', (given, expected) => expect(moveLeadingFlags(given)).toEqual(expected));
});

describe('commands', () => {
  const ids = ['list', 'iterate', 'config:get', 'config:set', 'test-git'];

  it.each([
    [['list']],
    [['list', 'anything']],
    [['config', 'get', 'x']],
    [['config']],
    [['config', '--help']],
    [['--version']],
    [[]],
  ])('%j is known', (argv) => expect(() => checkCommand(argv, ids)).not.toThrow());

  it.each([
    [['lst'], 'There is no command "lst".', 'Did you mean `amp-sessions list`?'],
    [['iter'], 'There is no command "iter".', 'Did you mean `amp-sessions iterate`?'],
    [['config', 'gte'], 'There is no command "config gte".', 'Did you mean `amp-sessions config get`?'],
    [['xyzzy'], 'There is no command "xyzzy".', 'Run `amp-sessions --help` for all commands.'],
  ])('%j is not', (argv, message, hint) => {
    expect(() => checkCommand(argv, ids)).toThrow(expect.objectContaining({ code: 'usage.invalid', message, hint }));
  });
});

describe('the name that was meant', () => {
  it.each([
    ['stauts', 'status'],
    ['statu', 'status'],
    ['s', 'status'],
    ['zzzzzz', undefined],
  ])('%s: %s', (word, expected) => expect(closest(word, ['list', 'status', 'new'])).toBe(expected));

  it('is no guess for a short word', () => expect(closest('xyz', ['list', 'new'])).toBe(undefined));
});

describe('colours', () => {
  const level = (env: Record<string, string>, isTerminal = true) => colorLevel({ env, isTerminal, able: 2 });
  it.each([
    ['a terminal', {}, true, 2],
    ['a pipe', {}, false, 0],
    ['NO_COLOR', { NO_COLOR: '1' }, true, 0],
    ['an empty NO_COLOR counts for nothing', { NO_COLOR: '' }, true, 2],
    ['a dumb terminal', { TERM: 'dumb' }, true, 0],
    ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, false, 2],
    ['FORCE_COLOR over NO_COLOR', { FORCE_COLOR: '3', NO_COLOR: '1' }, false, 3],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, 0],
  ])('%s', (_name, env, isTerminal, expected) =>
    expect(level(env as Record<string, string>, isTerminal)).toBe(expected),
  );

  it('forced where nothing is known of the terminal: the plain ones', () => {
    expect(colorLevel({ env: { FORCE_COLOR: '' }, isTerminal: false, able: 0 })).toBe(1);
  });
});
