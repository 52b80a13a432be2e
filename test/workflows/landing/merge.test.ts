import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/session/conclusions.ts';
import { type MergeRequest, mergeSession } from '../../../src/workflows/landing/merge.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { checkoutOf, makeWorld, type World } from './world.ts';

const REQUEST: MergeRequest = { squash: true, noFf: false, skipTests: false, dryRun: false };
const merge = (w: World, over: Partial<MergeRequest> = {}) => mergeSession(w.ctx, w.which, { ...REQUEST, ...over });
const undo = (w: World) => undoLast(w.ctx, w.which, { dryRun: false });

/** A world with two iterations; upstream went on. */
const moved = async (options: Parameters<typeof makeWorld>[0] = {}) => {
  const w = await makeWorld(options);
  await w.iterate(2);
  const up = await w.upstream('up.txt', 'upstream\n');
  return Object.assign(w, { up, tip: await w.rev(w.branch) });
};

describe('merge', () => {
  it('squashes, puts the work upon the target as it is now, moves it, and updates the checkout', async () => {
    const w = await moved();
    const answer = await merge(w);
    expect(answer).toMatchObject({
      target: 'main',
      previous: w.up,
      mode: 'fast-forward',
      squashed: 2,
      rebased: true,
      checkout: w.dir,
      dryRun: false,
    });
    expect(await w.rev('main')).toBe(answer.commit);
    expect(await w.rev('main^')).toBe(w.up);
    expect(await w.rev(w.branch)).toBe(answer.commit);
    expect(await git(w.dir, 'status', '--porcelain')).toBe('');
    expect(await git(w.worktree, 'status', '--porcelain')).toBe('');
    expect((await sh(w.dir, 'cat agent.txt up.txt')).stdout).toBe('line 1\nline 2\nupstream\n');
    expect((await sh(w.worktree, 'cat agent.txt up.txt')).stdout).toBe('line 1\nline 2\nupstream\n');
    expect(statusOf(await w.session())).toBe('merged');
    expect((await w.session()).merged).toMatchObject({ target: 'refs/heads/main', commit: answer.commit });
  });

  it('can be taken back: branch, target and both checkouts are byte for byte as before', async () => {
    const w = await moved();
    await w.byHand('mine.txt', 'mine\n');
    const tip = await w.rev(w.branch);
    const before = [
      await checkoutOf(w.dir),
      (await sh(w.worktree, 'git ls-files -s; cat agent.txt; git status')).stdout,
    ];
    await merge(w);
    expect(await w.subjects('main~2..main')).toEqual(['By hand: mine.txt', 'Add lines to the file']);
    expect(await undo(w)).toMatchObject({ undone: 'merge', commit: tip });
    expect([await w.rev('main'), await w.rev(w.branch)]).toEqual([w.up, tip]);
    expect([
      await checkoutOf(w.dir),
      (await sh(w.worktree, 'git ls-files -s; cat agent.txt; git status')).stdout,
    ]).toEqual(before);
    expect(statusOf(await w.session())).toBe('idle');
  });

  it('never loses an upstream commit, whatever was squashed before', async () => {
    const w = await moved();
    const commits = (await git(w.dir, 'rev-list', 'main')).split('\n');
    await merge(w);
    for (const commit of commits) await git(w.dir, 'merge-base', '--is-ancestor', commit, 'main');
    expect((await sh(w.dir, 'cat up.txt')).stdout).toBe('upstream\n');
  });

  it('keeps every commit when told, and makes a merge commit when told', async () => {
    const w = await moved();
    const answer = await merge(w, { squash: false, noFf: true });
    expect(answer).toMatchObject({ mode: 'merge-commit', squashed: 0 });
    expect((await git(w.dir, 'log', '-1', '--format=%P', 'main')).split(' ')).toEqual([w.up, await w.rev(w.branch)]);
    expect(await w.subjects(`${w.up}..main^2`)).toEqual(['amp: Added line 2.', 'amp: Added line 1.']);
    expect((await sh(w.dir, 'cat agent.txt')).stdout).toBe('line 1\nline 2\n');
    await undo(w);
    expect([await w.rev('main'), await w.rev(w.branch)]).toEqual([w.up, w.tip]);
  });

  it('is refused in a dirty checkout of the target, which it names, and changes nothing', async () => {
    const w = await moved();
    for (const [path, text] of [
      ['a.txt', 'edited\n'],
      ['agent.txt', 'untracked, and in the way\n'],
    ] as const) {
      writeFileSync(join(w.dir, path), text);
      const before = await checkoutOf(w.dir);
      await expect(merge(w)).rejects.toMatchObject({
        code: 'target.dirty',
        message: expect.stringMatching(new RegExp(`${w.dir}.*${path}`)),
      });
      expect([await checkoutOf(w.dir), await w.rev('main'), await w.rev(w.branch)]).toEqual([before, w.up, w.tip]);
      await sh(w.dir, 'git checkout -q a.txt; rm -f agent.txt');
    }
    writeFileSync(join(w.dir, 'untracked.txt'), 'mine\n');
    await merge(w);
    expect((await sh(w.dir, 'cat untracked.txt')).stdout).toBe('mine\n');
  });

  it('updates another worktree that has the target; where none has it only the branch moves', async () => {
    const w = await moved();
    const release = join(tempDir(), 'release');
    await git(w.dir, 'worktree', 'add', '-q', '-b', 'release', release);
    const before = await checkoutOf(w.dir);
    expect(await merge(w, { into: 'release' })).toMatchObject({ target: 'release', checkout: release });
    expect([(await sh(release, 'cat agent.txt')).stdout, await checkoutOf(w.dir)]).toEqual([
      'line 1\nline 2\n',
      before,
    ]);
    await undo(w);
    expect((await sh(release, 'cat agent.txt; git status --porcelain')).stdout).toBe('');
    await git(w.dir, 'branch', 'nowhere');
    expect(await merge(w, { into: 'nowhere' })).toMatchObject({ target: 'nowhere', checkout: null });
    expect(await checkoutOf(w.dir)).toBe(before);
    expect(await git(w.dir, 'show', 'nowhere:agent.txt')).toBe('line 1\nline 2');
  });

  it('stops at a conflict, lists the files, and changes nothing', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.upstream('agent.txt', 'somebody else\n');
    const before = [await checkoutOf(w.dir), await git(w.dir, 'for-each-ref', 'refs/heads')];
    await expect(merge(w)).rejects.toMatchObject({
      code: 'landing.conflict',
      exit: 3,
      details: { conflicts: [{ path: 'agent.txt', kind: 'add/add' }] },
      hint: expect.stringContaining('rebase'),
    });
    expect([await checkoutOf(w.dir), await git(w.dir, 'for-each-ref', 'refs/heads')]).toEqual(before);
    expect(await git(w.worktree, 'status', '--porcelain')).toBe('');
  });

  it('runs the tests on the result, and is refused when they fail there', async () => {
    const w = await moved({ session: { test: 'test "$(cat up.txt 2>/dev/null)" != upstream' } });
    await expect(merge(w)).rejects.toMatchObject({ code: 'gate.failed', exit: 4 });
    expect([await w.rev('main'), await w.rev(w.branch)]).toEqual([w.up, w.tip]);
    await merge(w, { skipTests: true });
    const { operations } = await w.session();
    expect(operations).toMatchObject([{ verb: 'merge' }]);
    const log = await git(w.dir, 'notes', '--ref=amp', 'show', 'main');
    expect(log).toContain('merge.finished');
  });

  it('refuses uncommitted work in the session, an empty one, and one that is merged', async () => {
    const w = await makeWorld();
    await expect(merge(w)).rejects.toMatchObject({ code: 'session.refused' });
    await w.iterate();
    writeFileSync(join(w.worktree, 'mine.txt'), 'mine\n');
    await expect(merge(w)).rejects.toMatchObject({
      code: 'session.dirty',
      message: expect.stringContaining('mine.txt'),
    });
    await sh(w.worktree, 'rm mine.txt');
    await merge(w);
    await expect(merge(w)).rejects.toMatchObject({
      code: 'session.refused',
      message: expect.stringContaining('contains all'),
    });
    await w.iterate();
    await merge(w);
    expect((await sh(w.dir, 'cat agent.txt')).stdout).toBe('line 1\nline 2\n');
  });

  it('says what it would do, and does not', async () => {
    const w = await moved();
    const before = [await checkoutOf(w.dir), await git(w.dir, 'for-each-ref')];
    expect(await merge(w, { dryRun: true })).toMatchObject({ dryRun: true, target: 'main', squashed: 2 });
    expect([await checkoutOf(w.dir), await git(w.dir, 'for-each-ref')]).toEqual(before);
  });

  it('refuses a target that is no local branch, or its own', async () => {
    const w = await moved();
    await expect(merge(w, { into: 'nope' })).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(merge(w, { into: '--help' })).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(merge(w, { into: w.branch })).rejects.toMatchObject({ code: 'usage.invalid' });
  });

  it('that died half-way is finished by the same command, which says so and ends well', async () => {
    const w = await moved();
    const { store } = w.ctx;
    const append = store.append.bind(store);
    store.append = async (log, drafts, expected) => {
      if (drafts[0]!.type === 'merge.finished') throw new Error('killed');
      return append(log, drafts, expected);
    };
    await expect(merge(w)).rejects.toThrow('killed');
    store.append = append;
    expect(await merge(w)).toMatchObject({ commit: await w.rev('main'), target: 'main', previous: w.up, squashed: 2 });
    expect(w.ctx.warnings.join()).toContain('was finished now');
    expect(statusOf(await w.session())).toBe('merged');
    expect(await git(w.dir, 'status', '--porcelain')).toBe('');
  });

  it('is refused for what looks like a secret, and lets it through when told, on record', async () => {
    const w = await makeWorld();
    await w.byHand('key.txt', `token = "${['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'].join('_')}"\n`);
    await w.iterate();
    await expect(merge(w)).rejects.toMatchObject({ code: 'gate.failed', message: expect.stringContaining('secret') });
    const { gates } = await merge(w, { allow: ['secrets'] });
    expect(gates.find(({ name }) => name === 'secrets')).toMatchObject({ ok: false, severity: 'review' });
    const { events } = await w.ctx.store.read(`sessions/${w.id}`);
    expect(events.find(({ type }) => type === 'merge.started')!.data).toMatchObject({ skipped: ['secrets'] });
  });

  it('changes nothing when the target moves while the tests run', async () => {
    const move = join(tempDir(), 'move.sh');
    writeFileSync(move, '');
    const w = await moved({ session: { test: `sh ${move}` } });
    writeFileSync(move, `unset GIT_DIR GIT_WORK_TREE; git -C ${w.dir} commit -q --allow-empty -m meanwhile\n`);
    await expect(merge(w)).rejects.toMatchObject({ code: 'target.moved' });
    expect(await w.rev(w.branch)).toBe(w.tip);
    expect(await w.subjects('main~1..main')).toEqual(['meanwhile']);
    const { openOperation, operations } = await w.session();
    expect([openOperation, operations, await git(w.dir, 'status', '--porcelain')]).toEqual([null, [], '']);
  });
});
