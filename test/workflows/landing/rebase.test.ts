import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/session/conclusions.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { archiveSession } from '../../../src/workflows/put-away.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { conflicted, makeRebaseWorld } from './rebase-world.ts';
import { checkoutOf } from './world.ts';

describe('rebase without a conflict', () => {
  it('brings branch and worktree onto the target, with authors, dates and messages', async () => {
    const w = await makeRebaseWorld();
    await w.iterate();
    await sh(
      w.worktree,
      'git -c user.name=Ann -c user.email=ann@x commit -q --allow-empty -m "By Ann" --date=2020-01-01T00:00:00Z',
    );
    await w.byHand('mine.txt', 'mine\n');
    const up = await w.upstream('up.txt', 'up\n');
    const tip = await w.rev(w.branch);
    const before = await checkoutOf(w.dir);
    const { answer, failure } = await w.rebase('main');
    expect(failure).toBeUndefined();
    expect(answer).toMatchObject({ state: 'rebased', previous: tip, onto: { name: 'main', commit: up }, rewritten: 3 });
    expect(answer.commit).toBe(await w.rev(w.branch));
    expect(await w.subjects(`${up}..${w.branch}`)).toEqual(['By hand: mine.txt', 'By Ann', 'amp: Added line 1.']);
    expect(await git(w.dir, 'log', '-1', '--format=%an %ae %aI', `${w.branch}~1`)).toBe(
      'Ann ann@x 2020-01-01T00:00:00+00:00',
    );
    expect(await w.inTree('cat agent.txt mine.txt up.txt')).toBe('line 1\nmine\nup\n');
    expect([await w.status(), await git(w.worktree, 'branch', '--show-current')]).toEqual(['', w.branch]);
    expect(await checkoutOf(w.dir)).toBe(before);
    expect(await w.session()).toMatchObject({ base: 'main', baseCommit: up, head: answer.commit, conflict: null });
    expect((await w.session()).operations).toMatchObject([{ verb: 'rebase', rewritten: [{}, {}, {}] }]);
  });

  it('is taken back by undo, byte for byte', async () => {
    const w = await makeRebaseWorld();
    await w.iterate(2);
    await w.upstream('up.txt', 'up\n');
    const before = await w.whole();
    await w.rebase();
    expect(await w.whole()).not.toBe(before);
    await undoLast(w.ctx, w.which, { dryRun: false });
    expect(await w.whole()).toBe(before);
  });

  it('says that nothing is to do, and records nothing', async () => {
    const w = await makeRebaseWorld();
    await w.iterate();
    const { events } = await w.session();
    expect((await w.rebase('main')).answer).toMatchObject({ state: 'up-to-date', commit: await w.rev(w.branch) });
    expect((await w.session()).events).toBe(events);
  });

  it('leaves out what the target has already; the branch may become the target', async () => {
    const w = await makeRebaseWorld();
    await w.byHand('x.txt', 'x\n');
    const own = await w.rev(w.branch);
    await w.upstream('between.txt', 'b\n');
    await git(w.dir, 'cherry-pick', own);
    const main = await w.rev('main');
    const { answer } = await w.rebase('main');
    expect(answer).toMatchObject({ state: 'rebased', commit: main, rewritten: 0, dropped: [own] });
    expect([await w.rev(w.branch), await w.status()]).toEqual([main, '']);
  });

  it('goes forward with a branch that has nothing of its own', async () => {
    const w = await makeRebaseWorld();
    const up = await w.upstream('up.txt', 'up\n');
    expect((await w.rebase('main')).answer).toMatchObject({ state: 'rebased', commit: up, rewritten: 0, dropped: [] });
    expect(existsSync(join(w.worktree, 'up.txt'))).toBe(true);
  });

  it('passes over merges of upstream that somebody made in the session', async () => {
    const w = await makeRebaseWorld();
    await w.byHand('a.txt', 'ONE\ntwo\nthree\n', 'Own');
    await w.upstream('b.txt', 'hello you\n');
    await git(w.worktree, 'merge', '-q', '--no-edit', 'main');
    await w.byHand('mine.txt', 'mine\n', 'After the merge');
    const up = await w.upstream('b.txt', 'hello all of you\n');
    const { answer, failure } = await w.rebase('main');
    expect([failure, answer.state]).toEqual([undefined, 'rebased']);
    expect(await w.subjects(`${up}..${w.branch}`)).toEqual(['After the merge', 'Own']);
    expect(await w.inTree('cat a.txt b.txt')).toBe('ONE\ntwo\nthree\nhello all of you\n');
  });

  it('keeps what somebody changed in a merge', async () => {
    const w = await makeRebaseWorld();
    await w.byHand('mine.txt', 'mine\n', 'Own');
    await w.upstream('b.txt', 'hello you\n');
    await sh(
      w.worktree,
      'git merge -q --no-commit --no-ff main && echo more > in-merge.txt && git add -A && git commit -q -m "Merge with more"',
    );
    const up = await w.upstream('up.txt', 'up\n');
    await w.rebase('main');
    expect(await w.subjects(`${up}..${w.branch}`)).toEqual(['Merge with more', 'Own']);
    expect(await w.inTree('cat in-merge.txt b.txt up.txt')).toBe('more\nhello you\nup\n');
  });

  it('moves only the branch of an archived session', async () => {
    const w = await makeRebaseWorld();
    await w.iterate();
    await w.upstream('up.txt', 'up\n');
    await archiveSession(w.ctx, w.which, { dryRun: false });
    const { answer } = await w.rebase('main');
    expect(answer.commit).toBe(await w.rev(w.branch));
    expect([existsSync(w.worktree), statusOf(await w.session())]).toEqual([false, 'archived']);
  });

  it('goes onto any commit, and works in a SHA-256 repository', async () => {
    const w = await makeRebaseWorld({ objectFormat: 'sha256' });
    await w.iterate();
    const up = await w.upstream('up.txt', 'up\n');
    await w.upstream('more.txt', 'more\n');
    expect((await w.rebase(up.slice(0, 12))).answer).toMatchObject({ onto: { name: up.slice(0, 12), commit: up } });
    expect(await w.rev(`${w.branch}~1`)).toBe(up);
  });

  it('puts a session of an empty repository upon what came since', async () => {
    const w = await makeRebaseWorld({ empty: true });
    await w.iterate();
    const up = await w.upstream('up.txt', 'up\n');
    const { answer } = await w.rebase('main');
    expect(answer).toMatchObject({ state: 'rebased', rewritten: 1, dropped: [] });
    expect(await w.subjects(`${up}..${w.branch}`)).toEqual(['amp: Added line 1.']);
    expect(await w.inTree('cat agent.txt up.txt')).toBe('line 1\nup\n');
  });
});

describe('rebase is refused', () => {
  it('with uncommitted work, which it names', async () => {
    const w = await makeRebaseWorld();
    await w.upstream('up.txt', 'up\n');
    w.write('a.txt', 'mine\n');
    await expect(w.rebase('main')).rejects.toMatchObject({
      code: 'session.dirty',
      message: expect.stringContaining('a.txt'),
    });
  });

  it('while somebody has a merge of their own under way in the worktree', async () => {
    const w = await conflicted();
    await sh(w.worktree, 'git merge main');
    await sh(w.worktree, 'git checkout -q HEAD -- . ');
    await expect(w.rebase('main')).rejects.toMatchObject({
      code: 'worktree.blocked',
      message: expect.stringContaining('git merge'),
    });
    expect((await sh(w.worktree, 'git rev-parse MERGE_HEAD')).exitCode).toBe(0);
  });

  it('when the branch of an archived session is checked out by the user', async () => {
    const w = await makeRebaseWorld();
    await w.iterate();
    await archiveSession(w.ctx, w.which, { dryRun: false });
    await w.upstream('up.txt', 'up\n');
    await git(w.dir, 'switch', '-q', w.branch);
    const before = await checkoutOf(w.dir);
    await expect(w.rebase('main')).rejects.toMatchObject({ code: 'branch.blocked' });
    expect(await checkoutOf(w.dir)).toBe(before);
  });

  it('onto what does not exist', async () => {
    const w = await makeRebaseWorld();
    await expect(w.rebase('nowhere')).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(w.rebase('--help')).rejects.toMatchObject({ code: 'ref.missing' });
  });

  it('to go on, where nothing waits', async () => {
    const w = await makeRebaseWorld();
    for (const work of [w.goOn, w.leaveOut, w.abort, w.resolve])
      await expect(work()).rejects.toMatchObject({
        code: 'session.refused',
        message: expect.stringContaining('No rebase'),
      });
  });
});

describe('--fetch', () => {
  const withRemote = async () => {
    const w = await makeRebaseWorld();
    await w.iterate();
    const up = join(tempDir('amp-up-'), 'up.git');
    await git(w.dir, 'clone', '-q', '--bare', w.dir, up);
    await git(w.dir, 'remote', 'add', 'origin', up);
    const other = tempDir('amp-other-');
    await git(other, 'clone', '-q', up, 'c');
    await sh(
      join(other, 'c'),
      'git config user.name O; git config user.email o@o; echo r > remote.txt; git add -A; git commit -q -m Remote; git tag v1; git push -q origin main v1',
    );
    const tip = await git(join(other, 'c'), 'rev-parse', 'HEAD');
    return Object.assign(w, { tip, remote: up });
  };

  it('asks the remote for that branch and nothing else', async () => {
    const w = await withRemote();
    const config = await sh(w.dir, 'cat .git/config');
    const { answer } = await w.rebase('origin/main', true);
    expect(answer).toMatchObject({ state: 'rebased', onto: { name: 'origin/main', commit: w.tip } });
    expect(await git(w.dir, 'for-each-ref', '--format=%(refname)', 'refs/remotes', 'refs/tags')).toBe(
      'refs/remotes/origin/main',
    );
    expect(existsSync(join(w.dir, '.git/FETCH_HEAD'))).toBe(false);
    expect((await sh(w.dir, 'cat .git/config')).stdout).toBe(config.stdout);
    expect(await w.inTree('cat remote.txt agent.txt')).toBe('r\nline 1\n');
  });

  it('says so and changes nothing when the remote is away, or has no such branch', async () => {
    const w = await withRemote();
    await w.rebase('origin/main', true);
    const before = await w.whole();
    await expect(w.rebase('origin/none', true)).rejects.toMatchObject({ code: 'remote.unreachable' });
    await git(w.dir, 'remote', 'set-url', 'origin', '/nowhere/at/all');
    await expect(w.rebase('origin/main', true)).rejects.toMatchObject({
      code: 'remote.unreachable',
      hint: expect.stringContaining('Nothing was changed'),
    });
    expect(await w.whole()).toBe(before);
  });

  it('is refused for a local branch, with the name that was meant', async () => {
    const w = await withRemote();
    await expect(w.rebase('main', true)).rejects.toMatchObject({
      code: 'usage.invalid',
      hint: expect.stringContaining('origin/main'),
    });
  });
});
