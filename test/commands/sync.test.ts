import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { twoClones } from '../workflows/sync/world.ts';

const AGENT = 'command:cat >/dev/null; echo x > work.txt';

const made = async (dir: string, ...more: string[]): Promise<string> => {
  const { json } = await cliJson(dir, ['new', '--name', 'task', '-p', 'Do it', '-a', AGENT, ...more]);
  await cli(dir, ['iterate', 'task']);
  return json.id;
};

it('a session of one clone is known in the other after two commands', async () => {
  const { a, b } = await twoClones();
  const id = await made(a, '--test', 'true');
  const sent = await cli(a, ['sync']);
  expect(sent).toMatchObject({
    exitCode: 0,
    stdout: '✓ origin: fetched nothing new, pushed 1 session (2 refs) and notes\n',
  });
  expect((await cli(b, ['sync', '--status'])).stdout).toBe(
    'origin: ahead nothing new; behind 1 session (2 refs) and notes\n',
  );
  const got = await cliJson(b, ['sync']);
  expect(got.json).toMatchObject({ remote: 'origin', logs: { fetched: 1, pushed: 0 }, notes: { fetched: true } });
  expect((await cli(b, ['sync', '--status'])).stdout).toBe('origin: in step\n');

  expect((await cliJson(b, ['list'])).json.items).toMatchObject([{ id, name: 'task', iterations: 1 }]);
  const status = await cli(b, ['status', 'task']);
  expect(status.exitCode).toBe(0);
  expect(status.stdout).toContain('none on this machine; `amp-sessions resume` makes it');
  expect((await cliJson(b, ['timeline', 'task'])).json.items).toEqual(
    (await cliJson(a, ['timeline', 'task'])).json.items,
  );
  expect((await cliJson(b, ['diff', 'task'])).json.files).toMatchObject([{ path: 'work.txt', insertions: 1 }]);
  expect(await cli(b, ['verify'])).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(b, '.worktrees'))).toBe(false);
});

it('commands that came from elsewhere do not run before they are trusted, and not after a change', async () => {
  const { a, b } = await twoClones();
  const witness = join(tempDir(), 'ran');
  const id = await made(
    a,
    '--test',
    `touch '${witness}-$(basename "$(git rev-parse --git-common-dir)")'; pwd >> '${witness}'`,
  );
  await cli(a, ['sync', '-q']);
  await cli(b, ['sync', '-q']);
  const ranIn = async () => (await sh(b, `grep -c "^${b}" '${witness}'`)).stdout.trim();
  const refused = await cliJson(b, ['iterate', 'task']);
  expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: 'config.untrusted' } } });
  expect(refused.json.error.message).toContain('never confirmed here');
  expect(refused.json.error.hint).toContain(`amp-sessions config trust --session ${id}`);
  expect(await ranIn()).toBe('0');
  expect(existsSync(join(b, '.worktrees'))).toBe(false);

  const trusted = await cliJson(b, ['config', 'trust', '--session', 'task']);
  expect(trusted.json.commands.map(({ what }: { what: string }) => what)).toEqual([
    'test command',
    'program of the agent',
  ]);
  expect(await cli(b, ['iterate', 'task'])).toMatchObject({ exitCode: 0 });
  expect(Number(await ranIn())).toBeGreaterThan(0);

  await cli(a, ['rename', 'task', '--test', `touch '${witness}.evil'`]);
  await cli(a, ['sync', '-q']);
  await cli(b, ['sync', '-q']);
  expect(await cli(b, ['iterate', 'task'])).toMatchObject({ exitCode: 1 });
  expect(existsSync(`${witness}.evil`)).toBe(false);
  // What a person here says is theirs; the agent's program, which is not, was trusted beside another command.
  await cli(b, ['rename', 'task', '--test', 'true']);
  expect((await cli(b, ['iterate', 'task'])).stderr).toContain('program of the agent');
  await cli(b, ['config', 'trust', '--session', 'task']);
  expect(await cli(b, ['iterate', 'task'])).toMatchObject({ exitCode: 0 });
  expect(await cli(a, ['config', 'trust', '--session', 'task'])).toMatchObject({ exitCode: 0 });
});

it('says in one sentence what is missing: a remote, a way there, the right to push', async () => {
  const alone = await makeRepo();
  await made(alone);
  const none = await cliJson(alone, ['sync']);
  expect(none).toMatchObject({ exitCode: 1, json: { error: { code: 'remote.missing' } } });
  expect(none.json.error.hint).toContain('git remote add origin');
  expect(await cli(alone, ['sync', '--status'])).toMatchObject({
    exitCode: 0,
    stdout: 'There is no remote. Add one with `git remote add origin <url>`.\n',
  });

  await git(alone, 'remote', 'add', 'origin', 'https://127.0.0.1:9/nothing.git');
  const offline = await cliJson(alone, ['sync']);
  expect(offline).toMatchObject({ exitCode: 1, json: { error: { code: 'remote.unreachable' } } });
  const status = await cli(alone, ['sync', '--status']);
  expect(status).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^origin: The remote origin cannot be reached/),
  });
  expect(await cliJson(alone, ['sync', '--remote', 'nobody'])).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'remote.missing' } },
  });

  const up = await makeRepo({ bare: true });
  await sh(
    up,
    'git config receive.denyUpdates true; printf "#!/bin/sh\\nexit 1\\n" > hooks/pre-receive; chmod +x hooks/pre-receive',
  );
  const denied = await cliJson(alone, ['sync', '--remote', up]);
  expect(denied).toMatchObject({ exitCode: 1, json: { error: { code: 'push.rejected' } } });
  expect(denied.json.refused).toHaveLength(3);
  expect(denied.json.error.message).not.toMatch(/\n/);
  expect(await git(alone, 'for-each-ref', 'refs/amp-outgoing')).toBe('');
  expect(readdirSync(join(alone, '.git/amp/locks')).filter((name) => name.includes('sync'))).toEqual([]);
});

it('--remote takes an address or a folder as seen from where one stands; a folder inside is refused', async () => {
  const repo = await makeRepo();
  await made(repo);
  const up = await makeRepo({ bare: true });
  const near = await cliJson(join(repo, 'src'), [
    'sync',
    '--remote',
    `../${'../'.repeat(1)}${up.split('/').slice(-2).join('/')}`,
  ]);
  expect(near).toMatchObject({ exitCode: 0, json: { pushed: expect.any(Array), refused: [] } });
  expect(await git(up, 'for-each-ref', '--format=x', 'refs/amp')).toBe('x\nx');
  await git(repo, 'init', '-q', '--bare', 'planted.git');
  const inside = await cliJson(repo, ['sync', '--remote', './planted.git']);
  expect(inside).toMatchObject({ exitCode: 1, json: { error: { code: 'remote.unreachable' } } });
  expect(await git(repo, 'remote')).toBe('');
});

it('the setting keeps the code here as the flag does', async () => {
  const { a, up } = await twoClones();
  await made(a);
  await sh(a, "printf 'sync:\\n  historyOnly: true\\n' > .amp-sessions.yaml");
  expect(await cli(a, ['sync', '-q'])).toMatchObject({ exitCode: 0 });
  expect(await git(up, 'for-each-ref', '--format=%(refname)', 'refs/amp/code')).toBe('');
  expect((await cli(a, ['sync', '--status'])).stdout).toBe('origin: in step\n');
});
