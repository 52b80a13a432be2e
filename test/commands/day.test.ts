import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { exec, git, makeRepo, sh, tempDir } from '../support/repo.ts';

const SCRIPT = `
iterations:
  - - message: I start.
    - run: ls
    - edit: { path: state.txt, content: "broken\\n" }
    - usage: { input: 5, output: 6, cacheRead: 7, cacheWrite: 8 }
    - message: "First \\u001b[31mtry\\u001b[0m."
  - - edit: { path: state.txt, content: "good\\n" }
    - message: Mended.
`;
const TEST = 'test ! -f state.txt || grep -q good state.txt';
/** TEST_ALL=1 (`npm run test:all`) makes as many as a busy person might in a minute. */
const MANY = process.env['TEST_ALL'] ? 64 : 24;

let dir = '';
let id = '';
let worktree = '';

beforeAll(async () => {
  dir = await makeRepo();
  const file = join(tempDir('amp-script-'), 'agent.yaml');
  writeFileSync(file, SCRIPT);
  const made = await cliJson(dir, [
    'new',
    '--name',
    'day',
    '--prompt',
    'Do it',
    '-a',
    `scripted:${file}`,
    '--test',
    TEST,
  ]);
  expect(made.exitCode).toBe(0);
  expect(made.json).toMatchObject({
    schema: 'amp-sessions/new/v1',
    name: 'day',
    base: 'main',
    baseCommit: await git(dir, 'rev-parse', 'main'),
  });
  ({ id, worktree } = made.json);
});

describe('a day with a session, as a person types it', () => {
  it('iterates to failing tests: exit 4, with the answer beside the error', async () => {
    const ran = await cliJson(dir, ['iterate', 'day']);
    expect(ran.exitCode).toBe(4);
    expect(ran.json).toMatchObject({
      schema: 'amp-sessions/iterate/v1',
      error: { code: 'tests.failed', hint: expect.any(String) },
      session: id,
      iteration: 1,
      files: 1,
      insertions: 1,
      deletions: 0,
      agent: { name: 'scripted' },
      usage: {
        tokensInput: 5,
        tokensOutput: 6,
        tokensCacheRead: 7,
        tokensCacheWrite: 8,
        costUsd: null,
        costSource: 'unknown',
      },
      tests: { exitCode: 1, verdict: 'newly-failing' },
    });
    expect(ran.json.commit).toMatch(/^[0-9a-f]{40}$/);
  });

  it('goes on until they pass, streaming every event as it is in the log', async () => {
    const ran = await cli(dir, ['iterate', 'day', '--until-pass', '--stream-json']);
    expect(ran.exitCode).toBe(0);
    const events = ran.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['iteration.started', 'iteration.finished', 'test-run.finished']),
    );
    const { json } = await cliJson(dir, ['timeline', 'day']);
    for (const event of events) expect(json.items).toContainEqual(event);
  });

  it('lists, shows and finds it', async () => {
    const { json } = await cliJson(dir, ['list']);
    expect(json.items).toMatchObject([
      { id, name: 'day', state: 'idle', iterations: 2, worktree, costUsd: null, tests: 'passed' },
    ]);
    expect((await cli(dir, ['list', '-q'])).stdout).toBe(`${id}\n`);
    const text = (await cli(dir, ['list'])).stdout;
    expect(text).toMatch(/ID .*NAME .*STATE/);
    expect(text).toContain('day');
    const status = await cliJson(join(worktree, 'src'), ['status']);
    expect(status.json).toMatchObject({
      id,
      comparison: 'passed',
      history: [{ iteration: 1 }, { iteration: 2, tests: { verdict: 'passed' } }],
    });
    expect((await cli(dir, ['path', id.slice(0, 5)])).stdout.trim()).toBe(worktree);
    expect((await cli(dir, ['list', '--all-repos', '-q'])).stdout).toContain(id);
  });

  it('shows what was said, inert on the way to a person, and verbatim with --raw', async () => {
    const logs = await cli(dir, ['logs', 'day']);
    expect(logs.stdout).toContain('First try.');
    expect(logs.stdout).not.toContain('\u001b');
    const raw = await cli(dir, ['logs', 'day', '--raw', '--iteration', '1']);
    expect(
      raw.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toContain('assistant');
    const timeline = await cli(dir, ['timeline', 'day']);
    expect(timeline.stdout).toContain('tests failed');
    expect(timeline.stdout).not.toContain('\u001b');
    expect((await cliJson(dir, ['timeline', 'day', '--at', '2'])).json).toMatchObject({
      items: [{ seq: 1 }, { seq: 2 }],
      state: { iterations: 0 },
    });
  });

  it('shows its diff', async () => {
    expect((await cliJson(dir, ['diff', 'day'])).json.files).toEqual([
      { path: 'state.txt', status: 'added', insertions: 1, deletions: 0 },
    ]);
    expect((await cli(dir, ['diff', 'day'])).stdout).toContain('+good');
    expect((await cli(dir, ['diff', 'day', '--stat'])).stdout).toContain('1 file');
    expect((await cli(dir, ['diff', 'day', '--name-only', '--iteration', '1'])).stdout).toBe('state.txt\n');
  });

  it('opens it in the editor', async () => {
    const mark = join(tempDir(), 'mark');
    const ran = await cli(dir, ['open', 'day'], { EDITOR: `touch '${mark}' && ls -d` });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain(worktree);
    expect(existsSync(mark)).toBe(true);
    expect(await cliJson(dir, ['open', 'day'], { EDITOR: '', VISUAL: '' })).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'editor.missing' } },
    });
  });

  it('removes it only when told, and keeps its record', async () => {
    expect(await cliJson(dir, ['rm', 'day'])).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'session.unmerged' } },
    });
    expect(await cliJson(dir, ['rm', 'day', '--dry-run', '--unmerged'])).toMatchObject({
      exitCode: 0,
      json: { dryRun: true, worktree },
    });
    expect(existsSync(worktree)).toBe(true);
    expect((await cli(dir, ['rm', 'day', '--unmerged'])).exitCode).toBe(0);
    expect(existsSync(worktree)).toBe(false);
    expect((await cliJson(dir, ['list'])).json.items).toEqual([]);
    expect((await cliJson(dir, ['list', '--removed'])).json.items).toMatchObject([{ id, state: 'archived' }]);
    expect((await cliJson(dir, ['timeline', id])).json.items.length).toBeGreaterThan(10);
    expect((await cliJson(dir, ['path', id])).json.error.code).toBe('session.archived');
  });
});

describe('two at once', () => {
  const hanging = (steps: string) => {
    const file = join(tempDir('amp-script-'), 'agent.yaml');
    writeFileSync(file, `iterations:\n  - - edit: { path: h.txt, content: "h\\n" }\n    - message: Hanging.\n${steps}`);
    return file;
  };

  it('the second iterate says who holds the session; stop ends the first; logs --follow sees it all', async () => {
    const repo = await makeRepo();
    const { json } = await cliJson(repo, [
      'new',
      '--name',
      'held',
      '-p',
      'x',
      '-a',
      `scripted:${hanging('    - hang: true\n')}`,
    ]);
    const first = cliJson(repo, ['iterate', 'held']);
    await expect
      .poll(async () => (await cliJson(repo, ['status', 'held'])).json.state, { timeout: 20_000 })
      .toBe('running');
    const follow = cli(repo, ['logs', 'held', '--follow']);
    const second = await cliJson(repo, ['iterate', 'held']);
    expect(second).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'session.busy', message: expect.stringMatching(/process \d+/) } },
    });
    expect((await cliJson(repo, ['rename', 'held', '--name', 'x'])).json.error.code).toBe('session.busy');
    await expect
      .poll(
        async () =>
          (await cliJson(repo, ['logs', 'held'])).json.items.some(
            (e: { type: string }) => e.type === 'agent-message.received',
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    expect((await cliJson(repo, ['stop', 'held'])).json).toMatchObject({ session: json.id, ended: true });
    expect(await first).toMatchObject({
      exitCode: 130,
      json: { error: { code: 'interrupted' }, outcome: 'interrupted', files: 1 },
    });
    expect((await follow).stdout).toContain('Hanging.');
    expect((await cliJson(repo, ['stop', 'held'])).json.error.code).toBe('session.idle');
    expect((await cliJson(repo, ['status', 'held'])).json.state).toBe('idle');
  });

  it(`${MANY} new at once are as many sessions`, { timeout: 180_000 }, async () => {
    const repo = await makeRepo();
    const all = await Promise.all(
      Array.from({ length: MANY }, () => cliJson(repo, ['new', '--name', 'same', '-p', 'x', '-a', 'command:true'])),
    );
    expect(all.filter(({ exitCode }) => exitCode !== 0).map(({ stdout }) => stdout)).toEqual([]);
    expect(new Set(all.map(({ json }) => json.branch)).size).toBe(MANY);
    expect((await cliJson(repo, ['list'])).json.items).toHaveLength(MANY);
    expect((await sh(repo, 'git fsck --full --strict')).exitCode).toBe(0);
    expect((await git(repo, 'worktree', 'list')).split('\n')).toHaveLength(MANY + 1);
  });
});

describe('bad input', () => {
  const bad: [string, string[], number, string][] = [
    ['an unknown session', ['status', 'nope'], 1, 'session.missing'],
    ['no session', ['iterate'], 1, 'session.missing'],
    ['an unknown flag', ['list', '--nope'], 2, 'usage.invalid'],
    ['an unknown command', ['lst'], 2, 'usage.invalid'],
    ['an unknown base', ['new', '-p', 'x', '--base', 'nope'], 1, 'ref.missing'],
    ['an unknown agent', ['new', '-p', 'x', '-a', 'clod'], 2, 'agent.unknown'],
    ['a prompt file that is not there', ['new', '-P', 'nope.md'], 2, 'file.missing'],
    ['an empty prompt', ['new', '-p', ' '], 2, 'usage.invalid'],
    ['two prompts', ['new', '-p', 'x', '-P', 'y'], 2, 'usage.invalid'],
    ['a wrong duration', ['iterate', 'x', '--timeout', 'soon'], 2, 'usage.invalid'],
    ['a folder without a repository', ['-C', '/', 'list'], 1, 'repository.missing'],
    ['a folder that is not there', ['list', '-C', '/no/such/folder'], 1, 'repository.missing'],
  ];
  it.each(bad)('%s: one sentence, the next step, the right exit code', async (_, args, exitCode, code) => {
    const repo = await makeRepo();
    const asJson = await cliJson(repo, args);
    expect(asJson).toMatchObject({
      exitCode,
      json: { schema: expect.stringMatching(/^amp-sessions\//), error: { code } },
    });
    const plain = await cli(repo, args);
    expect(plain.exitCode).toBe(exitCode);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toMatch(/^✗ .*\n( {2}→ .*\n)?$/);
    expect(plain.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(repo, '.git', 'amp', 'wal'))).toBe(false);
  });

  it('a prompt from stdin, and a closed pipe', async () => {
    const repo = await makeRepo();
    const made = await sh(
      repo,
      `printf 'From a pipe' | '${process.execPath}' '${join(import.meta.dirname, '../../bin/run.js')}' new -P - -a command:true --json`,
    );
    expect(JSON.parse(made.stdout)).toMatchObject({ name: 'From a pipe' });
    const piped = await exec(repo, 'bash', [
      '-o',
      'pipefail',
      '-c',
      `'${process.execPath}' '${join(import.meta.dirname, '../../bin/run.js')}' timeline 'From a pipe' | true`,
    ]);
    expect(piped.stderr).toBe('');
  });
});

describe('the rest of the tools', () => {
  it('doctor, test-git and verify-amp say what is right, what is wrong, and what to do', async () => {
    const repo = await makeRepo();
    const doctor = await cliJson(repo, ['doctor'], { PATH: process.env['PATH'] });
    expect(doctor).toMatchObject({ exitCode: 0, json: { ok: true, repository: repo } });
    expect(doctor.json.checks.find((c: { name: string }) => c.name === 'git').status).toBe('ok');
    expect(await cliJson(repo, ['test-git'])).toMatchObject({ exitCode: 0, json: { ok: true } });
    const amp = await cliJson(repo, ['verify-amp'], { PATH: '/usr/bin:/bin' });
    expect(amp).toMatchObject({
      exitCode: 5,
      json: { ok: false, error: { code: expect.stringMatching(/^agent\./), hint: expect.stringContaining('npm') } },
    });
  });

  it('the demo plays a whole session and leaves it to look at', async () => {
    const place = join(tempDir(), 'demo');
    const ran = await cliJson(tempDir(), ['demo', '--dir', place]);
    expect(ran).toMatchObject({
      exitCode: 0,
      json: {
        repository: place,
        iterations: [{ tests: 'failed' }, { tests: 'passed' }],
        merged: { target: 'main', squashed: 2 },
      },
    });
    expect((await cliJson(place, ['list'])).json.items).toMatchObject([
      { name: 'to-celsius', iterations: 2, tests: 'passed', state: 'merged' },
    ]);
    expect(await git(place, 'log', '--format=%s', 'main')).toBe(
      [
        'Add toCelsius(), the way back from Fahrenheit, rounded to one…',
        'A list of changes',
        'A module that converts degrees',
      ].join('\n'),
    );
    expect(await git(place, 'log', '--notes=amp', '--all', '--format=%s %N')).toContain('iteration.finished');
    expect(await git(place, 'for-each-ref', '--format=%(refname)', 'refs/amp')).toContain('refs/amp/sessions/');
    expect((await cliJson(tempDir(), ['demo', '--dir', place])).json.error.code).toBe('usage.invalid');
  });
});
