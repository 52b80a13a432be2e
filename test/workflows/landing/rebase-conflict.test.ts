import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/session/conclusions.ts';
import { squashSession } from '../../../src/workflows/landing/squash.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { archiveSession, removeSession } from '../../../src/workflows/put-away.ts';
import { rarely } from '../../support/rarely.ts';
import { git, sh } from '../../support/repo.ts';
import { conflicted, makeRebaseWorld, RESOLVED } from './rebase-world.ts';
import { checkoutOf } from './world.ts';

describe('a rebase that meets a conflict', () => {
  it('waits, shows it in the worktree, and has moved nothing', async () => {
    const w = await conflicted();
    const before = await checkoutOf(w.dir);
    const { answer, failure } = await w.rebase('main');
    expect(answer).toMatchObject({
      state: 'conflicted',
      commit: w.tip,
      previous: w.tip,
      onto: { name: 'main', commit: w.up },
      rewritten: 1,
      subject: 'Change the second line',
      worktree: w.worktree,
      remaining: 1,
      files: [{ path: 'a.txt', kind: 'content', hunks: [{ startLine: 2, endLine: 6 }] }],
    });
    expect(failure).toMatchObject({
      code: 'landing.conflict',
      exit: 3,
      details: { conflicts: [{ path: 'a.txt', kind: 'content', hunks: [{ startLine: 2, endLine: 6 }] }] },
      hint: expect.stringContaining(`amp-sessions rebase ${w.id} --continue`),
    });
    expect(failure?.hint).toContain(w.worktree);
    expect(await w.rev(w.branch)).toBe(w.tip);
    expect(await w.status()).toBe('UU a.txt');
    const [head, parent] = [await git(w.worktree, 'rev-parse', 'HEAD'), await git(w.worktree, 'rev-parse', 'HEAD~1')];
    expect([await git(w.worktree, 'branch', '--show-current'), parent]).toEqual(['', w.up]);
    expect(await git(w.dir, 'log', '-1', '--format=%s', head)).toBe('First');
    expect(await checkoutOf(w.dir)).toBe(before);
    const session = await w.session();
    expect([statusOf(session), session.head, session.conflict?.shown]).toEqual(['conflicted', w.tip, true]);
  });

  rarely('builds the worktree of an archived session to show it', async () => {
    const w = await conflicted();
    await archiveSession(w.ctx, w.which, { dryRun: false });
    await w.rebase('main');
    expect(await w.status()).toBe('UU a.txt');
    w.write('a.txt', RESOLVED);
    await w.goOn();
    expect(await w.inTree('cat a.txt last.txt')).toBe(`${RESOLVED}last\n`);
  });

  it('is refused, with nothing recorded, when leftovers are in the way', async () => {
    const w = await conflicted({ session: { test: 'echo log > a.log' } });
    await w.iterate();
    await w.upstream('a.log', 'upstream has it\n');
    await expect(w.rebase('main')).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect((await w.session()).conflict).toBeNull();
    expect(w.read('a.log')).toBe('log\n');
  });

  rarely('lets no other verb begin', async () => {
    const w = await conflicted();
    await w.rebase('main');
    const waits = { code: 'landing.conflict', hint: expect.stringContaining('--continue') };
    await expect(w.iterate()).rejects.toMatchObject({ ...waits, exit: 3 });
    await expect(w.rebase('main')).rejects.toMatchObject(waits);
    await expect(squashSession(w.ctx, w.which, { dryRun: false })).rejects.toMatchObject(waits);
    await expect(undoLast(w.ctx, w.which, { dryRun: false })).rejects.toMatchObject(waits);
    for (const work of [archiveSession, removeSession])
      await expect(work(w.ctx, w.which, { dryRun: false, unmerged: true })).rejects.toMatchObject(waits);
    expect(await w.status()).toBe('UU a.txt');
  });
});

describe('--continue', () => {
  it('takes the files as they are, with the author, date and message of the commit', async () => {
    const w = await makeRebaseWorld();
    await w.byHand('a.txt', 'one\nMINE\nthree\n', 'Mine');
    await sh(w.worktree, 'git commit -q --amend --no-edit --author "Ann <ann@x>" --date 2020-02-02T10:00:00+0200');
    await w.byHand('last.txt', 'last\n', 'Last');
    const up = await w.upstream('a.txt', 'one\nUP\nthree\n');
    const tip = await w.rev(w.branch);
    await w.rebase('main');
    w.write('a.txt', RESOLVED);
    const { answer, failure } = await w.goOn();
    expect(failure).toBeUndefined();
    expect(answer).toMatchObject({ state: 'rebased', previous: tip, rewritten: 2, dropped: [] });
    expect(await git(w.dir, 'log', '-1', '--format=%an %ae %aI %s', `${w.branch}~1`)).toBe(
      'Ann ann@x 2020-02-02T10:00:00+02:00 Mine',
    );
    expect(await w.rev(`${w.branch}~2`)).toBe(up);
    expect([await w.status(), await git(w.worktree, 'branch', '--show-current')]).toEqual(['', w.branch]);
    expect(await w.inTree('cat a.txt last.txt')).toBe(`${RESOLVED}last\n`);
    expect(await w.session()).toMatchObject({ conflict: null, head: answer.commit, base: 'main', baseCommit: up });
  });

  it.each([
    ['edited', 'true'],
    ['staged', 'git add a.txt'],
    ['committed', 'git commit -qam "By me"'],
  ])('accepts what somebody has %s', async (how, command) => {
    const w = await conflicted();
    await w.rebase('main');
    w.write('a.txt', RESOLVED);
    await sh(w.worktree, command);
    expect((await w.goOn()).answer).toMatchObject({ state: 'rebased', rewritten: 3 });
    const middle = how === 'committed' ? 'By me' : 'Change the second line';
    expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['Last', middle, 'First']);
    expect(await w.inTree('cat first.txt a.txt last.txt')).toBe(`first\n${RESOLVED}last\n`);
  });

  rarely('says where markers are left, and changes nothing', async () => {
    const w = await conflicted();
    await w.rebase('main');
    const before = await w.whole();
    await expect(w.goOn()).rejects.toMatchObject({
      code: 'landing.conflict',
      message: expect.stringContaining('a.txt:2'),
      details: { conflicts: [{ path: 'a.txt', kind: 'content', line: 2 }] },
    });
    await git(w.worktree, 'add', 'a.txt');
    await expect(w.goOn()).rejects.toMatchObject({
      code: 'landing.conflict',
      message: expect.stringContaining('a.txt:2'),
    });
    await git(w.worktree, 'checkout', '-q', '-m', '--', 'a.txt');
    expect((await w.whole()).split('\n')[0]).toBe(before.split('\n')[0]);
    expect(await w.rev(w.branch)).toBe(w.tip);
  });

  it('leaves a commit out of which nothing is left', async () => {
    const w = await conflicted();
    await w.rebase('main');
    await sh(w.worktree, 'git checkout -q --ours a.txt && git add a.txt');
    const { answer } = await w.goOn();
    expect(answer).toMatchObject({ state: 'rebased', rewritten: 2, dropped: [await w.rev(`${w.tip}~1`)] });
    expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['Last', 'First']);
  });

  rarely('stops at the next conflict, and counts over all of them', async () => {
    const w = await makeRebaseWorld();
    await w.byHand('a.txt', 'one\nA1\nthree\n', 'A1');
    await w.byHand('x.txt', 'x\n', 'X');
    await w.byHand('a.txt', 'one\nA2\nthree\n', 'A2');
    const tip = await w.rev(w.branch);
    const up = await w.upstream('a.txt', 'one\nUP\nthree\n');
    await w.rebase('main');
    w.write('a.txt', 'one\nUP and A1\nthree\n');
    const second = await w.goOn();
    expect(second.answer).toMatchObject({
      state: 'conflicted',
      subject: 'A2',
      remaining: 0,
      rewritten: 2,
      commit: tip,
    });
    expect(await w.status()).toBe('UU a.txt');
    w.write('a.txt', 'one\nUP and A2\nthree\n');
    expect((await w.goOn()).answer).toMatchObject({ state: 'rebased', rewritten: 3, previous: tip });
    expect(await w.subjects(`${up}..${w.branch}`)).toEqual(['A2', 'X', 'A1']);
    expect((await w.session()).operations).toHaveLength(1);
    await undoLast(w.ctx, w.which, { dryRun: false });
    expect([await w.rev(w.branch), await w.status()]).toEqual([tip, '']);
  });

  it('ends on the commit that it was bound for, and says that the target has moved', async () => {
    const w = await conflicted();
    await w.rebase('main');
    await w.upstream('later.txt', 'later\n');
    w.write('a.txt', RESOLVED);
    expect((await w.goOn()).answer).toMatchObject({ onto: { commit: w.up } });
    expect(await w.rev(`${w.branch}~3`)).toBe(w.up);
    expect(w.ctx.warnings).toContainEqual(expect.stringContaining('main has moved'));
  });

  rarely('never ends what somebody else began', async () => {
    const w = await conflicted();
    await w.rebase('main');
    await sh(w.worktree, `git checkout -q -f ${w.tip} && git rebase main`);
    for (const work of [w.goOn, w.leaveOut, w.abort])
      await expect(work()).rejects.toMatchObject({
        code: 'worktree.blocked',
        message: expect.stringContaining('git rebase'),
        hint: expect.stringContaining('rebase --abort'),
      });
    expect(await git(w.worktree, 'status')).toContain('rebase in progress');
  });

  it('is refused where the worktree stands somewhere else', async () => {
    const w = await conflicted();
    await w.rebase('main');
    await git(w.worktree, 'switch', '-q', '-f', w.branch);
    await expect(w.goOn()).rejects.toMatchObject({
      code: 'worktree.blocked',
      message: expect.stringContaining('branch'),
    });
    expect((await w.abort()).answer.kept).toBeUndefined();
    expect(await w.status()).toBe('');
  });

  rarely('says so when the worktree is gone; --abort ends it then', async () => {
    const w = await conflicted();
    await w.rebase('main');
    rmSync(w.worktree, { recursive: true });
    await expect(w.goOn()).rejects.toMatchObject({ code: 'worktree.missing' });
    expect((await w.abort()).answer).toMatchObject({ state: 'aborted', commit: w.tip });
    expect((await w.session()).conflict).toBeNull();
  });

  it('gives up nothing when the branch was moved by somebody meanwhile', async () => {
    const w = await conflicted();
    await w.rebase('main');
    w.write('a.txt', RESOLVED);
    await git(w.dir, 'update-ref', `refs/heads/${w.branch}`, w.up);
    await expect(w.goOn()).rejects.toMatchObject({ code: 'target.moved' });
    await git(w.dir, 'update-ref', `refs/heads/${w.branch}`, w.tip);
    expect((await w.goOn()).answer.state).toBe('rebased');
    expect(await w.inTree('cat a.txt')).toBe(RESOLVED);
  });
});

describe('--skip', () => {
  it('leaves the commit out and goes on', async () => {
    const w = await conflicted();
    await w.rebase('main');
    const { answer } = await w.leaveOut();
    expect(answer).toMatchObject({ state: 'rebased', rewritten: 2, dropped: [await w.rev(`${w.tip}~1`)] });
    expect(answer.kept).toBeUndefined();
    expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['Last', 'First']);
    expect([await w.status(), w.read('a.txt')]).toEqual(['', 'one\nTWO upstream\nthree\n']);
  });

  rarely('keeps what somebody had done besides', async () => {
    const w = await conflicted();
    await w.rebase('main');
    w.write('a.txt', RESOLVED);
    w.write('notes.txt', 'my notes\n');
    const { answer } = await w.leaveOut();
    expect(await git(w.dir, 'show', `${answer.kept}:notes.txt`)).toBe('my notes');
    expect(await git(w.dir, 'show', `${answer.kept}:a.txt`)).toBe(RESOLVED.trimEnd());
    expect(existsSync(join(w.worktree, 'notes.txt'))).toBe(false);
    await sh(w.dir, 'git reflog expire --expire=now --all; git gc -q --prune=now');
    expect(await git(w.dir, 'cat-file', '-t', answer.kept!)).toBe('commit');
  });
});

describe('--abort', () => {
  it('brings everything back, byte for byte', async () => {
    const w = await conflicted();
    const before = await w.whole();
    await w.rebase('main');
    const { answer, failure } = await w.abort();
    expect([failure, answer.state, answer.commit, answer.kept]).toEqual([undefined, 'aborted', w.tip, undefined]);
    expect(await w.whole()).toBe(before);
    expect(await w.session()).toMatchObject({ conflict: null, head: w.tip, base: 'main', operations: [] });
    await w.iterate();
    expect((await w.session()).iterations).toHaveLength(1);
  });

  rarely('keeps what somebody had edited, staged or committed meanwhile', async () => {
    const w = await conflicted();
    const before = await w.whole();
    await w.rebase('main');
    w.write('a.txt', RESOLVED);
    w.write('b.txt', 'mine\n');
    await sh(w.worktree, 'git add -A && git commit -qm "half-way" && echo more > more.txt && rm first.txt');
    const { answer } = await w.abort();
    expect(await w.whole()).toBe(before);
    expect(await git(w.dir, 'ls-tree', '--name-only', answer.kept!)).toBe('a.txt\nb.txt\nmore.txt\nsrc');
    expect(await git(w.dir, 'log', '-1', '--format=%s', `${answer.kept}^`)).toBe('half-way');
    await sh(w.dir, 'git reflog expire --expire=now --all; git gc -q --prune=now');
    expect(await git(w.dir, 'show', `${answer.kept}:b.txt`)).toBe('mine');
  });

  it('leaves alone what tests had left there, and what only the branch ignores', async () => {
    const w = await makeRebaseWorld({ session: { test: 'echo log > test.log; echo more >> b.txt' } });
    await w.byHand('a.txt', 'one\nMINE\nthree\n', 'Mine');
    await w.iterate();
    await w.byHand('.gitignore', 'built/\n', 'Ignore');
    await sh(w.worktree, 'mkdir built && echo o > built/o && echo p > built/p');
    await w.upstream('a.txt', 'one\nUP\nthree\n');
    const before = await w.whole();
    await w.rebase('main');
    expect(await w.status()).toContain('UU a.txt');
    await w.abort();
    expect(await w.whole()).toBe(before);
    await w.rebase('main');
    w.write('a.txt', RESOLVED);
    expect((await w.goOn()).answer.state).toBe('rebased');
    expect(await git(w.dir, 'ls-tree', '-r', '--name-only', w.branch)).toBe(
      '.gitignore\na.txt\nagent.txt\nb.txt\nsrc/c.txt',
    );
    expect(await git(w.dir, 'show', `${w.branch}:b.txt`)).toBe('hello');
    expect(await w.inTree('cat built/o test.log b.txt')).toBe('o\nlog\nhello\nmore\nmore\n');
  });

  rarely('is possible at the second conflict, too', async () => {
    const w = await makeRebaseWorld();
    await w.byHand('a.txt', 'one\nA1\nthree\n', 'A1');
    await w.byHand('a.txt', 'one\nA2\nthree\n', 'A2');
    await w.upstream('a.txt', 'one\nUP\nthree\n');
    const before = await w.whole();
    await w.rebase('main');
    w.write('a.txt', 'one\nUP and A1\nthree\n');
    expect((await w.goOn()).answer.state).toBe('conflicted');
    await w.abort();
    expect(await w.whole()).toBe(before);
  });
});
