import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkoutsOf, listCheckouts, stateInProgress } from '../../src/git/checkouts.ts';
import { containedBy } from '../../src/git/contained.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { aheadBehind } from '../../src/git/rev-count.ts';
import { git, sh } from '../support/repo.ts';
import { type Lab, makeLab } from './merge-support.ts';
import { startsOf } from './support.ts';

const LINES = 'one\ntwo\nthree\nfour\nfive\n';

/** A branch of two commits, and a target that has gone on. */
const branched = async (objectFormat: 'sha1' | 'sha256' = 'sha1') => {
  const lab = await makeLab({ a: LINES, b: 'b\n' }, { objectFormat });
  const first = await lab.on(lab.base, { a: LINES.replace('one', 'ONE') }, 'first');
  const tip = await lab.on(first, { a: LINES.replace('one', 'ONE').replace('two', 'TWO'), new: 'n\n' }, 'second');
  const upstream = await lab.on(lab.base, { c: 'c\n' }, 'upstream');
  return { lab, first, tip, upstream };
};

const cherry = async (lab: Lab, onto: string, ...commits: string[]): Promise<string> => {
  await lab.git('checkout', '-q', '--detach', onto);
  await lab.git('cherry-pick', ...commits);
  return lab.git('rev-parse', 'HEAD');
};

const squash = async (lab: Lab, onto: string, tip: string): Promise<string> => {
  await lab.git('checkout', '-q', '--detach', onto);
  await lab.git('merge', '-q', '--squash', tip);
  await lab.git('commit', '-q', '-m', 'squashed');
  return lab.git('rev-parse', 'HEAD');
};

describe('containedBy', () => {
  it('nothing of it, or only a part', async () => {
    const { lab, first, tip, upstream } = await branched();
    expect(await containedBy(lab.repo, { tip, target: upstream })).toBeNull();
    expect(await containedBy(lab.repo, { tip, target: await cherry(lab, upstream, first) })).toBeNull();
    expect(await containedBy(lab.repo, { tip, target: first })).toBeNull();
  });

  it('ancestor: merged, or the same', async () => {
    const { lab, tip, upstream } = await branched();
    await lab.git('checkout', '-q', '--detach', upstream);
    await lab.git('merge', '-q', '--no-edit', tip);
    const target = await lab.git('rev-parse', 'HEAD');
    expect(await containedBy(lab.repo, { tip, target })).toBe('ancestor');
    expect(await containedBy(lab.repo, { tip, target: tip })).toBe('ancestor');
    expect(await startsOf(() => containedBy(lab.repo, { tip, target }))).toEqual(['merge-base']);
  });

  it.each(['sha1', 'sha256'] as const)('rebased, also where the target went on and changed it (%s)', async (format) => {
    const { lab, first, tip, upstream } = await branched(format);
    const picked = await cherry(lab, upstream, first, tip);
    expect(await containedBy(lab.repo, { tip, target: picked })).toBe('rebased');
    const later = await lab.on(picked, { a: 'all different\n', new: null });
    expect(await containedBy(lab.repo, { tip, target: later })).toBe('rebased');
    expect(await containedBy(lab.repo, { tip, target: later, mergeBase: lab.base })).toBe('rebased');
  });

  it('squashed, also where the target went on and changed it', async () => {
    const { lab, tip, upstream } = await branched();
    const squashed = await squash(lab, upstream, tip);
    expect(await containedBy(lab.repo, { tip, target: squashed })).toBe('squashed');
    const later = await lab.on(squashed, { a: 'all different\n', new: null });
    expect(await containedBy(lab.repo, { tip, target: later })).toBe('squashed');
  });

  it('squashed with binary files, renames, modes and links', async () => {
    const lab = await makeLab({ a: LINES, bin: 'b\0' });
    const first = await lab.on(lab.base, { bin: 'x\0y', a: null, moved: `${LINES}six\n` });
    const tip = await lab.on(first, { tool: 'exec:x\n', link: 'link:a', 'odd "name"\n': 'x\n' });
    const upstream = await lab.on(lab.base, { c: 'c\n' });
    const later = await lab.on(await squash(lab, upstream, tip), { bin: 'later\0' });
    expect(await containedBy(lab.repo, { tip, target: later })).toBe('squashed');
    const other = await lab.on(upstream, {
      bin: 'x\0z',
      a: null,
      moved: `${LINES}six\n`,
      tool: 'exec:x\n',
      link: 'link:a',
    });
    expect(await containedBy(lab.repo, { tip, target: other })).toBeNull();
  });

  it('same content: taken over in other pieces', async () => {
    const { lab, tip, upstream } = await branched();
    const part = await lab.on(upstream, { a: LINES.replace('one', 'ONE').replace('two', 'TWO') }, 'the changes');
    const whole = await lab.on(part, { new: 'n\n', more: 'm\n' }, 'the new file and more');
    expect(await containedBy(lab.repo, { tip, target: whole })).toBe('same-content');
    expect(await containedBy(lab.repo, { tip, target: part })).toBeNull();
  });

  it('a branch that changes nothing', async () => {
    const { lab, upstream } = await branched();
    const empty = await lab.on(lab.base, {}, 'empty');
    expect(await containedBy(lab.repo, { tip: empty, target: upstream })).toBe('same-content');
    const undone = await lab.on(await lab.on(lab.base, { b: 'x\n' }), { b: 'b\n' }, 'back');
    expect(await containedBy(lab.repo, { tip: undone, target: upstream })).toBe('same-content');
  });

  it('what a merge on the branch did itself is not passed over', async () => {
    const { lab, first, upstream } = await branched();
    await lab.git('checkout', '-q', '--detach', first);
    await lab.git('merge', '-q', '--no-commit', '--no-ff', upstream);
    await sh(lab.dir, 'echo evil > evil && git add evil && git commit -qm merge');
    const tip = await lab.git('rev-parse', 'HEAD');
    const target = await cherry(lab, upstream, first);
    expect(await containedBy(lab.repo, { tip, target, mergeBase: lab.base })).toBeNull();
    expect(await containedBy(lab.repo, { tip, target })).toBeNull();
  });

  it('two histories that share nothing', async () => {
    const { lab, tip } = await branched();
    await sh(lab.dir, 'git checkout -q --orphan other && git commit -qm other');
    expect(await containedBy(lab.repo, { tip: await lab.git('rev-parse', 'HEAD'), target: tip })).toBeNull();
  });

  it('leaves nothing in the repository, and refuses what is no id', async () => {
    const { lab, tip, upstream } = await branched();
    const squashed = await squash(lab, upstream, tip);
    const before = await lab.git('count-objects');
    await containedBy(lab.repo, { tip, target: squashed });
    await containedBy(lab.repo, { tip, target: upstream });
    expect(await lab.git('count-objects')).toBe(before);
    await expect(containedBy(lab.repo, { tip: 'HEAD', target: tip })).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(containedBy(lab.repo, { tip, target: upstream, mergeBase: '-x' })).rejects.toMatchObject({
      code: 'ref.missing',
    });
  });
});

describe('aheadBehind', () => {
  it('counts what either has alone', async () => {
    const { lab, tip, upstream } = await branched();
    expect(await aheadBehind(lab.repo, tip, upstream)).toEqual({ ahead: 2, behind: 1 });
    expect(await aheadBehind(lab.repo, 'refs/heads/main', tip)).toEqual({ ahead: 0, behind: 2 });
    expect(await aheadBehind(lab.repo, tip, tip)).toEqual({ ahead: 0, behind: 0 });
    await expect(aheadBehind(lab.repo, 'main', tip)).rejects.toMatchObject({ code: 'ref.missing' });
  });
});

describe('checkoutsOf', () => {
  it('names every checkout of a branch, the main one first, those that are gone not', async () => {
    const { lab, tip } = await branched();
    await lab.git('checkout', '-q', 'main');
    const linked = join(lab.dir, '.worktrees/with space');
    await lab.git('worktree', 'add', '-q', '-b', 'feature', linked, tip);
    const main = { path: lab.dir, gitDir: join(lab.dir, '.git') };
    const feature = { path: linked, gitDir: join(lab.dir, '.git/worktrees/with-space') };
    expect(listCheckouts(lab.repo)).toEqual([main, { ...feature, gitDir: expect.any(String) }]);
    expect(await checkoutsOf(lab.repo, 'refs/heads/main')).toEqual([main]);
    expect((await checkoutsOf(lab.repo, 'refs/heads/feature')).map(({ path }) => path)).toEqual([linked]);
    expect(await checkoutsOf(lab.repo, 'refs/heads/none')).toEqual([]);
    await sh(linked, 'git checkout -q --ignore-other-worktrees main');
    expect((await checkoutsOf(lab.repo, 'refs/heads/main')).map(({ path }) => path)).toEqual([lab.dir, linked]);
    rmSync(linked, { recursive: true });
    expect((await checkoutsOf(lab.repo, 'refs/heads/main')).map(({ path }) => path)).toEqual([lab.dir]);
  });

  it('a branch that is being rebased or bisected belongs to where that goes on', async () => {
    const { lab, tip, upstream } = await branched();
    await lab.git('checkout', '-q', '-b', 'feature', tip);
    await lab.git('branch', 'below', `${tip}~1`);
    const conflicting = await lab.on(upstream, { a: 'other\n' });
    await lab.git('checkout', '-q', 'feature');
    for (const args of ['--merge --update-refs', '--apply']) {
      await sh(lab.dir, `git rebase -q ${args} ${conflicting}`);
      expect(stateInProgress(lab.repo.here!)).toBe('rebase');
      expect(await checkoutsOf(lab.repo, 'refs/heads/feature')).toEqual([lab.repo.here]);
      const below = await checkoutsOf(lab.repo, 'refs/heads/below');
      expect(below).toEqual(args.includes('update') ? [lab.repo.here] : []);
      expect(await checkoutsOf(lab.repo, 'refs/heads/main')).toEqual([]);
      await lab.git('rebase', '--abort');
    }
    await sh(lab.dir, `git bisect start ${tip} ${lab.base}`);
    await lab.git('checkout', '-q', '--detach', lab.base);
    expect(stateInProgress(lab.repo.here!)).toBe('bisect');
    expect(await checkoutsOf(lab.repo, 'refs/heads/feature')).toEqual([lab.repo.here]);
  });

  it('a bare repository has no main one', async () => {
    const { lab } = await branched();
    const bare = join(lab.dir, '../bare.git');
    await git(lab.dir, 'clone', '-q', '--bare', lab.dir, bare);
    expect(await checkoutsOf(await locateRepository(bare), 'refs/heads/main')).toEqual([]);
    rmSync(bare, { recursive: true });
  });
});

describe('stateInProgress', () => {
  it('says what git status would say, and nothing when nothing goes on', async () => {
    const { lab, tip, upstream } = await branched();
    const here = lab.repo.here!;
    const conflicting = await lab.on(upstream, { a: 'other\n' });
    expect(stateInProgress(here)).toBeUndefined();
    const states: [string, string, string][] = [
      [`git merge -q ${tip}`, 'merge', 'git merge --abort'],
      [`git cherry-pick ${tip}`, 'cherry-pick', 'git cherry-pick --abort'],
      [`git revert --no-edit ${tip}`, 'revert', 'git revert --abort'],
      [`git cherry-pick ${tip}~1 ${tip}; git cherry-pick --quit; true`, '', 'git reset -q --hard'],
    ];
    for (const [begin, expected, end] of states) {
      await lab.git('checkout', '-q', '--detach', conflicting);
      await sh(lab.dir, begin);
      expect(stateInProgress(here) ?? '').toBe(expected);
      expect((await sh(lab.dir, end)).exitCode).toBe(0);
      expect(stateInProgress(here)).toBeUndefined();
    }
  });

  it('between two commits of a longer work, which leaves only its list', async () => {
    const { lab } = await branched();
    const here = lab.repo.here!;
    mkdirSync(join(here.gitDir, 'sequencer'));
    writeFileSync(join(here.gitDir, 'sequencer/todo'), 'revert 1234567 x\n');
    expect(stateInProgress(here)).toBe('revert');
    writeFileSync(join(here.gitDir, 'sequencer/todo'), 'pick 1234567 x\n');
    expect(stateInProgress(here)).toBe('cherry-pick');
    writeFileSync(join(here.gitDir, 'BISECT_LOG'), '');
    expect(stateInProgress(here)).toBe('cherry-pick');
  });
});
