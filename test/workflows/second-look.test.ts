import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliJson } from '../support/cli.ts';
import { git, makeRepo } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

describe('a command line that holds a secret', () => {
  const secret = `ghp_${'Ab1'.repeat(12)}`;
  it.each([
    ['--test', `curl -H 'Authorization: Bearer ${secret}' localhost`, 'test command'],
    ['--setup', `login ${secret}`, 'set-up command'],
    ['-a', `command:work ${secret}`, 'program'],
  ])('is refused, for what is on record is what runs (%s)', async (flag, line, what) => {
    const dir = await makeRepo();
    const ran = await cliJson(dir, ['new', '-p', 'x', ...(flag === '-a' ? [] : ['-a', 'command:true']), flag, line]);
    expect(ran).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'usage.invalid', message: expect.stringContaining(what) } },
    });
    expect(ran.stdout).not.toContain(secret);
    expect((await cliJson(dir, ['list'])).json.items).toEqual([]);
  });
  it('is refused by rename too', async () => {
    const dir = await makeRepo();
    await cliJson(dir, ['new', '--name', 'r', '-p', 'x', '-a', 'command:true']);
    expect((await cliJson(dir, ['rename', 'r', '--test', `x ${secret}`])).json.error.code).toBe('usage.invalid');
  });
});

describe('a worktree whose .git file the agent removed', () => {
  it('has its work committed, and is put right for the next iteration', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const yaml = 'after: repeat\niterations:\n  - - run: rm -f .git && date +%N >> x.txt\n    - message: Removed it.\n';
    const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
    expect((await runOnce(ctx, session.id)).iteration).toMatchObject({ outcome: 'completed', files: 1 });
    expect((await runOnce(ctx, session.id)).iteration).toMatchObject({ iteration: 2, outcome: 'completed', files: 1 });
    expect(await git(dir, 'log', '--format=%s', `main..${session.branch}`)).toBe('amp: Removed it.\namp: Removed it.');
    expect(existsSync(join(worktree, 'x.txt'))).toBe(true);
  });
});

describe('a gentle stop', () => {
  it('reaches what a shell waits for, not only the shell', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const command = `trap 'echo told >> told.txt' INT; sh -c 'trap "echo told >> told-too.txt; exit 3" INT; while :; do sleep 0.05; done'; echo over`;
    const { session, worktree } = await make(ctx, { agent: { name: 'command', mode: null, command } });
    const run = await runOnce(ctx, session.id, { timeoutSec: 1 });
    expect(run.iteration.outcome).toBe('timed-out');
    expect(existsSync(join(worktree, 'told-too.txt'))).toBe(true);
  });
});
