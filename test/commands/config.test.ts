import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';

let repo = '';
let env: NodeJS.ProcessEnv = {};
const file = () => join(repo, '.amp-sessions.yaml');
const userFile = () => join(env['XDG_CONFIG_HOME']!, 'amp-sessions/config.yaml');
const run = (...args: string[]) => cli(repo, ['config', ...args], env);
const json = async (...args: string[]) => (await cliJson(repo, ['config', ...args], env)).json;

beforeEach(async () => {
  repo ||= await makeRepo();
  rmSync(file(), { force: true });
  env = { XDG_CONFIG_HOME: tempDir(), XDG_DATA_HOME: tempDir() };
});

describe('config', () => {
  it('set writes, get reads, and says from where', async () => {
    expect(await json('set', 'maxIterations', '4')).toMatchObject({ key: 'maxIterations', value: 4, file: userFile() });
    expect(readFileSync(userFile(), 'utf8')).toBe('maxIterations: 4\n');
    expect(await run('get', 'maxIterations')).toEqual({
      stdout: '4\n',
      stderr: `from ${userFile()}:1\n`,
      exitCode: 0,
    });
    expect(await json('get', 'maxIterations')).toEqual({
      schema: 'amp-sessions/config-get/v1',
      key: 'maxIterations',
      value: 4,
      trusted: true,
      source: 'user',
      file: userFile(),
      line: 1,
    });
    expect((await run('get', 'maxIterations', '-q')).stderr).toBe('');
  });

  it('list has a line for every setting', async () => {
    writeFileSync(file(), 'test: make check\nidleSec: 3\n');
    const { stdout } = await run('list');
    expect(stdout).toMatch(/^agent +amp +default$/m);
    expect(stdout).toMatch(/^test +make check +\S+\.amp-sessions\.yaml:1 +not trusted/m);
    expect(stdout).toMatch(/^idleSec +3 +\S+\.amp-sessions\.yaml:2$/m);
    const { items } = await json('list');
    expect(items).toHaveLength(stdout.trimEnd().split('\n').length);
    env['AMP_SESSIONS_TEST'] = 'mine';
    const mine = await json('get', 'test');
    expect(mine).toMatchObject({ value: 'mine', source: 'environment', variable: 'AMP_SESSIONS_TEST', trusted: true });
  });

  it('what a file holds cannot drive the terminal', async () => {
    writeFileSync(file(), 'test: "a\\e[31mb\\a"\n');
    for (const args of [['list'], ['get', 'test'], ['trust']]) {
      const { stdout, stderr } = await run(...args);
      expect(stdout + stderr).not.toMatch(/[\0-\x08\x0b-\x1f]/);
    }
    expect((await json('get', 'test')).value).toBe('a\x1b[31mb\x07');
  });

  it('trust names what it lets run, and a change takes it away', async () => {
    writeFileSync(file(), 'test: make\nsetup: ./prepare\nmaxIterations: 2\n');
    const sha256 = createHash('sha256').update(readFileSync(file())).digest('hex');
    expect((await json('get', 'test')).trusted).toBe(false);
    const settings = [
      { key: 'test', value: 'make' },
      { key: 'setup', value: './prepare' },
    ];
    expect(await json('trust')).toEqual({ schema: 'amp-sessions/config-trust/v1', file: file(), sha256, settings });
    expect((await json('get', 'test')).trusted).toBe(true);
    await run('set', 'idleSec', '9', '--repository');
    expect(readFileSync(file(), 'utf8')).toBe('test: make\nsetup: ./prepare\nmaxIterations: 2\nidleSec: 9\n');
    expect((await json('get', 'test')).trusted).toBe(false);
    expect((await run('trust')).stdout).toBe(`Trusted: ${file()}\n  test = make\n  setup = ./prepare\n`);
  });

  it('counts for the main checkout, wherever in the repository one stands', async () => {
    writeFileSync(file(), 'idleSec: 7\n');
    mkdirSync(join(repo, 'src/deep'), { recursive: true });
    const linked = join(tempDir(), 'linked');
    await git(repo, 'worktree', 'add', '-q', '--detach', linked);
    writeFileSync(join(linked, '.amp-sessions.yaml'), 'idleSec: 8\n');
    for (const dir of [join(repo, 'src/deep'), linked]) {
      const { json: answer } = await cliJson(dir, ['config', 'get', 'idleSec'], env);
      expect(answer).toMatchObject({ value: 7, file: file() });
    }
  });

  it('outside a repository the user’s settings alone count', async () => {
    const outside = tempDir();
    const { json: answer } = await cliJson(outside, ['config', 'set', 'agent', 'command'], env);
    expect(answer.file).toBe(userFile());
    expect((await cliJson(outside, ['config', 'get', 'agent'], env)).json.value).toBe('command');
    for (const args of [['set', 'agent', 'amp', '--repository'], ['trust']]) {
      const { json: error, exitCode } = await cliJson(outside, ['config', ...args], env);
      expect([error.error.code, exitCode]).toEqual(['repository.missing', 1]);
    }
  });

  it.each([
    [['get', 'tset'], 'config.unknown', 2, /`test`/],
    [['set', 'agnt', 'x'], 'config.unknown', 2, /`agent`/],
    [['set', 'maxIterations', 'x'], 'config.invalid', 2, /most iterations/],
    [['set', 'agent'], 'usage.invalid', 2, /--help/],
    [['trust'], 'file.missing', 2, /nothing to trust/],
  ] as const)('%j is refused with %s', async (args, code, exit, hint) => {
    const { json: answer, exitCode } = await cliJson(repo, ['config', ...args], env);
    expect(answer.error.code).toBe(code);
    expect(answer.error.hint).toMatch(hint);
    expect(exitCode).toBe(exit);
  });

  it('a broken file is named by line and column, by every command that reads it', async () => {
    writeFileSync(file(), 'agent: amp\nmaxIterations: lots\n');
    for (const args of [['list'], ['get', 'agent'], ['trust']]) {
      const { stderr, exitCode } = await run(...args);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`${file()}:2:16: \`maxIterations\` must be a whole number from 1 to 1000, not "lots".`);
    }
  });
});
