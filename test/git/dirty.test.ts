import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dirtyPaths } from '../../src/git/commits.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { makeSession, startsOf, write } from './support.ts';

const idOf = async (dir: string, text: string): Promise<string> =>
  (await sh(dir, `printf '%s' '${text}' | git hash-object --stdin`)).stdout.trim();

describe('dirtyPaths', () => {
  it('is nothing in a fresh worktree, by one process', async () => {
    const { repo, wt } = await makeSession();
    expect(await startsOf(async () => expect(await dirtyPaths(repo, wt)).toEqual([]))).toEqual(['status']);
  });

  it('takes two processes when something changed, and changes nothing itself', async () => {
    const { repo, wt, dir } = await makeSession();
    write(wt.path, { 'a.txt': 'x', new: 'never seen before' });
    const index = join(wt.gitDir, 'index');
    const before = [readFileSync(index), statSync(index).mtimeMs, (await sh(dir, 'find .git/objects | sort')).stdout];
    expect(await startsOf(() => dirtyPaths(repo, wt))).toEqual(['status', 'update-index']);
    expect([readFileSync(index), statSync(index).mtimeMs, (await sh(dir, 'find .git/objects | sort')).stdout]).toEqual(
      before,
    );
  });

  it('tells every kind of change, with the id the content would have', async () => {
    const { repo, wt } = await makeSession();
    write(wt.path, { 'a.txt': 'changed', 'deep/new': 'new', 'ignored.o': 'x', '.gitignore': '*.o\n' });
    unlinkSync(join(wt.path, 'b.txt'));
    chmodSync(join(wt.path, 'src/c.txt'), 0o755);
    symlinkSync('a.txt', join(wt.path, 'link'));
    mkdirSync(join(wt.path, 'empty'));
    const dirty = await dirtyPaths(repo, wt);
    expect(dirty.sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: '.gitignore', object: await idOf(wt.path, '*.o\n') },
      { path: 'a.txt', object: await idOf(wt.path, 'changed') },
      { path: 'b.txt', object: null },
      { path: 'deep/new', object: await idOf(wt.path, 'new') },
      { path: 'link', object: await idOf(wt.path, 'a.txt') },
      { path: 'src/c.txt', object: await idOf(wt.path, 'c\n') },
    ]);
  });

  it('tells what is staged, by what the file says', async () => {
    const { repo, wt } = await makeSession();
    write(wt.path, { staged: 'one', 'both.txt': 'staged', 'a.txt': 'staged' });
    await git(wt.path, 'add', '-A');
    write(wt.path, { 'both.txt': 'later' });
    await git(wt.path, 'mv', 'b.txt', 'moved.txt');
    await git(wt.path, 'rm', '-q', '--cached', 'src/c.txt');
    const dirty = new Map((await dirtyPaths(repo, wt)).map(({ path, object }) => [path, object]));
    expect(Object.fromEntries(dirty)).toEqual({
      'a.txt': await idOf(wt.path, 'staged'),
      'b.txt': null,
      'both.txt': await idOf(wt.path, 'later'),
      'moved.txt': await idOf(wt.path, 'hello\n'),
      'src/c.txt': await idOf(wt.path, 'c\n'),
      staged: await idOf(wt.path, 'one'),
    });
  });

  it('sees through conflicts', async () => {
    const { repo, wt, dir } = await makeSession();
    await sh(
      dir,
      'git checkout -q -b other && echo theirs > a.txt && git rm -q b.txt && git commit -qam o && git checkout -q main',
    );
    await sh(wt.path, 'echo ours > a.txt && echo ours > b.txt && git commit -qam m && git merge -q other');
    write(wt.path, { 'a.txt': 'resolved' });
    unlinkSync(join(wt.path, 'b.txt'));
    expect(await dirtyPaths(repo, wt)).toEqual([
      { path: 'a.txt', object: await idOf(wt.path, 'resolved') },
      { path: 'b.txt', object: null },
    ]);
  });

  it('sees a file that became a folder, a folder that became a file, and a link that replaced either', async () => {
    const { repo, wt } = await makeSession();
    await sh(
      wt.path,
      'rm a.txt && mkdir a.txt && printf x > a.txt/in && rm -r src && printf y > src && rm b.txt && ln -s src b.txt',
    );
    const dirty = Object.fromEntries((await dirtyPaths(repo, wt)).map(({ path, object }) => [path, object]));
    expect(dirty).toEqual({
      'a.txt': null,
      'a.txt/in': await idOf(wt.path, 'x'),
      'b.txt': await idOf(wt.path, 'src'),
      src: await idOf(wt.path, 'y'),
      'src/c.txt': null,
    });
  });

  it.each([
    ['assumed unchanged', 'git update-index --assume-unchanged a.txt b.txt'],
    ['skipped', 'git update-index --skip-worktree a.txt b.txt'],
    ['behind a split index', 'git update-index --assume-unchanged a.txt && git update-index --split-index'],
    ['behind a missing index', 'rm "$(git rev-parse --git-dir)/index"'],
    ['behind a damaged index', 'echo x > "$(git rev-parse --git-dir)/index"'],
    [
      'behind ignore rules of the status command',
      'git config status.showUntrackedFiles no; git config core.untrackedCache true',
    ],
    [
      'behind other settings',
      'git config status.relativePaths false; git config status.renames true; git config core.quotePath false; git config diff.ignoreSubmodules all; git config status.short true; git config status.branch true',
    ],
  ])('is not blind to what is %s', async (_name, hide) => {
    const { repo, wt } = await makeSession();
    await sh(wt.path, hide);
    write(wt.path, { 'a.txt': 'changed', new: 'n' });
    unlinkSync(join(wt.path, 'b.txt'));
    expect((await dirtyPaths(repo, wt)).sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'a.txt', object: await idOf(wt.path, 'changed') },
      { path: 'b.txt', object: null },
      { path: 'new', object: await idOf(wt.path, 'n') },
    ]);
  });

  it('works where there is no commit yet, and in the main checkout', async () => {
    const dir = await makeRepo({ empty: true });
    const repo = await locateRepository(dir);
    write(dir, { first: 'x' });
    expect(await dirtyPaths(repo, repo.here!)).toEqual([{ path: 'first', object: await idOf(dir, 'x') }]);
    await git(dir, 'add', '-A');
    expect(await dirtyPaths(repo, repo.here!)).toEqual([{ path: 'first', object: await idOf(dir, 'x') }]);
    expect(await git(dir, 'status', '--porcelain')).toBe('A  first');
  });

  it('counts many files in bounded time', async () => {
    const { repo, wt } = await makeSession();
    mkdirSync(join(wt.path, 'many'));
    for (let at = 0; at < 3000; at++) writeFileSync(join(wt.path, 'many', `file ${at}\n`), String(at));
    const dirty = await dirtyPaths(repo, wt);
    expect(dirty.length).toBe(3000);
    expect(dirty.every(({ object }) => /^[0-9a-f]{40}$/.test(object!))).toBe(true);
  });
});
