import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownIdentity } from '../../src/process/identity.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { removeSession } from '../../src/workflows/put-away.ts';
import { failureOf } from '../../src/workflows/run-iteration.ts';
import { stopSession } from '../../src/workflows/stop-session.ts';
import { trustRepositoryHooks } from '../../src/workflows/user-hooks.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const HOOKS_ON = { ...process.env, AMP_SESSIONS_COMMIT_HOOKS: 'true' };
const agent = (run: string) => ({
  name: 'scripted',
  mode: null,
  command: script(`after: repeat\niterations:\n  - - run: ${JSON.stringify(run)}\n    - message: Worked.\n`),
});
const hookIn = (folder: string, body: string): string => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'pre-commit');
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
};

describe('hooks that the agent changed while it ran', () => {
  it('do not run, and gate the iteration; its work is committed', async () => {
    const dir = await makeRepo();
    const mark = join(tempDir(), 'ran');
    const hook = hookIn(join(dir, '.git', 'hooks'), 'exit 0');
    const ctx = await contextIn(dir, HOOKS_ON);
    await trustRepositoryHooks(ctx);
    const { session } = await make(ctx, { agent: agent(`echo work > work.txt; echo "touch '${mark}'" >> '${hook}'`) });
    const run = await runOnce(ctx, session.id);
    expect(existsSync(mark)).toBe(false);
    expect(await git(dir, 'show', `${session.branch}:work.txt`)).toBe('work');
    expect(failureOf(run, {})).toMatchObject({ code: 'hook.failed', message: expect.stringContaining('not run') });
  });

  it('by pointing core.hooksPath at its own do not run either', async () => {
    const dir = await makeRepo();
    const mark = join(tempDir(), 'ran');
    const ctx = await contextIn(dir, HOOKS_ON);
    const own = hookIn(join(tempDir(), 'evil'), `touch '${mark}'`);
    const point = `echo work > work.txt; git config core.hooksPath '${join(own, '..')}'`;
    const { session } = await make(ctx, { agent: agent(point) });
    const run = await runOnce(ctx, session.id);
    expect(existsSync(mark)).toBe(false);
    expect(failureOf(run, {})).toMatchObject({ code: 'hook.failed' });
  });

  it('run from where core.hooksPath leads once they are trusted', async () => {
    const dir = await makeRepo();
    const mark = join(tempDir(), 'ran');
    hookIn(join(dir, '.husky'), `touch '${mark}'`);
    await git(dir, 'add', '.husky');
    await git(dir, 'commit', '-qm', 'hooks in the tree');
    await git(dir, 'config', 'core.hooksPath', '.husky');
    const ctx = await contextIn(dir, HOOKS_ON);
    const { session } = await make(ctx, { agent: agent('echo work > work.txt') });
    await expect(runOnce(ctx, session.id)).rejects.toMatchObject({ code: 'config.untrusted' });
    expect(await trustRepositoryHooks(ctx)).toMatchObject({ hooks: ['pre-commit'] });
    await runOnce(ctx, session.id);
    expect(existsSync(mark)).toBe(true);
  });
});

describe('a crash that is put in order by rm', () => {
  it('runs no hook on the word of an untrusted file', async () => {
    const dir = await makeRepo();
    const mark = join(tempDir(), 'ran');
    const first = await contextIn(dir);
    const { session, worktree } = await make(first, { agent: agent('true') });
    await withJournal(first, { id: session.id, name: 'task', command: 'iterate' }, async (journal) => {
      const how = { name: 'scripted', mode: null, version: null, threadId: null };
      const limits = { timeoutMs: null, stopStrength: 'group' as const };
      const data = { prompt: 'go', reason: 'prompt' as const, head: journal.session.head, agent: how, ...limits };
      await journal.decide({ do: 'startIteration', data });
    });
    writeFileSync(join(worktree, 'work.txt'), 'work');
    hookIn(join(dir, '.git', 'hooks'), `touch '${mark}'`);
    writeFileSync(join(dir, '.amp-sessions.yaml'), 'commit:\n  hooks: true\n');
    const ctx = await contextIn(dir);
    const which = await findSession(ctx, session.id, dir);
    await removeSession(ctx, which, { dryRun: false, unmerged: true });
    expect(existsSync(mark)).toBe(false);
    expect(existsSync(worktree)).toBe(false);
  });
});

describe('.worktreeinclude', () => {
  it('copies nothing that the new worktree would commit', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    writeFileSync(join(dir, '.gitignore'), '.env\nlocal/\n');
    writeFileSync(join(dir, '.worktreeinclude'), '.env\nlocal/\n');
    await git(dir, 'add', '.');
    await git(dir, 'commit', '-qm', 'ignore');
    writeFileSync(join(dir, '.env'), 'PASSWORD=1\n');
    mkdirSync(join(dir, 'local'));
    writeFileSync(join(dir, 'local', 'key'), 'k');
    const before = await make(ctx, { base: 'HEAD~1', agent: agent('echo work > work.txt') });
    expect(existsSync(join(before.worktree, '.env'))).toBe(false);
    const { session } = await runOnce(ctx, before.session.id);
    expect(session.manualCommits).toEqual([]);
    const now = await make(ctx, { name: 'now', agent: agent('true') });
    expect(readFileSync(join(now.worktree, '.env'), 'utf8')).toBe('PASSWORD=1\n');
    expect(readFileSync(join(now.worktree, 'local', 'key'), 'utf8')).toBe('k');
  });
});

describe('stop', () => {
  it.skipIf(process.platform !== 'linux')('signals nobody for a holder in another process namespace', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session } = await make(ctx, { agent: agent('true') });
    const bystander = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
    await once(bystander, 'spawn');
    const holder = { ...ownIdentity(), pid: bystander.pid, host: hostname(), pidNamespace: 'pid:[1]' };
    const lock = join(dir, '.git', 'amp', 'locks', `session.${session.id}.lock`);
    writeFileSync(lock, JSON.stringify({ ...holder, command: 'iterate', nonce: 'n', since: 'now' }));
    const which = await findSession(ctx, session.id, dir);
    await expect(stopSession(ctx, which, { now: false })).rejects.toMatchObject({ code: 'session.busy' });
    expect(bystander.signalCode).toBeNull();
    bystander.kill('SIGKILL');
    const [, signal] = await once(bystander, 'exit');
    expect(signal).toBe('SIGKILL');
  });
});
