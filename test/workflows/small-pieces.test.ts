import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { skippedText } from '../../src/events/skipped-text.ts';
import { hasCommit } from '../../src/git/has-commit.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { expireReflog } from '../../src/git/reflog.ts';
import type { Repository } from '../../src/git/repository.ts';
import { folderBytes } from '../../src/workflows/folder-size.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';

describe('what git remembers of a ref', () => {
  let dir = '';
  let repo: Repository;
  const logOf = (ref: string) => git(dir, 'reflog', 'show', '--format=%gs', ref);
  beforeAll(async () => {
    dir = await makeRepo();
    repo = await locateRepository(dir);
    for (const ref of ['refs/notes/amp', 'refs/notes/mine'])
      for (const message of ['first', 'second'])
        await git(
          dir,
          'update-ref',
          '--create-reflog',
          '-m',
          message,
          ref,
          await git(dir, 'commit-tree', 'HEAD^{tree}', '-m', message),
        );
  });

  it('goes, of this ref alone, which stays where it is; twice is once', async () => {
    const before = await git(dir, 'for-each-ref');
    expect(await logOf('refs/notes/amp')).toBe('second\nfirst');
    for (let times = 0; times < 2; times += 1) await expireReflog(repo, 'refs/notes/amp');
    expect(await logOf('refs/notes/amp')).toBe('');
    expect(await logOf('refs/notes/mine')).toBe('second\nfirst');
    expect(await git(dir, 'for-each-ref')).toBe(before);
  });

  it('of a ref that is not there is nothing; a name that is none is refused', async () => {
    await expireReflog(repo, 'refs/notes/none');
    await expect(expireReflog(repo, '--all')).rejects.toThrow();
    await expect(expireReflog(repo, 'main')).rejects.toThrow();
    expect(await logOf('refs/notes/mine')).toBe('second\nfirst');
  });

  it('a commit is here, other objects and others’ ids are not', async () => {
    const ids = await Promise.all(
      ['HEAD', 'HEAD^{tree}', 'refs/notes/mine'].map((name) => git(dir, 'rev-parse', name)),
    );
    const asked = [...ids, 'f'.repeat(40)];
    expect(await Promise.all(asked.map((id) => hasCommit(repo, id)))).toEqual([true, false, true, false]);
    await expect(hasCommit(repo, 'HEAD')).rejects.toThrow();
  });
});

it('a folder is as big as its files; links lead nowhere, and no folder is nothing', async () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'a/b'), { recursive: true });
  writeFileSync(join(dir, 'a/b/ten'), 'x'.repeat(10));
  writeFileSync(join(dir, 'five'), 'x'.repeat(5));
  expect(await folderBytes(dir)).toBe(15);
  symlinkSync(dir, join(dir, 'a/round'));
  expect(await folderBytes(dir)).toBeLessThan(15 + 4096);
  expect([await folderBytes(join(dir, 'none')), await folderBytes(join(dir, 'a/b'))]).toEqual([0, 10]);
});

it('what a snapshot leaves out is told by name and reason, the first three of many', () => {
  const path = (name: string, why: 'large' | 'special' | 'nested') => ({ path: name, why, bytes: 1 });
  const some = [path('a.bin', 'large'), path('pipe', 'special'), path('sub', 'nested')];
  expect(skippedText(some.slice(0, 1))).toBe('a.bin (too large)');
  expect(skippedText(some)).toBe('a.bin (too large), pipe (no file), sub (a repository of its own)');
  expect(skippedText([...some, path('d', 'large')])).toMatch(/^a\.bin .*\(a repository of its own\), … 4 in all$/);
});
