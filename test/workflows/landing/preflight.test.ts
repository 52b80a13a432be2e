import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../../src/process/lock.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { lockPath } from '../../../src/workflows/journal.ts';
import { gatesFailed, preflight } from '../../../src/workflows/landing/preflight.ts';
import { archiveSession, removeSession } from '../../../src/workflows/put-away.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { countStarts } from '../../git/support.ts';
import { PROGRAM } from '../../support/cli.ts';
import { rarely } from '../../support/rarely.ts';
import { git, makeRepo, sh, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';
import { everything, gate, makeField, withLine } from './preflight-world.ts';

const posix = process.platform !== 'win32';

describe('preflight', () => {
  it('of plain work passes every gate, and leaves everything as it is', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(3, 'changed');
    const before = await everything(field.dir);
    const answer = await s.preflight();
    expect(answer).toMatchObject({ session: s.id, target: 'main', ahead: 1, behind: 0, ok: true });
    expect(answer.gates.map(({ name, ok, severity }) => [name, ok, severity])).toEqual([
      ['worktree', true, 'gate'],
      ['repository', true, 'gate'],
      ['target', true, 'gate'],
      ['conflicts', true, 'gate'],
      ['tests', true, 'gate'],
      ['code', true, 'gate'],
      ['secrets', true, 'gate'],
      ['sessions', true, 'gate'],
    ]);
    expect(gatesFailed(answer)).toBeUndefined();
    expect(await everything(field.dir)).toBe(before);
  });

  rarely('starts few programs', async () => {
    const field = await makeField();
    const s = await field.session();
    for (const line of [1, 3, 5]) await s.line(line, `changed ${line}`);
    await field.upstream('up.txt', 'up\n');
    const count = await countStarts();
    await s.preflight().finally(() => count.stop());
    expect(count.starts().length).toBeLessThan(40);
  });

  it('of a session without work has nothing to say against it', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'false' });
    await field.upstream('up.txt', 'up\n');
    const answer = await s.preflight({ skipTests: false });
    expect(answer).toMatchObject({ ahead: 0, behind: 1, ok: true });
    expect(gate(answer, 'conflicts').detail).toContain('nothing to merge');
    expect(gate(answer, 'tests')).toMatchObject({ ok: true, skipped: true });
  });

  rarely('of a removed session, or one whose branch is gone, is refused with the next step', async () => {
    const field = await makeField();
    const [a, b] = [await field.session({ name: 'a' }), await field.session({ name: 'b' })];
    await removeSession(field.ctx, a.which, { dryRun: false });
    await expect(a.preflight()).rejects.toMatchObject({ code: 'session.archived' });
    await archiveSession(field.ctx, b.which, { dryRun: false });
    expect(gate(await b.preflight(), 'worktree')).toMatchObject({ ok: true, detail: 'archived' });
    await git(field.dir, 'branch', '-D', b.branch);
    await expect(b.preflight()).rejects.toMatchObject({ code: 'ref.missing', hint: expect.stringContaining('doctor') });
    await expect((await field.session()).preflight({ into: 'nope' })).rejects.toMatchObject({ code: 'ref.missing' });
  });

  it('works in a bare repository, and into another branch', async () => {
    const field = await makeField({ bare: true });
    const s = await field.session();
    await git(s.worktree, 'config', 'user.email', 't@example.com');
    await git(s.worktree, 'config', 'user.name', 'T');
    s.write('new.txt', 'new\n');
    await s.commit();
    await git(field.dir, 'branch', 'release', 'main');
    const answer = await s.preflight({ into: 'release' });
    expect(answer).toMatchObject({ ok: true, target: 'release', ahead: 1 });
    expect(gate(answer, 'target').detail).toBe('release is where the session left it; checked out nowhere');
  });

  it.skipIf(!posix)('takes any name, binaries, links and submodules', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'git status --porcelain' });
    for (const path of ['-n', 'sp ace', 'new\nline', 'ü', '"q"']) s.write(path, `in ${path}\n`);
    s.write('bin', Buffer.of(0, 1, 2, 255));
    await sh(s.worktree, 'ln -s ../nowhere link; rm b.txt; ln -s a.txt b.txt');
    const sub = await makeRepo();
    await sh(s.worktree, `git -c protocol.file.allow=always submodule add -q '${sub}' sub`);
    await s.commit();
    await field.upstream('up.txt', 'up\n');
    const answer = await s.preflight({ skipTests: false });
    expect(answer.gates.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['code']);
    expect(gate(answer, 'code').findings).toEqual([
      { path: '.gitmodules', text: 'says how git treats files' },
      { path: 'sub', text: "a submodule: another repository's code" },
    ]);
    expect(gate(answer, 'tests').detail).toContain('passed on the merged result');
  });
});

describe('the worktree', () => {
  it('has to be clean; what a test run left behind does not count', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = { name: 'command', mode: null, command: 'echo work > work.txt' };
    const { session, worktree } = await make(ctx, { agent, test: 'echo junk > junk.txt' });
    await runOnce(ctx, session.id);
    const which = await findSession(ctx, session.id, dir);
    const look = async () => preflight(ctx, which, { skipTests: true });
    expect(gate(await look(), 'worktree')).toMatchObject({ ok: true, detail: 'clean' });
    writeFileSync(join(worktree, 'junk.txt'), 'mine now\n');
    writeFileSync(join(worktree, 'a.txt'), 'edited\n');
    const answer = await look();
    expect(gate(answer, 'worktree')).toMatchObject({
      ok: false,
      severity: 'gate',
      detail: '2 files not committed: a.txt, junk.txt',
      hint: expect.stringContaining('iterate'),
      findings: [
        { path: 'a.txt', text: 'changed' },
        { path: 'junk.txt', text: 'changed' },
      ],
    });
    expect(gatesFailed(answer)).toMatchObject({
      code: 'gate.failed',
      exit: 4,
      answer: { ok: false, session: session.id },
    });
  });

  rarely('must be on its branch, and nobody else at work', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    await git(s.worktree, 'switch', '-q', '--detach');
    expect(gate(await s.preflight(), 'worktree')).toMatchObject({
      ok: false,
      detail: `it has a detached HEAD checked out, not ${s.branch}`,
      hint: expect.stringContaining('switch'),
    });
    await git(s.worktree, 'switch', '-q', s.branch);
    const own = await acquireLock(lockPath(field.ctx, s.id), { command: 'merge' });
    // Our own lock is the merge that asks.
    expect(gate(await s.preflight(), 'worktree').ok).toBe(true);
    own.release();
  });

  it('of a session whose iteration runs, or died, says so', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = { name: 'command', mode: null, command: 'sleep 30' };
    const { session } = await make(ctx, { agent });
    const which = await findSession(ctx, session.id, dir);
    const child = spawn(process.execPath, [PROGRAM, 'iterate', session.id], { cwd: dir, stdio: 'ignore' });
    for (let n = 0; n < 300 && (await readSession(ctx, session.id)).iterations.length === 0; n++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const running = await preflight(ctx, which, { skipTests: true });
    expect(gate(running, 'worktree')).toMatchObject({
      ok: false,
      detail: `\`iterate\` works on task right now (process ${child.pid})`,
      hint: expect.stringContaining(`stop ${session.id}`),
    });
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(gate(await preflight(ctx, which, { skipTests: true }), 'worktree')).toMatchObject({
      ok: false,
      detail: 'iteration 1 never ended: its process died',
    });
  });
});

describe('the target', () => {
  it('may have moved, and says how far', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    await field.upstream('up.txt', 'up\n');
    await field.upstream('up2.txt', 'up\n');
    const answer = await s.preflight();
    expect(answer).toMatchObject({ ok: true, ahead: 1, behind: 2 });
    expect(gate(answer, 'target').detail).toBe(
      `main has moved: 2 commits that the session does not have; checked out in ${field.dir}`,
    );
  });

  rarely('checked out with changes, anywhere, stops it', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    const elsewhere = join(tempDir(), 'wt');
    await git(field.dir, 'switch', '-q', '-c', 'aside');
    await git(field.dir, 'worktree', 'add', '-q', elsewhere, 'main');
    writeFileSync(join(field.dir, 'a.txt'), 'dirty on another branch\n');
    expect(gate(await s.preflight(), 'target').ok).toBe(true);
    writeFileSync(join(elsewhere, 'b.txt'), 'dirty\n');
    expect(gate(await s.preflight(), 'target')).toMatchObject({
      ok: false,
      detail: `main is checked out in ${elsewhere} with uncommitted changes: b.txt`,
      hint: expect.stringContaining('stash'),
      findings: [{ path: 'b.txt', text: 'not committed' }],
    });
  });

  it('in the middle of a rebase or merge stops it', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(1, 'x');
    await git(field.dir, 'switch', '-q', '-c', 'side');
    await field.upstream('ten.txt', withLine(2, 'side'));
    await git(field.dir, 'switch', '-q', 'main');
    await field.upstream('ten.txt', withLine(2, 'main'));
    expect((await sh(field.dir, 'git merge side')).exitCode).toBe(1);
    expect(gate(await s.preflight(), 'target').detail).toBe(
      `main is checked out in ${field.dir}, in the middle of a merge`,
    );
    await sh(field.dir, 'git merge --abort; git rebase side');
    expect(gate(await s.preflight(), 'target')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('in the middle of a rebase'),
    });
  });

  rarely('with untracked files in the way stops it, with other ones does not', async () => {
    const field = await makeField();
    const s = await field.session();
    s.write('new.txt', 'from the session\n');
    await s.commit();
    writeFileSync(join(field.dir, 'other.txt'), 'mine\n');
    expect(gate(await s.preflight(), 'target').ok).toBe(true);
    writeFileSync(join(field.dir, 'new.txt'), 'mine\n');
    expect(gate(await s.preflight(), 'target')).toMatchObject({
      ok: false,
      detail: `untracked files in ${field.dir} are in the way: new.txt`,
    });
  });
});

describe('conflicts', () => {
  it('are named with their files, and the rest is looked at all the same', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'true' });
    await s.line(5, 'ours');
    await field.upstream('ten.txt', withLine(5, 'theirs'));
    const before = await everything(field.dir);
    const answer = await s.preflight({ skipTests: false });
    expect(answer.ok).toBe(false);
    expect(gate(answer, 'conflicts')).toMatchObject({
      ok: false,
      detail: '1 file in conflict with main: ten.txt',
      findings: [{ path: 'ten.txt', text: expect.stringContaining('content') }],
      hint: expect.stringContaining(`rebase ${s.id}`),
    });
    expect(gate(answer, 'tests')).toMatchObject({ skipped: true, ok: true });
    expect(gatesFailed(answer)).toMatchObject({ exit: 4, message: expect.stringContaining('conflicts') });
    expect(await everything(field.dir)).toBe(before);
  });

  rarely('neighbouring lines are a conflict too, one line apart is none', async () => {
    const field = await makeField();
    const s = await field.session();
    await s.line(5, 'ours');
    await field.upstream('ten.txt', withLine(6, 'theirs'));
    expect(gate(await s.preflight(), 'conflicts').ok).toBe(false);
    await field.upstream('ten.txt', withLine(8, 'theirs'));
    expect(gate(await s.preflight(), 'conflicts').ok).toBe(true);
  });

  it("people's commits that cannot be kept apart are told, with the way out", async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = { name: 'command', mode: null, command: 'echo agent >> a.txt' };
    const { session, worktree } = await make(ctx, { agent });
    const which = await findSession(ctx, session.id, dir);
    await runOnce(ctx, session.id);
    writeFileSync(join(worktree, 'a.txt'), 'by hand\n');
    await git(worktree, 'commit', '-q', '-a', '-m', 'mine');
    await runOnce(ctx, session.id);
    const answer = await preflight(ctx, which, { skipTests: true });
    expect(gate(answer, 'conflicts')).toMatchObject({ ok: false, hint: expect.stringContaining('--manual include') });
  });
});

describe('code', () => {
  it.skipIf(!posix)('that runs by itself is for review, and stops nothing', async () => {
    const field = await makeField();
    const s = await field.session();
    mkdirSync(join(s.worktree, '.github/workflows'), { recursive: true });
    s.write('.github/workflows/ci.yml', 'on: push\n');
    s.write('package.json', '{"scripts":{"postinstall":"x"},"dependencies":{"a":"1"}}');
    s.write('tool.sh', '#!/bin/sh\n');
    chmodSync(join(s.worktree, 'tool.sh'), 0o755);
    chmodSync(join(s.worktree, 'a.txt'), 0o755);
    await s.commit();
    const answer = await s.preflight();
    expect(answer.ok).toBe(true);
    expect(gate(answer, 'code')).toMatchObject({
      ok: false,
      severity: 'review',
      detail: '4 changed files may run code by themselves',
    });
    expect(gate(answer, 'code').findings).toEqual([
      { path: '.github/workflows/ci.yml', text: 'continuous integration' },
      { path: 'a.txt', text: 'may be executed now' },
      { path: 'package.json', text: 'scripts.postinstall' },
      { path: 'tool.sh', text: 'may be executed now' },
    ]);
  });

  it('that goes, stays as it is, or is a package without other commands is not named', async () => {
    const field = await makeField();
    writeFileSync(join(field.dir, 'Makefile'), 'all:\n');
    writeFileSync(join(field.dir, 'package.json'), '{"version":"1","scripts":{"test":"x"}}');
    await git(field.dir, 'add', '-A');
    await git(field.dir, 'commit', '-q', '-m', 'more');
    const s = await field.session();
    await git(s.worktree, 'rm', '-q', 'Makefile');
    s.write('package.json', '{ "version": "2",\n "scripts": { "test": "x" } }');
    await s.commit();
    expect(gate(await s.preflight(), 'code')).toMatchObject({
      ok: true,
      detail: 'no changed file runs code by itself',
    });
  });
});

describe('secrets', () => {
  const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

  it('among the added lines stop it: where and of what kind, never which', async () => {
    const field = await makeField();
    const s = await field.session();
    s.write('conf ig.env', `one\n\nGITHUB=${TOKEN}\n`);
    s.write('.gitattributes', '*.env binary\n');
    await s.commit();
    const answer = await s.preflight();
    expect(gate(answer, 'secrets')).toMatchObject({
      ok: false,
      severity: 'gate',
      detail: '1 added line looks like a secret',
      findings: [{ path: 'conf ig.env', line: 3, text: 'github' }],
    });
    expect(JSON.stringify(answer)).not.toContain('ghp_');
    expect(JSON.stringify(gatesFailed(answer)?.answer)).not.toContain('ghp_');
  });

  rarely('that were there before do not', async () => {
    const field = await makeField();
    await field.upstream('old.env', `KEEP=1\nT=${TOKEN}\nEND=1\n`);
    const s = await field.session();
    s.write('old.env', `KEEP=2\nT=${TOKEN}\nEND=1\n`);
    await git(s.worktree, 'mv', 'old.env', 'moved.env');
    await s.commit();
    expect(gate(await s.preflight(), 'secrets')).toMatchObject({ ok: true });
  });

  it('that the agent took out again do not, as its commits become one', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = {
      name: 'command',
      mode: null,
      command: `[ -e x.env ] && echo T= > x.env || echo T=gh$(printf p_)${TOKEN.slice(4)} > x.env`,
    };
    const { session } = await make(ctx, { agent });
    const which = await findSession(ctx, session.id, dir);
    await runOnce(ctx, session.id);
    expect(gate(await preflight(ctx, which, { skipTests: true }), 'secrets').ok).toBe(false);
    await runOnce(ctx, session.id);
    expect(gate(await preflight(ctx, which, { skipTests: true }), 'secrets').ok).toBe(true);
  });

  rarely('that a later commit takes out count while history keeps them', async () => {
    const field = await makeField();
    const s = await field.session();
    s.write('x.env', `T=${TOKEN}\n`);
    const first = await s.commit();
    s.write('x.env', 'T=\n');
    await s.commit();
    const found = gate(await s.preflight(), 'secrets');
    expect(found).toMatchObject({ ok: false, hint: expect.stringContaining('squash') });
    expect(found.findings).toEqual([{ path: 'x.env', line: 1, text: `github, in commit ${first.slice(0, 8)}` }]);
  });
});
