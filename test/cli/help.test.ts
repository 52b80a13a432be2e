import { describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/repo.ts';

const help = async (...args: string[]) => {
  const { stdout, exitCode } = await cli(tempDir(), args);
  expect(exitCode).toBe(0);
  return stdout;
};

describe('help', () => {
  it('says what to do first, and names the commands in the order of a day', async () => {
    const text = await help('--help');
    const at = (part: string) => text.indexOf(part);
    expect(at('FIRST STEPS')).toBeGreaterThan(0);
    expect(at('FIRST STEPS')).toBeLessThan(at('COMMANDS'));
    const commands = text.slice(at('COMMANDS')).matchAll(/^ {2}([a-z][a-z-]+)/gm);
    const order = [...commands].map(([, name]) => name);
    expect(order.slice(0, 4)).toEqual(['demo', 'doctor', 'new', 'iterate']);
    expect(order).toContain('config');
    expect(order).not.toContain('autocomplete create');
    expect(new Set(order).size).toBe(order.length);
  });

  it('every first step is a command that exists', async () => {
    const text = await help();
    const names = [...text.matchAll(/\$ amp-sessions ([a-z-]+)/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) expect(text).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it('is the same by every way that people try', async () => {
    expect(await help('-h')).toBe(await help('--help'));
    expect(await help('help')).toBe(await help('--help'));
    const ofNew = await help('new', '--help');
    expect(await help('help', 'new')).toBe(ofNew);
    expect(await help('new', '-h')).toBe(ofNew);
    expect(await help('help', 'config', 'set')).toBe(await help('config', 'set', '--help'));
  });

  it('says a summary once', async () => {
    const text = await help('rm', '--help');
    expect(text.split('worktree and branch go, the log stays')).toHaveLength(2);
    expect(text).toContain('--unmerged');
  });

  it('of a topic is about the topic', async () => {
    expect((await help('config')).split('\n')[0]).toBe('Show and change settings, and trust a repository’s.');
  });

  it('of a command that does not exist is a refusal with the closest one', async () => {
    const { stderr, exitCode } = await cli(tempDir(), ['help', 'itreate']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Did you mean `amp-sessions iterate`?');
  });
});
