import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ownIdentity } from '../../src/process/identity.ts';
import { fakeEnv } from '../support/agent-run.ts';
import { cli, cliJson } from '../support/cli.ts';
import { makeFakeAmp } from '../support/fake-amp/make-fake-amp.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';

const POSIX = process.platform !== 'win32';

let dir = '';
let id = '';
beforeAll(async () => {
  dir = await makeRepo();
  const made = await cliJson(dir, [
    'new',
    '--name',
    'held',
    '-a',
    'command:cat',
    '-p',
    'The first prompt\nin two lines',
  ]);
  id = made.json.id;
});

/** As if this test's own process worked on the session. */
const hold = () => {
  const locks = join(dir, '.git', 'amp', 'locks');
  mkdirSync(locks, { recursive: true });
  const since = '2026-11-22T13:00:00.000Z';
  const holder = { ...ownIdentity(), command: 'iterate', nonce: 'n', since };
  writeFileSync(join(locks, `session.${id}.lock`), JSON.stringify(holder));
};

/** An editor that says that it ran, keeps what it was shown, and writes a prompt. */
const editor = () => {
  const seen = join(tempDir(), 'seen');
  const file = join(tempDir(), 'editor.sh');
  writeFileSync(file, `cp "$1" '${seen}'\nprintf 'Another prompt' > "$1"\n`);
  return { seen, env: { EDITOR: `sh '${file}'`, VISUAL: '' } };
};

describe('a step begins only when it may', () => {
  it('stop: nothing is “stopping” where nothing runs', async () => {
    const { stderr, exitCode } = await cli(dir, ['stop', 'held']);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`✗ Nothing runs in session held.\n  → Start it with \`amp-sessions iterate ${id}\`.\n`);
  });

  it.runIf(POSIX)('iterate -e and rename -e: no editor for a session that somebody holds', async () => {
    for (const args of [
      ['iterate', 'held', '-e'],
      ['rename', 'held', '-e'],
    ]) {
      hold();
      const { seen, env } = editor();
      const ran = await cliJson(dir, args, env);
      expect(ran.json.error).toMatchObject({ code: 'session.busy', message: expect.stringContaining('`iterate`') });
      expect(existsSync(seen), args[0]).toBe(false);
    }
    await sh(dir, 'rm .git/amp/locks/session.*.lock');
  });

  it('new: a linked .worktrees is refused before anything is on record', async () => {
    const repo = await makeRepo();
    symlinkSync(tempDir(), join(repo, '.worktrees'));
    await sh(repo, 'git add -A && git commit -q -m link');
    const { json } = await cliJson(repo, ['new', '-p', 'x', '-a', 'command:true']);
    expect(json.error).toMatchObject({
      code: 'worktree.blocked',
      message: expect.stringContaining('symbolic link'),
      hint: expect.stringContaining(join(repo, '.worktrees')),
    });
    expect(await git(repo, 'for-each-ref', 'refs/amp', 'refs/heads/amp')).toBe('');
    expect(existsSync(join(repo, '.git', 'amp', 'wal'))).toBe(false);
    expect((await cliJson(repo, ['list'])).json.items).toEqual([]);
  });

  it('new: a file in the place of .worktrees as well', async () => {
    const repo = await makeRepo();
    writeFileSync(join(repo, '.worktrees'), 'mine\n');
    const { json } = await cliJson(repo, ['new', '-p', 'x', '-a', 'command:true']);
    expect(json.error).toMatchObject({ code: 'worktree.blocked', message: expect.stringContaining('below a file') });
    expect(readFileSync(join(repo, '.worktrees'), 'utf8')).toBe('mine\n');
    expect((await cliJson(repo, ['list'])).json.items).toEqual([]);
  });
});

describe('what is said, once', () => {
  it.runIf(POSIX)('rename -e starts with the present prompt', async () => {
    const { seen, env } = editor();
    expect((await cli(dir, ['rename', 'held', '-e'], env)).stdout).toContain('new prompt');
    expect(readFileSync(seen, 'utf8')).toMatch(/^The first prompt\nin two lines\n\n# What is/);
    expect((await cliJson(dir, ['status', 'held'])).json.prompt).toBe('Another prompt');
  });

  it('status names the line that the agent runs', async () => {
    expect((await cli(dir, ['status', 'held'])).stdout).toMatch(/^agent {5}command: cat$/m);
    expect((await cliJson(dir, ['status', 'held'])).json).toMatchObject({ agent: 'command', agentCommand: 'cat' });
  });

  it('a session without name and prompt is not a “session session …”', async () => {
    const made = await cliJson(dir, ['new', '-a', 'command:true']);
    expect(made.json.name).toBe(`unnamed ${made.json.id}`);
    expect((await cli(dir, ['stop', made.json.id])).stderr).not.toMatch(/session session/i);
  });

  it('a folder that is not there: with the next step', async () => {
    const { stderr, exitCode } = await cli(dir, ['list', '-C', '/no/such/folder']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('The folder /no/such/folder does not exist.\n  → Go into a repository');
  });

  it.runIf(POSIX)('verify-amp tells the failed check in one place, and a script in the error too', async () => {
    const env = { ...fakeEnv(makeFakeAmp(tempDir(), { runs: [{}] })), PATH: '/usr/bin:/bin' };
    const ran = await cli(dir, ['verify-amp'], env);
    expect(ran.exitCode).toBe(5);
    const [detail] = /(?<=✗ program and login +)\S.*/.exec(ran.stdout)!;
    expect(detail).not.toBe('');
    expect(ran.stderr).not.toContain(detail);
    expect(ran.stderr).toContain('✗ Amp cannot be used: program and login failed.\n');
    const { json } = await cliJson(dir, ['verify-amp'], env);
    expect(json.error.message).toContain(detail);
    expect(json.error.hint).toContain('npm');
  });
});
