import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { rarely } from '../../support/rarely.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { bytesOf, lookAt, refused, type Sprung, spring } from './trap.ts';

const PLAIN = {
  one: 'echo one > new.txt',
  two: 'echo two >> new.txt; echo changed > b.txt',
  upstream: 'echo up > up.txt',
};
const dirty = (path: string, word = '') => ({
  code: 'target.dirty',
  message: expect.stringMatching(new RegExp(`${word}.*${path}`)),
  hint: expect.any(String),
});
const clean = async (w: Sprung) => [
  await git(w.dir, 'status', '--porcelain'),
  await git(w.worktree, 'status', '--porcelain'),
];

describe.skipIf(process.platform !== 'linux')('what is in the way of a merge', { timeout: 240_000 }, () => {
  const own: [string, string, string][] = [
    ['an untracked file', 'echo mine > new.txt', 'new.txt'],
    ['an ignored file', 'echo new.txt >> .git/info/exclude; echo mine > new.txt', 'new.txt'],
    ['an ignored file where a folder comes', 'echo /deep >> .git/info/exclude; echo mine > deep', 'deep'],
    ['an untracked folder where a file comes', 'mkdir new.txt; echo mine > new.txt/mine', 'new.txt/mine'],
    ['a link where a folder comes', 'ln -s src deep', 'deep'],
    ['a staged change', 'echo mine > b.txt; git add b.txt', 'b.txt'],
    ['a change elsewhere', 'echo mine > a.txt', 'a.txt'],
    ['a removed file', 'rm a.txt', 'a.txt'],
    ['a staged new file', 'echo mine > mine; git add mine', 'mine'],
    ['an intended file', 'echo mine > mine; git add -N mine', 'mine'],
    [
      'a file git was told to assume unchanged',
      'git update-index --assume-unchanged b.txt; echo mine > b.txt',
      'b.txt',
    ],
    ['a file git was told to skip', 'git update-index --skip-worktree b.txt; echo mine > b.txt', 'b.txt'],
    [
      'an assumed file that the merge leaves alone',
      'git update-index --assume-unchanged a.txt; echo mine > a.txt',
      'a.txt',
    ],
  ];

  it.each(own)('%s: refused by name, and nothing changes', async (_, line, path) => {
    const w = await spring({ ...PLAIN, two: `${PLAIN.two}; mkdir deep; echo x > deep/x` });
    await sh(w.dir, line);
    await refused(w, () => w.merge(), dirty(path));
  });

  it('not an untracked file that is what comes: it is taken for it', async () => {
    const w = await spring(PLAIN);
    writeFileSync(join(w.dir, 'new.txt'), 'one\ntwo\n');
    await w.merge();
    expect(await clean(w)).toEqual(['', '']);
  });

  rarely('ignored and untracked files elsewhere stay, also through an undo', async () => {
    const w = await spring(PLAIN);
    await sh(
      w.dir,
      'echo "*.log" >> .git/info/exclude; echo log > x.log; mkdir u; echo u > u/u; echo keep > src/k.log',
    );
    const before = await w.all();
    await w.merge();
    expect(bytesOf(w.dir)).toMatchObject({ 'x.log': 'log\n', 'u/u': 'u\n', 'src/k.log': 'keep\n' });
    await w.undo();
    expect(await w.all()).toEqual(before);
  });

  it('marks on files that are unchanged stay where the merge leaves them alone', async () => {
    const w = await spring(PLAIN);
    await git(w.dir, 'update-index', '--assume-unchanged', 'a.txt');
    await git(w.dir, 'update-index', '--skip-worktree', 'src/c.txt');
    const before = await w.all();
    await w.merge();
    expect(await git(w.dir, 'ls-files', '-v', 'a.txt', 'src/c.txt')).toBe('h a.txt\nS src/c.txt');
    await w.undo();
    expect(await w.all()).toEqual(before);
  });

  rarely('of an undo: a change, and an untracked file where one comes back', async () => {
    const w = await spring({ ...PLAIN, two: 'rm b.txt; echo two >> new.txt' });
    await w.merge();
    writeFileSync(join(w.dir, 'b.txt'), 'mine\n');
    await refused(w, () => w.undo(), dirty('b.txt'));
    rmSync(join(w.dir, 'b.txt'));
    writeFileSync(join(w.dir, 'new.txt'), 'mine\n');
    await refused(w, () => w.undo(), dirty('new.txt'));
    await git(w.dir, 'checkout', '-q', 'new.txt');
    await w.undo();
    expect(await clean(w)).toEqual(['', '']);
  });

  it('of an undo in the session’s worktree: a change is kept or named', async () => {
    const w = await spring(PLAIN);
    await w.rewind(1);
    writeFileSync(join(w.worktree, 'b.txt'), 'mine\n');
    await refused(w, () => w.undo(), dirty('b.txt'));
    await git(w.worktree, 'checkout', '-q', 'b.txt');
    writeFileSync(join(w.worktree, 'a.txt'), 'mine\n');
    await w.undo();
    expect(bytesOf(w.worktree)).toMatchObject({ 'a.txt': 'mine\n', 'b.txt': 'changed\n' });
  });
});

describe.skipIf(process.platform !== 'linux')('where the target is checked out', { timeout: 240_000 }, () => {
  it('in two worktrees: refused, both named', async () => {
    const w = await spring(PLAIN);
    const second = join(tempDir(), 'second place');
    await git(w.dir, 'worktree', 'add', '-q', '--force', second, 'main');
    await refused(w, () => w.merge(), dirty(second, w.dir));
    await git(second, 'checkout', '-q', '--detach');
    await w.merge();
    await git(second, 'checkout', '-q', '--ignore-other-worktrees', 'main');
    await refused(w, () => w.undo(), { code: 'undo.refused', message: expect.stringContaining(second) });
    await git(second, 'checkout', '-q', '--detach');
    await w.undo();
  });

  const states: [string, string][] = [
    [
      'rebase',
      'git checkout -q -b side HEAD~1; echo s > up.txt; git add -A; git commit -qm s; git checkout -q main; git rebase side',
    ],
    [
      'merge',
      'git checkout -q -b side HEAD~1; echo s > up.txt; git add -A; git commit -qm s; git checkout -q main; git merge side',
    ],
    [
      'cherry-pick',
      'git checkout -q -b side HEAD~1; echo s > up.txt; git add -A; git commit -qm s; git checkout -q main; git cherry-pick side',
    ],
    ['bisect', 'git bisect start; git bisect bad; git bisect good HEAD~1'],
  ];
  it.each(states)('in the middle of a %s: refused, and said so', async (state, line) => {
    const w = await spring(PLAIN);
    await sh(w.dir, line);
    const before = [await lookAt(w.dir), await git(w.dir, 'for-each-ref', 'refs/heads')];
    await expect(w.merge()).rejects.toMatchObject(dirty(state, w.dir));
    expect([await lookAt(w.dir), await git(w.dir, 'for-each-ref', 'refs/heads')]).toEqual(before);
  });

  rarely('in a worktree whose path has spaces, while the main checkout is elsewhere and dirty', async () => {
    const w = await spring(PLAIN);
    const place = join(tempDir(), 'o\'er "here" and\nthere');
    await git(w.dir, 'worktree', 'add', '-q', '-b', 'release', place);
    writeFileSync(join(w.dir, 'a.txt'), 'mine\n');
    const before = [await lookAt(w.dir), await lookAt(place)];
    expect(await w.merge({ into: 'release' })).toMatchObject({ checkout: place });
    expect([await lookAt(w.dir), await git(place, 'status', '--porcelain')]).toEqual([before[0], '']);
    await w.undo();
    expect([await lookAt(w.dir), await lookAt(place)]).toEqual(before);
  });

  it('in a worktree whose folder is gone: only the branch moves', async () => {
    const w = await spring(PLAIN);
    const place = join(tempDir(), 'gone');
    await git(w.dir, 'worktree', 'add', '-q', '-b', 'release', place);
    rmSync(place, { recursive: true });
    const before = await w.all();
    expect(await w.merge({ into: 'release' })).toMatchObject({ checkout: null });
    await w.undo();
    expect(await w.all()).toEqual(before);
  });
});

describe.skipIf(process.platform !== 'linux')('a sparse checkout of the user', { timeout: 240_000 }, () => {
  const sparse = async (w: Sprung) => {
    await git(w.dir, 'sparse-checkout', 'set', '--no-cone', '/*', '!/away/');
    expect(existsSync(join(w.dir, 'away'))).toBe(false);
  };

  it('stays sparse, and is complete again when it is widened', async () => {
    const w = await spring({
      before: 'mkdir away; echo away > away/x; echo far > away/far',
      one: 'echo one > new.txt; echo one >> away/x',
      two: 'echo two > away/new; rm away/far; echo in > src/in',
      upstream: 'echo up > up.txt',
    });
    await sparse(w);
    const before = await w.all();
    await w.merge();
    expect(existsSync(join(w.dir, 'away'))).toBe(false);
    expect(await git(w.dir, 'status', '--porcelain')).toBe('');
    expect(bytesOf(w.dir)).toMatchObject({ 'new.txt': 'one\n', 'src/in': 'in\n' });
    await w.undo();
    expect(await w.all()).toEqual(before);
    await w.merge();
    await git(w.dir, 'sparse-checkout', 'disable');
    expect(bytesOf(join(w.dir, 'away'))).toEqual({ x: 'away\none\n', new: 'two\n' });
    expect(await git(w.dir, 'status', '--porcelain')).toBe('');
  });

  rarely('a file of one’s own where a hidden one lies is not overwritten', async () => {
    const w = await spring({
      before: 'mkdir away; echo away > away/x',
      one: 'echo one >> away/x',
      two: 'echo two > new',
    });
    await sparse(w);
    mkdirSync(join(w.dir, 'away'));
    writeFileSync(join(w.dir, 'away/x'), 'mine\n');
    await refused(w, () => w.merge(), dirty('away/x'));
  });
});

describe.skipIf(process.platform !== 'linux')('a folder that cannot be written to', { timeout: 240_000 }, () => {
  let sealed = '';
  const seal = (folder: string, how: '+i' | '-i') => {
    if (process.getuid?.() === 0) execFileSync('chattr', [how, folder], { stdio: 'ignore' });
    else chmodSync(folder, how === '+i' ? 0o555 : 0o755);
  };
  afterEach(() => {
    if (sealed) seal(sealed, '-i');
    sealed = '';
  });

  it('refuses a merge that needs it, by name', async ({ skip }) => {
    const w = await spring({ ...PLAIN, two: 'echo more >> src/c.txt; echo two >> new.txt' });
    try {
      seal(join(w.dir, 'src'), '+i');
    } catch {
      skip('nothing is sealed for root here');
    }
    sealed = join(w.dir, 'src');
    await refused(w, () => w.merge(), { code: 'worktree.blocked', message: expect.stringContaining(sealed) });
    seal(sealed, '-i');
    await w.merge();
    expect(await clean(w)).toEqual(['', '']);
  });
});
