import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bringWorktree, obstacles } from '../../src/git/bring-worktree.ts';
import { addWorktree } from '../../src/git/worktrees.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { contents, type Files, makeLab } from './merge-support.ts';

const scene = async (from: Files, to: Files) => {
  const lab = await makeLab(from);
  const end = await lab.on(lab.base, to);
  await lab.git('checkout', '-q', 'main');
  const path = join(lab.dir, '.worktrees/s1');
  const wt = await addWorktree(lab.repo, { path, branch: 'amp/x', commit: lab.base });
  const looks = () => [contents(path), readFileSync(join(wt.gitDir, 'index'), 'latin1')];
  return {
    ...lab,
    wt,
    end,
    looks,
    bring: () => bringWorktree(lab.repo, wt, { from: lab.base, to: end }),
    back: () => bringWorktree(lab.repo, wt, { from: end, to: lab.base }),
    obstacles: () => obstacles(lab.repo, wt, { from: lab.base, to: end }),
    clean: () => git(path, 'diff-files', '--name-only'),
  };
};

const FROM: Files = {
  a: 'a\n',
  'f/x': 'f\n',
  file: 'file\n',
  gone: 'g\n',
  m: 'm\n',
  link: 'link:a',
  tool: 'exec:t\n',
  z: 'z\n',
};
const TO: Files = {
  a: 'new a\n',
  'f/x': null,
  f: 'now a file\n',
  file: null,
  'file/deep/x': 'x\n',
  gone: null,
  m: 'lost\n',
  'n/e/w': 'w\n',
  link: 'link:z',
  tool: 't\n',
  z: 'new z\n',
};

describe('the main checkout', () => {
  it.each([
    ['a changed file', (dir: string) => writeFileSync(join(dir, 'd/a'), 'mine\n'), ['d/a']],
    ['a changed file that goes', (dir: string) => writeFileSync(join(dir, '-gone'), 'mine\n'), ['-gone']],
    ['a file in the place of a folder', (dir: string) => writeFileSync(join(dir, ':(top)n'), 'mine\n'), [':(top)n']],
    ['a changed file elsewhere', (dir: string) => writeFileSync(join(dir, 'b'), 'mine\n'), []],
  ])('%s: found, and left alone', async (_, change, found) => {
    const lab = await makeLab({ 'd/a': 'a\n', b: 'b\n', '-gone': 'g\n', '*': 's\n' });
    const end = await lab.on(lab.base, { 'd/a': 'new\n', '-gone': null, '*': 't\n', ':(top)n/x': 'x\n' });
    await lab.git('checkout', '-q', 'main');
    change(lab.dir);
    const before = contents(lab.dir);
    const move = { from: lab.base, to: end };
    const wt = lab.repo.here!;
    expect(await obstacles(lab.repo, wt, move)).toEqual(found);
    const done = await bringWorktree(lab.repo, wt, move).catch((error: unknown) => error);
    if (found.length > 0) expect([done, contents(lab.dir)]).toMatchObject([{ code: 'worktree.blocked' }, before]);
    else expect(contents(lab.dir)).toEqual({ b: 'mine\n', 'd/a': 'new\n', '*': 't\n', ':(top)n/x': 'x\n' });
  });
});

describe('git gives up half-way', () => {
  it('an object is missing: refused with git’s words, and every file is as before', async () => {
    const at = await scene(FROM, TO);
    const id = await at.git('rev-parse', `${at.end}:m`);
    const object = join(at.dir, '.git/objects', id.slice(0, 2), id.slice(2));
    const bytes = readFileSync(object);
    chmodSync(object, 0o600);
    rmSync(object);
    const before = at.looks();
    await expect(at.bring()).rejects.toMatchObject({ code: 'git.failed', message: expect.stringContaining(id) });
    expect(at.looks()[0]).toEqual(before[0]);
    expect(await at.clean()).toBe('');
    writeFileSync(object, bytes);
    await at.bring();
    await at.back();
    expect(at.looks()[0]).toEqual(before[0]);
  });

  it('what a person had removed stays removed', async () => {
    const at = await scene(FROM, TO);
    const id = await at.git('rev-parse', `${at.end}:m`);
    rmSync(join(at.dir, '.git/objects', id.slice(0, 2), id.slice(2)), { force: true });
    rmSync(join(at.wt.path, 'a'));
    await expect(at.bring()).rejects.toMatchObject({ code: 'git.failed' });
    expect(await at.clean()).toBe('a');
  });
});

/** Root writes everywhere but there. */
const seal = (folder: string): boolean => {
  if (process.getuid?.() !== 0) return chmodSync(folder, 0o555) === undefined;
  try {
    execFileSync('chattr', ['+i', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const unseal = (folder: string): void => {
  if (process.getuid?.() !== 0) chmodSync(folder, 0o755);
  else execFileSync('chattr', ['-i', folder], { stdio: 'ignore' });
};
const probe = tempDir();
const canSeal = process.platform === 'linux' && seal(probe);
if (canSeal) unseal(probe);

describe.skipIf(!canSeal)('a folder that cannot be written to', () => {
  let sealed = '';
  afterEach(() => unseal(sealed));

  it.each([
    ['a file would change', { 'd/x': 'new\n' }],
    ['one would come', { 'd/y': 'y\n' }],
    ['one would go', { 'd/x': null }],
  ])('%s: refused by name, and nothing changes', async (_, to) => {
    const at = await scene({ a: 'a\n', 'd/x': 'x\n', 'd/z': 'z\n' }, { a: 'b\n', ...to });
    sealed = join(at.wt.path, 'd');
    seal(sealed);
    const before = at.looks();
    const error = { code: 'worktree.blocked', message: expect.stringContaining(sealed) };
    await expect(at.obstacles()).rejects.toMatchObject(error);
    await expect(at.bring()).rejects.toMatchObject(error);
    expect(at.looks()).toEqual(before);
    unseal(sealed);
    await at.bring();
    expect(contents(at.wt.path)).toMatchObject({ a: 'b\n' });
  });

  it('is in nobody’s way where nothing changes', async () => {
    const at = await scene({ a: 'a\n', 'd/x': 'x\n' }, { a: 'b\n' });
    sealed = join(at.wt.path, 'd');
    seal(sealed);
    await at.bring();
    expect(await at.clean()).toBe('');
  });
});

describe.skipIf(process.platform === 'win32')('a filter that must not fail', () => {
  const filter = async (smudge: string, required: string) => {
    for (const [key, value] of Object.entries({ clean: 'cat', smudge, required }))
      await git(tempDir(), 'config', '--global', `filter.big.${key}`, value);
  };
  afterEach(async () => {
    await sh(tempDir(), 'rm -f "$HOME/.gitconfig"');
  });

  it.each([
    ['the attributes were there', { '.gitattributes': '*.big filter=big\n' }, {}],
    ['they lie in a folder', { 'd/.gitattributes': '*.big filter=big\n' }, {}],
    ['they come along', {}, { '.gitattributes': '[attr]huge filter=big\n*.big huge\n' }],
  ])('and fails: refused before anything changes; %s', async (_, from, to) => {
    await filter('cat', 'true');
    const at = await scene({ a: 'a\n', 'd/x.big': 'x\n', ...from } as Files, { a: 'b\n', 'd/x.big': 'y\n', ...to });
    await filter('false', 'true');
    const before = at.looks();
    await expect(at.bring()).rejects.toMatchObject({
      code: 'worktree.blocked',
      message: expect.stringMatching(/x\.big.*big/),
      hint: expect.stringContaining('--get-regexp'),
    });
    expect(at.looks()).toEqual(before);
    await filter('false', 'false');
    await at.bring();
    expect(contents(at.wt.path)).toMatchObject({ 'd/x.big': 'y\n' });
  });
});
