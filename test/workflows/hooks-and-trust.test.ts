import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/workflows/run-iteration.ts';
import { trustRepositoryHooks } from '../../src/workflows/user-hooks.ts';
import { cliJson } from '../support/cli.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = 'after: repeat\niterations:\n  - - run: date +%N >> work.txt\n    - message: Worked.\n';

const withHook = async (name: string, body: string) => {
  const dir = await makeRepo();
  const hook = join(dir, '.git', 'hooks', name);
  writeFileSync(hook, `#!/bin/sh\n${body}\n`);
  chmodSync(hook, 0o755);
  return { dir, hook };
};
const HOOKS_ON = { ...process.env, AMP_SESSIONS_COMMIT_HOOKS: 'true' };

describe('the user’s own hooks', () => {
  it('never run unless they are on and trusted as they are', async () => {
    const mark = join(tempDir(), 'ran');
    const { dir, hook } = await withHook('pre-commit', `touch '${mark}'`);
    const off = await contextIn(dir);
    const { session } = await make(off, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
    await runOnce(off, session.id);
    expect((await sh(dir, `ls '${mark}'`)).exitCode).not.toBe(0);

    const on = await contextIn(dir, HOOKS_ON);
    await expect(runOnce(on, session.id)).rejects.toMatchObject({
      code: 'config.untrusted',
      message: expect.stringContaining('pre-commit'),
    });
    expect(await trustRepositoryHooks(on)).toMatchObject({ hooks: ['pre-commit'] });
    const run = await runOnce(on, session.id);
    expect(run.types).toContain('hook.finished');
    expect((await sh(dir, `ls '${mark}'`)).exitCode).toBe(0);

    writeFileSync(hook, '#!/bin/sh\nexit 0\n');
    await expect(runOnce(on, session.id)).rejects.toMatchObject({ code: 'config.untrusted' });
  });

  it('may change files and the message, as with git commit', async () => {
    const { dir } = await withHook('pre-commit', 'echo formatted >> work.txt');
    writeFileSync(join(dir, '.git', 'hooks', 'commit-msg'), '#!/bin/sh\necho "Ticket: 7" >> "$1"\n');
    chmodSync(join(dir, '.git', 'hooks', 'commit-msg'), 0o755);
    const ctx = await contextIn(dir, HOOKS_ON);
    await trustRepositoryHooks(ctx);
    const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
    await runOnce(ctx, session.id);
    expect(await git(dir, 'show', `${session.branch}:work.txt`)).toContain('formatted');
    expect(await git(dir, 'log', '-1', '--format=%(trailers:key=Ticket,valueonly)', session.branch)).toBe('7\n');
  });

  it('that refuse gate the iteration, and nothing is lost', async () => {
    const { dir } = await withHook('pre-commit', 'echo "lint: 3 errors" >&2; exit 1');
    const ctx = await contextIn(dir, HOOKS_ON);
    await trustRepositoryHooks(ctx);
    const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
    const run = await runOnce(ctx, session.id);
    expect(run.iteration).toMatchObject({ outcome: 'completed', files: 1, failedHooks: [{ hook: 'pre-commit' }] });
    expect(failureOf(run, {})).toMatchObject({
      code: 'hook.failed',
      exit: 4,
      message: expect.stringContaining('lint: 3 errors'),
    });
  });
});

describe('signing', () => {
  it.skipIf(spawnSync('ssh-keygen', ['-?']).error)(
    'uses the user’s ssh key when it is on (SKIP without ssh-keygen)',
    async () => {
      const dir = await makeRepo();
      const key = join(tempDir(), 'key');
      expect((await sh(dir, `ssh-keygen -q -t ed25519 -N '' -f '${key}'`)).exitCode).toBe(0);
      const home = tempDir();
      writeFileSync(join(home, '.gitconfig'), `[gpg]\n\tformat = ssh\n[user]\n\tsigningkey = ${key}.pub\n`);
      const ctx = await contextIn(dir, { ...process.env, AMP_SESSIONS_COMMIT_SIGN: 'true' });
      const before = process.env['HOME'];
      process.env['HOME'] = home;
      try {
        const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
        await runOnce(ctx, session.id);
        expect(await git(dir, 'cat-file', 'commit', session.branch)).toContain('gpgsig -----BEGIN SSH SIGNATURE-----');
      } finally {
        process.env['HOME'] = before;
      }
    },
  );
});

describe('settings of the repository', () => {
  it('that name a program count only once they are trusted, byte for byte', async () => {
    const dir = await makeRepo();
    const mark = join(tempDir(), 'ran');
    writeFileSync(join(dir, '.amp-sessions.yaml'), `setup: touch '${mark}'\ntest: "true"\n`);
    const refused = await cliJson(dir, ['new', '-p', 'x', '-a', 'command:true']);
    expect(refused).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'config.untrusted', hint: expect.stringContaining('config trust') } },
    });
    expect((await cliJson(dir, ['list'])).json.items).toEqual([]);
    expect((await cliJson(dir, ['config', 'trust'])).exitCode).toBe(0);
    expect(await cliJson(dir, ['new', '-p', 'x', '-a', 'command:true'])).toMatchObject({ exitCode: 0 });
    expect((await sh(dir, `ls '${mark}'`)).exitCode).toBe(0);
    writeFileSync(join(dir, '.amp-sessions.yaml'), `setup: touch '${mark}'\ntest: "false"\n`);
    expect((await cliJson(dir, ['new', '-p', 'x', '-a', 'command:true'])).json.error.code).toBe('config.untrusted');
    const flags = ['--setup', 'true', '--test', 'true'];
    expect((await cliJson(dir, ['new', '-p', 'x', '-a', 'command:true', ...flags])).exitCode).toBe(0);
  });

  it('that are wrong are named with file, line and key', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, '.amp-sessions.yaml'), 'test: npm test\ntimeoutsec: 5\n');
    const ran = await cliJson(dir, ['list']);
    expect(ran).toMatchObject({
      exitCode: 2,
      json: {
        error: { code: 'config.invalid', message: expect.stringMatching(/\.amp-sessions\.yaml.*2.*timeoutsec/) },
      },
    });
  });
});

describe('the command agent', () => {
  it('gets prompt and surroundings, and its output is the transcript', async () => {
    const dir = await makeRepo();
    const line =
      'cat > prompt.txt; echo "$AMP_SESSIONS_SESSION $AMP_SESSIONS_ITERATION $AMP_SESSIONS_WORKTREE" > where.txt; echo noise >&2; echo Wrote two files.';
    const made = await cliJson(dir, ['new', '--name', 'c', '-p', 'Der Prompt', '-a', `command:${line}`]);
    const run = await cliJson(dir, ['iterate', 'c']);
    expect(run).toMatchObject({ exitCode: 0, json: { files: 2, subject: 'amp: Wrote two files.' } });
    expect(await git(dir, 'show', `${made.json.branch}:prompt.txt`)).toBe('Der Prompt');
    expect(await git(dir, 'show', `${made.json.branch}:where.txt`)).toBe(`${made.json.id} 1 ${made.json.worktree}`);
    const raw = await cliJson(dir, ['logs', 'c', '--raw']);
    expect(
      raw.json.items.map(({ stream, line: text }: { stream: string; line: string }) => `${stream} ${text}`).sort(),
    ).toEqual(['stderr noise', 'stdout Wrote two files.']);
    const failing = await cliJson(dir, ['iterate', 'c', '-a', 'command:exit 7']);
    expect(failing).toMatchObject({ exitCode: 5, json: { error: { code: 'agent.failed' }, outcome: 'failed' } });
  });
});
