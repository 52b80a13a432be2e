import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rewindSession } from '../../../src/workflows/landing/rewind.ts';
import { squashSession } from '../../../src/workflows/landing/squash.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { archiveSession } from '../../../src/workflows/put-away.ts';
import { git, sh } from '../../support/repo.ts';
import { checkoutOf, makeWorld, type World } from './world.ts';

const real = { dryRun: false } as const;
const squash = (w: World) => squashSession(w.ctx, w.which, real);
const rewind = (w: World, to: number) => rewindSession(w.ctx, w.which, { to, dryRun: false });
const undo = (w: World) => undoLast(w.ctx, w.which, real);
const files = (w: World) =>
  sh(w.worktree, 'git ls-files -s; cat agent.txt; git status --porcelain').then(({ stdout }) => stdout);

describe('undo', () => {
  it('of a squash brings every commit back, and leaves the checkout alone', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.byHand('mine.txt', 'mine\n');
    const [tip, checkout, seen] = [await w.rev(w.branch), await checkoutOf(w.dir), await files(w)];
    await squash(w);
    expect(await w.rev(w.branch)).not.toBe(tip);
    expect(await undo(w)).toMatchObject({ undone: 'squash', operation: 1, commit: tip, dryRun: false });
    expect([await w.rev(w.branch), await checkoutOf(w.dir), await files(w)]).toEqual([tip, checkout, seen]);
    expect((await w.session()).operations).toMatchObject([{ undone: true }, { verb: 'undo', undoes: 1 }]);
  });

  it('goes back one step a call, and says when there is no more', async () => {
    const w = await makeWorld();
    await w.iterate(3);
    const first = await w.rev(w.branch);
    await rewind(w, 2);
    const second = await w.rev(w.branch);
    await squash(w);
    expect((await undo(w)).undone).toBe('squash');
    expect(await w.rev(w.branch)).toBe(second);
    expect((await undo(w)).undone).toBe('rewind');
    expect(await w.rev(w.branch)).toBe(first);
    await expect(undo(w)).rejects.toMatchObject({
      code: 'undo.refused',
      message: expect.stringContaining('no squash'),
    });
  });

  it('is refused when an iteration or a commit came later, which it names', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await squash(w);
    await w.byHand('later.txt', 'later\n', 'Later work');
    const tip = await w.rev(w.branch);
    await expect(undo(w)).rejects.toMatchObject({
      code: 'undo.refused',
      message: expect.stringMatching(/later work: [0-9a-f]{8} Later work/),
    });
    expect(await w.rev(w.branch)).toBe(tip);
    await w.iterate();
    await expect(undo(w)).rejects.toMatchObject({ message: expect.stringContaining('amp: Added line 3.') });
  });

  it('says what it would do, and does not', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await squash(w);
    const refs = await git(w.dir, 'for-each-ref');
    const answer = await undoLast(w.ctx, w.which, { dryRun: true });
    expect(answer).toMatchObject({ dryRun: true, undone: 'squash', branches: [{ branch: w.branch }] });
    expect(await git(w.dir, 'for-each-ref')).toBe(refs);
  });

  it('names the branch when it is gone', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await squash(w);
    await archiveSession(w.ctx, w.which, { dryRun: false });
    await git(w.dir, 'branch', '-D', w.branch);
    await expect(undo(w)).rejects.toMatchObject({ code: 'ref.missing', hint: expect.stringContaining('doctor --fix') });
  });

  it('works for an archived session, which has no files', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    const tip = await w.rev(w.branch);
    await archiveSession(w.ctx, w.which, { dryRun: false });
    await squash(w);
    await undo(w);
    expect([await w.rev(w.branch), existsSync(w.worktree)]).toEqual([tip, false]);
  });
});

describe('rewind', () => {
  it('sets branch and files back, loses nothing, and the next iteration goes on from there', async () => {
    const w = await makeWorld();
    await w.iterate(3);
    const tip = await w.rev(w.branch);
    const answer = await rewind(w, 1);
    expect(answer).toMatchObject({ iteration: 1, previous: tip, commit: await w.rev(w.branch) });
    expect(await sh(w.worktree, 'cat agent.txt; git status --porcelain')).toMatchObject({ stdout: 'line 1\n' });
    await sh(w.dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(w.dir, 'cat-file', '-t', tip)).toBe('commit');
    await w.iterate();
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['amp: Added line 4.', 'amp: Added line 1.']);
    expect((await w.session()).iterations).toHaveLength(4);
  });

  it('to 0 goes to the beginning', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await rewind(w, 0);
    expect(await w.rev(w.branch)).toBe(await w.rev('main'));
    expect(existsSync(join(w.worktree, 'agent.txt'))).toBe(false);
    await undo(w);
    expect(await sh(w.worktree, 'cat agent.txt')).toMatchObject({ stdout: 'line 1\nline 2\n' });
  });

  it('refuses an iteration that is not there, the one where it stands, and uncommitted work', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await expect(rewind(w, 9)).rejects.toMatchObject({ code: 'iteration.missing' });
    await expect(rewind(w, 2)).rejects.toMatchObject({ code: 'session.refused' });
    writeFileSync(join(w.worktree, 'agent.txt'), 'mine\n');
    const tip = await w.rev(w.branch);
    await expect(rewind(w, 1)).rejects.toMatchObject({
      code: 'session.dirty',
      message: expect.stringContaining('agent.txt'),
    });
    expect(await w.rev(w.branch)).toBe(tip);
  });

  it('reaches an iteration of before a squash', async () => {
    const w = await makeWorld();
    await w.iterate(3);
    const commits = (await w.session()).iterations.map(({ commit }) => commit);
    await squash(w);
    const { commit } = await rewind(w, 2);
    expect(commit).toBe(commits[1]);
    await undo(w);
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['Add lines to the file']);
  });
});
