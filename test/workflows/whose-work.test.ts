import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { removeSession } from '../../src/workflows/put-away.ts';
import { renameSession } from '../../src/workflows/rename-session.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const agent = () => ({ name: 'scripted', mode: null, command: script(yaml) });

describe('a person’s uncommitted work', () => {
  it('stays theirs when a set-up command that failed runs again over it', async () => {
    const dir = await makeRepo();
    const mended = join(tempDir(), 'mended');
    const ctx = await contextIn(dir);
    const setup = `echo setup > made-by-setup.txt; test -f '${mended}'`;
    await expect(make(ctx, { agent: agent(), setup })).rejects.toMatchObject({ code: 'setup.failed' });
    const id = (await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions')).split('/')[3]!;
    const worktree = join(dir, '.worktrees', id);
    writeFileSync(join(worktree, 'mine.txt'), 'only copy\n');
    writeFileSync(mended, '');
    const { session } = await runOnce(ctx, id);
    expect(session.manualCommits).toMatchObject([{ origin: 'uncommitted-edits', files: 1 }]);
    expect(await git(dir, 'show', `${session.manualCommits[0]!.commit}:mine.txt`)).toBe('only copy');
    expect(session.leftovers.map(({ path }) => path)).toEqual(['made-by-setup.txt']);
  });
});

describe('what a test run left behind that was interrupted', () => {
  it('is nobody’s work: in no commit, of neither side', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    // On the base, which is tested first with the new command, it has nothing to say.
    const test =
      'case $PWD in *.merged-*) exit 0;; esac; echo out > test-out.txt; echo here; test -f quick || sleep 30';
    const { session, worktree } = await make(ctx, { agent: agent(), test: null });
    await runOnce(ctx, session.id);
    const which = await findSession(ctx, session.id, dir);
    await renameSession(ctx, which, { test, prompt: null });
    const interrupts = new InterruptSwitch();
    const onTestOutput = (text: string) => void (text.includes('here') && interrupts.stop());
    const stopped = await runOnce(ctx, session.id, { interrupts, onTestOutput });
    expect(stopped.types.filter((type) => type !== 'snapshot.taken').at(-1)).toBe('test-run.interrupted');
    expect(stopped.iteration.tests).toBeNull();
    await renameSession(ctx, which, { test: '', prompt: null });
    const after = await runOnce(ctx, session.id);
    expect(after.session.manualCommits).toEqual([]);
    expect(await git(dir, 'log', '--exclude=refs/amp/snapshots/*', '--all', '--format=%h', '--', 'test-out.txt')).toBe(
      '',
    );
    expect(existsSync(join(worktree, 'test-out.txt'))).toBe(true);
  });
});

describe('a person’s commit', () => {
  it('is theirs also when it carries the trailers of an iteration', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session, worktree } = await make(ctx, { agent: agent() });
    await runOnce(ctx, session.id);
    const done = await sh(
      worktree,
      'c=$(git rev-parse HEAD) && git revert --no-edit $c && git cherry-pick $c && git rev-parse HEAD',
    );
    const picked = done.stdout.trim().split('\n').at(-1)!;
    const run = await runOnce(ctx, session.id);
    expect(run.types).not.toContain('agent-commit.folded');
    expect(run.session.manualCommits.map(({ commit }) => commit)).toContain(picked);
    expect((await git(worktree, 'rev-parse', 'HEAD^')).trim()).toBe(picked);
  });
});

describe('a removed session', () => {
  it('is not brought back half by an iterate', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session, worktree } = await make(ctx, { agent: agent() });
    await removeSession(ctx, await findSession(ctx, session.id, dir), { dryRun: false });
    await expect(runOnce(ctx, session.id)).rejects.toMatchObject({ code: 'session.archived' });
    expect(existsSync(worktree)).toBe(false);
    expect(await git(dir, 'branch', '--list', 'amp/*')).toBe('');
  });
});

describe('a name', () => {
  it('gives no secret away in the branch', async () => {
    const dir = await makeRepo();
    const secret = 'hunter2-very-secret-value';
    const ctx = await contextIn(dir, { ...process.env, MY_API_TOKEN: secret });
    const { session } = await make(ctx, { name: null, prompt: `Log in with ${secret} please`, agent: agent() });
    expect(session.branch).not.toContain('hunter2');
    expect(session.name).toContain('[REDACTED:');
    expect(await git(dir, 'rev-parse', '--verify', session.branch)).toMatch(/^[0-9a-f]{40}/);
    const spelled = await make(ctx, { name: 'Hunter2 Very Secret Value', agent: agent() });
    expect(spelled.session.branch).toMatch(/^amp\/session\//);
    const events = await git(dir, 'for-each-ref');
    expect(events).not.toContain('hunter2');
  });

  it('that a branch makes impossible is refused before anything is on record', async () => {
    const dir = await makeRepo();
    await git(dir, 'branch', 'amp/fix');
    const ctx = await contextIn(dir);
    await expect(make(ctx, { name: 'fix', agent: agent() })).rejects.toMatchObject({ code: 'branch.blocked' });
    expect(await git(dir, 'for-each-ref', 'refs/amp')).toBe('');
    expect(await ctx.store.logs()).toEqual([]);
  });

  it('cannot be taken away', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session } = await make(ctx, { agent: agent() });
    const which = await findSession(ctx, session.id, dir);
    await expect(renameSession(ctx, which, { name: ' ', prompt: null })).rejects.toMatchObject({
      code: 'usage.invalid',
    });
  });
});

describe('a program that the repository names', () => {
  it('is not started for a session that names none itself, before the file is trusted', async () => {
    const dir = await makeRepo();
    const mark = join(tempDir(), 'ran');
    const { session } = await make(await contextIn(dir), { agent: { name: 'command', mode: null } });
    writeFileSync(join(dir, '.amp-sessions.yaml'), `agents:\n  command:\n    run: "touch '${mark}'"\n`);
    const ctx = await contextIn(dir);
    await expect(runOnce(ctx, session.id)).rejects.toMatchObject({ code: 'config.untrusted' });
    expect(existsSync(mark)).toBe(false);
    expect(readFileSync(join(dir, '.amp-sessions.yaml'), 'utf8')).toContain('touch');
  });
});
