import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bringWorktree } from '../../src/git/bring-worktree.ts';
import { abandonConflict, layOutConflict, openConflicts } from '../../src/git/conflict-worktree.ts';
import { type MergedTree, mergeTrees } from '../../src/git/merge-tree.ts';
import { headOf } from '../../src/git/refs.ts';
import type { Worktree } from '../../src/git/repository.ts';
import { addWorktree } from '../../src/git/worktrees.ts';
import { bundle } from '../support/bundle.ts';
import { git, sh } from '../support/repo.ts';
import { dieAt, everyPoint, fsck, gitDiesAt, hasStrace, leftovers, stepOf, TIMEOUT } from './crash-support.ts';
import { contents, type Files, type Lab, makeLab, put } from './merge-support.ts';

let program = '';
beforeAll(async () => {
  program = await bundle(`
    import { bringWorktree } from './src/git/bring-worktree.ts';
    import { abandonConflict, layOutConflict } from './src/git/conflict-worktree.ts';
    import { locateRepository } from './src/git/locate.ts';
    const [, , verb, dir, text] = process.argv;
    const repo = await locateRepository(dir);
    const { wt, ...options } = JSON.parse(text);
    if (verb === 'bring') await bringWorktree(repo, wt, options);
    if (verb === 'show') await layOutConflict(repo, wt, options);
    if (verb === 'abandon') await abandonConflict(repo, wt, options);`);
});

const WAYS = [
  ['the program or git', (n: number, args: string[]) => dieAt(n, program, args), stepOf(15)],
  ['git', (n: number, args: string[]) => gitDiesAt(n, program, args), stepOf(61)],
] as const;

const BIG = 'a line that fills a file until it is written in pieces\n'.repeat(4000);

const FROM: Files = {
  a: 'old a\n',
  big: `${BIG}end\n`,
  f: 'f\n',
  'd/x': 'x\n',
  'd/y/z': 'z\n',
  l: 'link:a',
  tool: 't\n',
  'x.c': 'one\ntwo\n',
  '.gitattributes': '*.c text\n',
  gone: 'g\n',
  mine: 'm\n',
};

const TO: Files = {
  a: 'new a\n',
  big: `new\n${BIG}`,
  f: null,
  'f/x': 'fx\n',
  'd/x': null,
  'd/y/z': null,
  d: 'd\n',
  l: 'link:n',
  tool: 'exec:t\n',
  'x.c': 'one\nthree\n',
  '.gitattributes': '*.c eol=crlf\n',
  gone: null,
  'new/file': 'new\n',
};

/** Somebody's own work, which has to be there whatever happens. */
const MINE: Files = { mine: 'mine\n', 'd.mine': 'mine\n', 'new.mine': 'mine\n' };

const restore = async (wt: Worktree, branch: string): Promise<void> => {
  for (const lock of ['index.lock', 'HEAD.lock']) rmSync(join(wt.gitDir, lock), { force: true });
  await sh(wt.path, `git symbolic-ref HEAD refs/heads/${branch}; git reset -q --hard; git clean -fdxq -e .worktrees`);
  await put(wt.path, MINE);
};

const linked = (lab: Lab): Promise<Worktree> =>
  addWorktree(lab.repo, { path: join(lab.dir, '.worktrees/s1'), branch: 'amp/x', commit: lab.base });

const reference = async (lab: Lab, tree: string): Promise<Record<string, string>> => {
  const path = join(lab.dir, '.worktrees/fresh');
  const commit = await lab.git('commit-tree', tree, '-m', 'x');
  await lab.git('worktree', 'add', '-q', '--detach', path, commit);
  const found = contents(path);
  await lab.git('worktree', 'remove', '--force', path);
  return { ...found, ...(MINE as Record<string, string>) };
};

describe.skipIf(!hasStrace)('killed at any call that changes the disk', () => {
  it.each(WAYS)(
    '%s, in bringWorktree: a second call finishes it, nobody’s work is lost',
    TIMEOUT,
    async (_who, die, step) => {
      const lab = await makeLab(FROM);
      const to = await lab.on(lab.base, TO);
      await lab.git('checkout', '-q', 'main');
      const wt = await linked(lab);
      const wanted = await reference(lab, `${to}^{tree}`);
      const move = { from: lab.base, to };
      const points = await everyPoint(step, async (n) => {
        await restore(wt, 'amp/x');
        const survived = await die(n, ['bring', lab.dir, JSON.stringify({ wt, ...move })]);
        expect(contents(wt.path)).toMatchObject(MINE);
        await bringWorktree(lab.repo, wt, move);
        expect(contents(wt.path)).toEqual(wanted);
        expect(await git(wt.path, 'diff-index', '--cached', '--name-only', to)).toBe('');
        expect(await git(wt.path, 'status', '--porcelain', '-uno')).toContain(' M mine');
        expect(await git(wt.path, 'diff-files', '--name-only')).toBe('mine');
        return survived;
      });
      expect(points).toBeGreaterThan(3);
      expect(await leftovers(lab.dir)).toBe('');
    },
  );

  it('the same in the main checkout', TIMEOUT, async () => {
    const lab = await makeLab(FROM);
    const to = await lab.on(lab.base, TO);
    await lab.git('checkout', '-q', 'main');
    const wt = lab.repo.here!;
    const wanted = await reference(lab, `${to}^{tree}`);
    await everyPoint(stepOf(121), async (n) => {
      await restore(wt, 'main');
      const survived = await gitDiesAt(n, program, ['bring', lab.dir, JSON.stringify({ wt, from: lab.base, to })]);
      await bringWorktree(lab.repo, wt, { from: lab.base, to });
      expect(contents(wt.path)).toEqual(wanted);
      expect(await git(wt.path, 'diff-index', '--cached', '--name-only', to)).toBe('');
      return survived;
    });
    await fsck(lab.dir);
  });

  const conflict = async () => {
    const lab = await makeLab(FROM);
    const theirs = await lab.on(lab.base, { ...TO, both: 'theirs\n', bin: 't\0' });
    const ours = await lab.on(lab.base, { a: 'our a\n', both: 'ours\n', bin: 'o\0', f: 'our f\n', gone: 'kept\n' });
    await lab.git('checkout', '-q', 'main');
    await lab.git('branch', '-f', 'amp/x', ours);
    const wt = await linked(lab);
    const merged = await mergeTrees(lab.repo, { ours: theirs, theirs: ours, labels: { ours: 't', theirs: 'o' } });
    return { lab, wt, theirs, ours, merged };
  };

  const isShown = async (lab: Lab, wt: Worktree, head: string, merged: MergedTree): Promise<void> => {
    expect(await headOf(lab.repo, wt)).toEqual({ commit: head, branch: null });
    const stages = merged.conflicts.flatMap(({ path, stages: all }) =>
      all.map(({ mode, object, stage }) => `${mode} ${object} ${stage}\t${path}`),
    );
    expect((await git(wt.path, 'ls-files', '-u')).split('\n').sort()).toEqual(stages.sort());
    expect((await openConflicts(lab.repo, wt, merged.conflicts)).length).toBeGreaterThan(3);
  };

  it.each(WAYS)('%s, in layOutConflict: a second call finishes it', TIMEOUT, async (_who, die, step) => {
    const { lab, wt, theirs, ours, merged } = await conflict();
    const wanted = await reference(lab, merged.tree);
    const options = { from: ours, head: theirs, merged };
    const points = await everyPoint(step, async (n) => {
      await restore(wt, 'amp/x');
      const survived = await die(n, ['show', lab.dir, JSON.stringify({ wt, ...options })]);
      await layOutConflict(lab.repo, wt, options);
      expect(contents(wt.path)).toEqual(wanted);
      await isShown(lab, wt, theirs, merged);
      return survived;
    });
    expect(points).toBeGreaterThan(3);
    expect(await leftovers(lab.dir)).toBe('');
    await fsck(lab.dir);
  });

  it.each(WAYS)('%s, in abandonConflict: a second call finishes it', TIMEOUT, async (_who, die, step) => {
    const { lab, wt, theirs, ours, merged } = await conflict();
    const wanted = await reference(lab, `${ours}^{tree}`);
    await everyPoint(step, async (n) => {
      await restore(wt, 'amp/x');
      await layOutConflict(lab.repo, wt, { from: ours, head: theirs, merged });
      await put(wt.path, { a: 'half resolved\n' });
      await git(wt.path, 'add', 'a');
      const survived = await die(n, ['abandon', lab.dir, JSON.stringify({ wt, merged, to: ours })]);
      await abandonConflict(lab.repo, wt, { merged, to: ours });
      expect(contents(wt.path)).toEqual(wanted);
      expect(await git(wt.path, 'diff-index', '--cached', '--name-only', ours)).toBe('');
      expect(readFileSync(join(wt.path, 'mine'), 'utf8')).toBe('mine\n');
      return survived;
    });
    expect(await leftovers(lab.dir)).toBe('');
  });
});
