import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Amp } from '../../src/agents/amp.ts';
import { costFacts, parseThreadCost } from '../../src/agents/amp-cost.ts';
import { hasAmpLogin } from '../../src/agents/amp-login.ts';
import { findAmp, packagedVersion, refuseStub } from '../../src/agents/amp-program.ts';
import { agentNames, createAgent } from '../../src/agents/registry.ts';
import { shellExitCode, shortSummary, toolSummary } from '../../src/agents/tool-text.ts';
import { systemClock } from '../../src/clock.ts';
import { settings } from '../support/agent-run.ts';
import { tempDir } from '../support/repo.ts';

describe('the registry', () => {
  const make = (name: string) =>
    createAgent({ name, mode: null }, { env: {}, clock: systemClock, settings: settings(), root: tempDir() });

  test('makes each agent by its name', () => {
    expect(agentNames()).toEqual(['amp', 'command', 'scripted']);
    for (const name of agentNames()) expect(make(name).name).toBe(name);
  });

  test.each(['claude', '', '__proto__', 'constructor', 'toString'])(
    'knows no agent %j, and says which there are',
    (name) => {
      expect(() => make(name)).toThrow(
        expect.objectContaining({ code: 'agent.unknown', hint: 'Choose one of amp, command, scripted.' }),
      );
    },
  );

  test('takes command and script from the wish before the settings', async () => {
    const options = { env: {}, clock: systemClock, settings: settings(), root: tempDir() };
    await expect(
      createAgent({ name: 'command', mode: null, command: 'true' }, options).check(),
    ).resolves.toBeUndefined();
    await expect(createAgent({ name: 'command', mode: null }, options).check()).rejects.toMatchObject({
      code: 'agent.missing',
    });
  });
});

describe("a thread's cost", () => {
  test.each<[string, number | null]>([
    ['$13.08\nDetails: https://ampcode.com/threads/T-x/usage', 13.08],
    ['Cost: $1,234.56', 1234.56],
    ['$0.4', 0.4],
    ['$7', 7],
    ['total $ 2.50 and $9.99', 2.5],
    ['13.08 USD', null],
    ['', null],
  ])('%j is %s', (text, cost) => {
    expect(parseThreadCost(text)).toBe(cost);
  });

  test.each([
    [0, 1.5, 1.5],
    [1.1, 1.45, 0.35],
    [1.5, 1.5, null],
    [2, 1.5, null],
    [null, 1.5, null],
    [1, null, null],
  ])('from %s to %s is %s', (before, after, cost) => {
    expect(costFacts({ before, after }).map((fact) => 'costUsd' in fact && fact.costUsd)).toEqual(
      cost === null ? [] : [cost],
    );
  });
});

describe('a login', () => {
  const homeWith = (secrets: string, ...folders: string[]): string => {
    const home = tempDir();
    const dir = path.join(home, ...(folders.length > 0 ? folders : ['.local', 'share']), 'amp');
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, 'secrets.json'), secrets);
    return home;
  };
  const KEY = '{"apiKey@https://ampcode.com/":"sgamp_x"}';

  test('is a key in the environment', () => {
    const HOME = tempDir();
    expect(hasAmpLogin({ HOME, AMP_API_KEY: 'sgamp_x' })).toBe(true);
    expect(hasAmpLogin({ HOME, AMP_API_KEY: ' ' })).toBe(false);
    expect(hasAmpLogin({ HOME })).toBe(false);
  });

  test.each([
    ['the key of the server', KEY, {}, true],
    ['the same without a slash', KEY.replace('com/', 'com'), {}, true],
    ['the key of another server', KEY, { AMP_URL: 'https://other.example' }, false],
    ['an empty key', '{"apiKey@https://ampcode.com/":""}', {}, false],
    ['another secret', '{"mcp@https://ampcode.com/":"x"}', {}, false],
    ['no JSON', '{', {}, false],
    ['a list', '[]', {}, false],
  ])('is kept in a file: %s', (_name, secrets, env, expected) => {
    expect(hasAmpLogin({ HOME: homeWith(secrets), ...env })).toBe(expected);
  });

  test('is looked for where the data folder was moved to', () => {
    const moved = homeWith(KEY, 'moved');
    expect(hasAmpLogin({ HOME: tempDir(), XDG_DATA_HOME: path.join(moved, 'moved') })).toBe(true);
    expect(hasAmpLogin({ HOME: homeWith(KEY), XDG_DATA_HOME: tempDir() })).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('the program', () => {
  const packageIn = (version: string): string => {
    const dir = path.join(tempDir(), 'node_modules', '@ampcode', 'cli');
    mkdirSync(path.join(dir, 'bin'), { recursive: true });
    writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name: '@ampcode/cli', version }));
    writeFileSync(path.join(dir, 'bin', 'amp.exe'), '#!/bin/sh\n', { mode: 0o755 });
    return dir;
  };

  test('is found behind the link that npm makes, and its package names its version', async () => {
    const bin = tempDir();
    const dir = packageIn('0.0.7-gabc');
    symlinkSync(path.join(dir, 'bin', 'amp.exe'), path.join(bin, 'amp'));
    const env = { PATH: bin };
    const file = findAmp({ configured: undefined, env, root: tempDir() });
    expect(file).toBe(path.join(dir, 'bin', 'amp.exe'));
    expect(packagedVersion(file)).toBe('0.0.7-gabc');
    const amp = new Amp({ env, clock: systemClock, settings: settings().amp, root: tempDir(), mode: null });
    expect(await amp.version()).toBe('0.0.7-gabc');
  });

  test('is looked for past the wrapper, which keeps signals from it', () => {
    const dir = packageIn('1');
    const wrapper = path.join(dir, 'cli-wrapper.cjs');
    writeFileSync(wrapper, '#!/usr/bin/env node\n', { mode: 0o755 });
    const native = path.join(dir, '..', `cli-${process.platform}-${process.arch}`, 'amp');
    const find = () => findAmp({ configured: wrapper, env: {}, root: tempDir() });
    expect(find()).toBe(wrapper);
    mkdirSync(path.dirname(native));
    writeFileSync(native, '');
    expect(find()).toBe(native);
  });

  test('has no version in a package of somebody else', () => {
    const dir = tempDir();
    writeFileSync(path.join(dir, 'package.json'), '{"name":"mine","version":"9"}');
    expect(packagedVersion(path.join(dir, 'amp'))).toBeUndefined();
  });

  test('is a stub only when it is small and says so', () => {
    const dir = tempDir();
    const file = path.join(dir, 'amp');
    const words = 'echo "Error: Amp native binary not installed." >&2\n';
    writeFileSync(file, words);
    expect(() => refuseStub(file)).toThrow(expect.objectContaining({ code: 'agent.stub' }));
    writeFileSync(file, words.padEnd(5000));
    expect(() => refuseStub(file)).not.toThrow();
    writeFileSync(file, '#!/bin/sh\nexec real-amp\n');
    expect(() => refuseStub(file)).not.toThrow();
  });
});

describe('the words about a tool', () => {
  test.each<[object, string]>([
    [{ command: 'npm   test\n -- x' }, 'npm test -- x'],
    [{ path: 'src/a.ts', content: 'long' }, 'src/a.ts'],
    [{ patchText: '*** Begin Patch\n*** Update File: a.ts\n@@\n*** Add File: b.ts\n' }, 'a.ts, b.ts'],
    [{ command: '  ', query: 'q' }, 'q'],
    [{ command: 7 }, ''],
    [{}, ''],
    [{ command: 'x'.repeat(200) }, `${'x'.repeat(119)}…`],
    [{ command: '😀'.repeat(130) }, `${'😀'.repeat(119)}…`],
  ])('called with %j are %j', (input, summary) => {
    expect(shortSummary(toolSummary(input as Record<string, unknown>))).toBe(summary);
  });

  test.each<[string | null, unknown, number | null]>([
    ['shell_command', '{"output":"x","exitCode":0}', 0],
    ['Bash', '{"output":"x","exitCode":-1}', -1],
    [null, '{"exitCode":4}', 4],
    ['shell_command', [{ type: 'text', text: '{"exitCode":2}' }], 2],
    ['apply_patch', '{"exitCode":2}', null],
    ['shell_command', '{"exitCode":"2"}', null],
    ['shell_command', '{"exitCode":1.5}', null],
    ['shell_command', '{"exitCode":2', null],
    ['shell_command', 'plain "exitCode"', null],
    ['shell_command', null, null],
  ])('%s answering %j: exit code %s', (tool, content, code) => {
    expect(shellExitCode(tool, content)).toBe(code);
  });
});
