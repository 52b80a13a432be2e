import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';

let repo = '';
let id = '';
const said = async (...args: string[]) => {
  const { stdout, stderr, exitCode } = await cli(repo, args);
  return { stdout, stderr, exitCode, first: stderr.split('\n')[0], next: stderr.split('\n')[1]?.trim() };
};

beforeAll(async () => {
  repo = await makeRepo();
  const { json } = await cliJson(repo, ['new', '--name', 'login', '-a', 'command:cat', '-p', 'Do it']);
  id = json.id;
});

describe('wrong usage, in a person’s words', () => {
  it.each([
    [['new', '--nam', 'x'], '✗ There is no flag --nam.', '→ Did you mean `--name`?'],
    [['new', '-p', 'a\nb', '-P', 'f'], '✗ --prompt-file and --prompt exclude each other.', undefined],
    [['iterate', 'login', '--max-iterations', '2'], '✗ --max-iterations needs --until-pass.', undefined],
    [['rebase', 'x', '--continue', '--abort'], '✗ --abort and --continue exclude each other.', undefined],
    [['diff', '--agent', '--manual'], '✗ --manual and --agent exclude each other.', undefined],
    [['config', 'set'], '✗ KEY and VALUE are missing.', '→ Run `amp-sessions config set --help`'],
    [['autocomplete', 'ksh'], '✗ Expected ksh to be one of', '→ Run `amp-sessions autocomplete --help`'],
    [['rename', 'login'], '✗ Nothing was said that is to change.', '→ Give --name'],
    [['list', '--since', '1d', '--until', '2d'], '✗ --since is later than --until.', undefined],
    [['timeline', 'login', '--at', '2020-01-01'], '✗ At 2020-01-01 there was no such session yet', undefined],
    [['test-git', '--dir', join(tempDir(), 'nope')], '✗ No folder can be made in', '→ Name a folder that exists'],
  ])('%j', async (args, message, next) => {
    const { stderr, exitCode } = await said(...args);
    expect(exitCode).toBe(2);
    const lines = stderr.split('\n').filter((line) => !/trying git/.test(line));
    expect(lines[0]).toContain(message);
    expect(lines[1]).toContain(next ?? '→ ');
    expect(stderr).not.toContain('following error');
  });
});

describe('the next step is true', () => {
  it('of `new`: where the user stands', async () => {
    expect((await said('new', '-p', 'x')).stderr).toMatch(/Next: amp-sessions iterate \w{10}\n/);
  });
  it('of `new`: from elsewhere, and without a prompt', async () => {
    const { stderr } = await cli(tempDir(), ['new', '-C', repo]);
    expect(stderr).toMatch(/Next: amp-sessions iterate \w{10} --prompt "…" -C \S+\n/);
    expect(stderr).toContain(`-C ${repo}\n`);
  });
  it('outside any repository: -C, which every command takes', async () => {
    const { stderr } = await cli(tempDir(), ['list']);
    expect(stderr).toContain('name one with -C');
  });
});

describe('an answer that is empty is not silent', () => {
  it('list', async () => {
    const empty = await makeRepo();
    const none = await cli(empty, ['list']);
    expect(none).toMatchObject({ stdout: '', exitCode: 0 });
    expect(none.stderr).toContain('No sessions yet. Make one: amp-sessions new');
    expect(await said('list', '--until', '3d')).toMatchObject({ stdout: '' });
    expect((await said('list', '--until', '3d')).stderr).toContain('No such sessions');
  });
  it('logs', async () => {
    expect(await said('logs', 'login')).toMatchObject({
      stdout: '',
      exitCode: 0,
      first: `Nothing is there yet: \`amp-sessions iterate ${id}\` starts the agent.`,
    });
    expect(await said('logs', 'login', '--iteration', '3')).toMatchObject({
      exitCode: 1,
      first: '✗ Session login has no iteration 3.',
      next: '→ It has none yet.',
    });
  });
});

describe('what a session is, in words', () => {
  it('rename says what is new, not which event', async () => {
    const { stdout } = await said('rename', 'login', '--test', 'true', '--name', 'sign-in');
    expect(stdout).toBe(`✓ ${id} sign-in: new name, new test command\n`);
    expect((await said('rename', id, '--test', 'true')).stdout).toContain('Nothing to change');
  });
  it('removed is not archived', async () => {
    const { json: made } = await cliJson(repo, ['new', '--name', 'gone', '-p', 'x']);
    await cli(repo, ['rm', 'gone']);
    expect((await said('list')).stdout).not.toContain(made.id);
    expect((await said('list', '--removed')).stdout).toMatch(new RegExp(`${made.id} +gone +removed`));
    expect((await said('status', made.id)).stdout).toContain('gone  removed');
    const { json } = await cliJson(repo, ['list', '--removed']);
    expect(json.items.find((item: { id: string }) => item.id === made.id)).toMatchObject({
      state: 'archived',
      removed: true,
    });
  });
  it('a stream shows the end of an iteration once, and an agent without figures has none', async () => {
    const { stdout } = await said('iterate', id, '--stream');
    expect(stdout.match(/iteration 1 completed/g)).toHaveLength(1);
    expect(stdout).toContain('tokens unknown, cost unknown');
    expect(stdout).not.toContain('0 tokens');
    expect(await git(repo, 'status', '--porcelain')).toBe('');
  });
});

describe('a program that speaks no protocol', () => {
  const AGENT = 'command:cat >/dev/null; echo one; echo two >&2; printf "th\\033[31mree\\n"; echo x >> said.txt';
  it('is heard line by line, live and later', async () => {
    await cliJson(repo, ['new', '--name', 'talker', '-a', AGENT, '-p', 'x']);
    const live = (await said('iterate', 'talker', '--stream')).stdout.split('\n');
    expect(live.filter((line) => /^(one|two|three)$/.test(line)).sort()).toEqual(['one', 'three', 'two']);
    const later = (await said('logs', 'talker')).stdout.split('\n');
    expect(later.filter((line) => /^(one|two|three)$/.test(line)).sort()).toEqual(['one', 'three', 'two']);
    expect(later.indexOf('one')).toBeGreaterThan(
      later.findIndex((line) => line.startsWith('iteration 1 with command')),
    );
    const followed = (await said('logs', 'talker', '--follow', '--iteration', '1')).stdout.split('\n');
    expect(followed.filter((line) => /^(one|two|three)$/.test(line)).sort()).toEqual(['one', 'three', 'two']);
  });
  it('is events only in the document, as its schema says', async () => {
    const { json } = await cliJson(repo, ['logs', 'talker']);
    expect(json.items.every((item: { type?: string }) => typeof item.type === 'string')).toBe(true);
  });
});

describe('what is refused is refused at once', () => {
  it('an agent that does not exist, as a setting', async () => {
    const env = { XDG_CONFIG_HOME: tempDir() };
    const { stderr, exitCode } = await cli(repo, ['config', 'set', 'agent', 'claude'], env);
    expect(stderr).toContain('There is no agent `claude`.\n  → Choose one of amp, command, scripted.');
    expect(exitCode).toBe(2);
    expect((await cli(repo, ['config', 'set', 'agent', 'command'], env)).exitCode).toBe(0);
  });
  it('`new`, before the editor is opened', async () => {
    const seen = join(tempDir(), 'opened');
    const { stderr } = await cli(repo, ['new', '-e', '-a', 'nobody'], { EDITOR: `touch ${seen};`, VISUAL: '' });
    expect(stderr).toContain('There is no agent `nobody`.');
    expect(existsSync(seen)).toBe(false);
  });
  it('a set-up that fails is not ticked off', async () => {
    const { stderr, exitCode } = await said('new', '-p', 'x', '--setup', 'exit 3');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/✗ setting up: exit 3/);
    expect(stderr).not.toMatch(/✓ setting up/);
  });
});
