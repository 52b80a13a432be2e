import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  applyPatch,
  removeFiles,
  resetFiles,
  takeFiles,
  treeWithPatch,
  untrackedFiles,
} from '../../src/git/apply-patch.ts';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository, Worktree } from '../../src/git/repository.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';

let dir: string;
let repo: Repository;
let wt: Worktree;
let base: string;

beforeEach(async () => {
  dir = await makeRepo();
  repo = await locateRepository(dir);
  wt = repo.here!;
  base = await git(dir, 'rev-parse', 'HEAD');
});

const read = (path: string): string => readFileSync(join(dir, path), 'utf8');
const put = (path: string, text: string): void => writeFileSync(join(dir, path), text);

const PATCH = Buffer.from(
  'diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\ndiff --git a/t/new.txt b/t/new.txt\nnew file mode 100644\n--- /dev/null\n+++ b/t/new.txt\n@@ -0,0 +1 @@\n+new\n',
);

describe('a patch', () => {
  it('is applied to the files, not to the index', async () => {
    expect(await applyPatch(repo, wt, PATCH)).toBe(true);
    expect([read('a.txt'), read('t/new.txt')]).toEqual(['one\n2\nthree\n', 'new\n']);
    expect(await git(dir, 'diff', '--cached', '--name-only')).toBe('');
    expect(await applyPatch(repo, wt, PATCH, 'reversed')).toBe(true);
  });

  it('that does not fit changes nothing, or with `reject` what it can', async () => {
    put('a.txt', 'other\n');
    expect(await applyPatch(repo, wt, PATCH)).toBe(false);
    expect(existsSync(join(dir, 't/new.txt'))).toBe(false);
    expect(await applyPatch(repo, wt, PATCH, 'reversed')).toBe(false);
    expect(await applyPatch(repo, wt, PATCH, 'reject')).toBe(false);
    expect([read('a.txt'), read('t/new.txt')]).toEqual(['other\n', 'new\n']);
  });

  it('never leaves the worktree', async () => {
    const outside = tempDir();
    const leaving = (path: string) =>
      Buffer.from(`diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+x\n`);
    expect(await applyPatch(repo, wt, leaving('../escaped.txt'))).toBe(false);
    symlinkSync(outside, join(dir, 'out'));
    expect(await applyPatch(repo, wt, leaving('out/escaped.txt'))).toBe(false);
    expect(existsSync(join(outside, 'escaped.txt'))).toBe(false);
  });

  it('that is none is refused', async () => expect(await applyPatch(repo, wt, Buffer.from('hello\n'))).toBe(false));

  it('makes a tree of a commit without touching anything', async () => {
    put('a.txt', 'dirty\n');
    const tree = (await treeWithPatch(repo, base, PATCH))!;
    expect(await git(dir, 'show', `${tree}:a.txt`)).toBe('one\n2\nthree');
    expect(read('a.txt')).toBe('dirty\n');
    expect(await git(dir, 'diff', '--cached', '--name-only')).toBe('');
    expect(await treeWithPatch(repo, base, Buffer.from('nothing\n'))).toBeUndefined();
  });
});

describe('files of a tree', () => {
  const take = async (paths = ['a.txt', 't/new.txt', 'b.txt']) =>
    takeFiles(repo, wt, (await treeWithPatch(repo, base, PATCH))!, paths);

  it('replace what is there, whoever changed or removed it', async () => {
    put('a.txt', 'spoiled\n');
    rmSync(join(dir, 'b.txt'));
    mkdirSync(join(dir, 't/new.txt/deep'), { recursive: true });
    put('t/new.txt/deep/x', 'x\n');
    put('src/c.txt', 'kept\n');
    await take();
    expect([read('a.txt'), read('b.txt'), read('t/new.txt')]).toEqual(['one\n2\nthree\n', 'hello\n', 'new\n']);
    expect(read('src/c.txt')).toBe('kept\n');
  });

  it('that the tree has not are removed', async () => {
    put('extra.txt', 'x\n');
    await take(['a.txt', 'extra.txt', 'never/was.txt']);
    expect([existsSync(join(dir, 'extra.txt')), read('a.txt')]).toEqual([false, 'one\n2\nthree\n']);
  });

  it('are none where none are named', async () => {
    put('a.txt', 'mine\n');
    await take([]);
    expect(read('a.txt')).toBe('mine\n');
  });

  it('are not written, and not removed, through a folder that is a link now', async () => {
    const outside = tempDir();
    for (const name of ['new.txt', 'old.txt']) writeFileSync(join(outside, name), 'precious\n');
    symlinkSync(outside, join(dir, 't'));
    await take(['t/old.txt', 't/new.txt']);
    for (const name of ['new.txt', 'old.txt']) expect(readFileSync(join(outside, name), 'utf8')).toBe('precious\n');
    expect(read('t/new.txt')).toBe('new\n');
  });
});

describe('a clean start', () => {
  it('has the tracked files back, and names what is untracked', async () => {
    put('.gitignore', '*.log\n');
    await git(dir, 'add', '.gitignore');
    put('a.txt', 'spoiled\n');
    put('b.txt', 'staged\n');
    await git(dir, 'add', 'b.txt');
    put('stray ä.txt', 'x\n');
    put('x.log', 'ignored\n');
    expect(await untrackedFiles(repo, wt)).toEqual(['stray ä.txt']);
    await resetFiles(repo, wt, base);
    expect([read('a.txt'), read('b.txt'), existsSync(join(dir, '.gitignore'))]).toEqual([
      'one\ntwo\nthree\n',
      'hello\n',
      false,
    ]);
    expect(read('stray ä.txt')).toBe('x\n');
  });

  it('removes files and folders below the worktree alone', () => {
    const outside = tempDir();
    writeFileSync(join(outside, 'precious'), 'x');
    symlinkSync(outside, join(dir, 'out'));
    mkdirSync(join(dir, 'folder'));
    put('folder/x', 'x');
    removeFiles(wt, ['folder', 'out/precious', '../nothing', 'missing']);
    expect([existsSync(join(dir, 'folder')), existsSync(join(outside, 'precious'))]).toEqual([false, true]);
    removeFiles(wt, ['out']);
    expect([existsSync(join(dir, 'out')), existsSync(join(outside, 'precious'))]).toEqual([false, true]);
  });
});
