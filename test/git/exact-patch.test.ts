import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyPatch } from '../../src/git/apply-patch.ts';
import { exactPatch } from '../../src/git/exact-patch.ts';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository } from '../../src/git/repository.ts';
import { exec, git, makeRepo, tempDir } from '../support/repo.ts';

let dir: string;
let repo: Repository;
let from: string;
let to: string;

const put = (path: string, content: string | Buffer): void => writeFileSync(join(dir, path), content);

beforeAll(async () => {
  dir = await makeRepo();
  put('latin.txt', Buffer.from('caf\xe9\nzwei\n', 'latin1'));
  put('logo.bin', Buffer.from([0, 1, 2, 3]));
  put('run.sh', '#!/bin/sh\n');
  put('gone.txt', 'gone\n');
  put('no-end.txt', 'no newline');
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'base');
  from = await git(dir, 'rev-parse', 'HEAD');
  put('latin.txt', Buffer.from('caf\xe9\ndrei\xff\n', 'latin1'));
  put('logo.bin', Buffer.from([0, 9, 9, 0, 255]));
  chmodSync(join(dir, 'run.sh'), 0o755);
  rmSync(join(dir, 'gone.txt'));
  put('no-end.txt', 'no newline here either');
  put('spät "x".txt', 'ä\n');
  symlinkSync('a.txt', join(dir, 'link'));
  await git(dir, 'mv', 'b.txt', 'renamed.txt');
  mkdirSync(join(dir, 'tests'));
  put('tests/test_new.txt', 'new\n');
  put('a.txt', 'one\ntwo and a half\nthree\n');
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'work');
  to = await git(dir, 'rev-parse', 'HEAD');
  repo = await locateRepository(dir);
});

/** A checkout of the base, and what it has after a patch: as the id of a tree. */
const applied = async (patch: Buffer, command?: string): Promise<string> => {
  const copy = join(tempDir('amp-apply-'), 'copy');
  await git(dir, 'worktree', 'add', '-q', '--detach', copy, from);
  const there = await locateRepository(copy);
  if (command === undefined) expect(await applyPatch(there, there.here!, patch)).toBe(true);
  else {
    writeFileSync(`${copy}.patch`, patch);
    expect((await exec(copy, 'sh', ['-c', `${command} '${copy}.patch'`])).exitCode).toBe(0);
  }
  await git(copy, 'add', '-A');
  return git(copy, 'write-tree');
};

describe('a patch from one commit to another', () => {
  it('makes the very same files, whatever is in them', async () => {
    const { patch, paths } = await exactPatch(repo, from, to);
    expect(await applied(patch)).toBe(await git(dir, 'rev-parse', `${to}^{tree}`));
    expect(await applied(patch, 'git apply --verbose')).toBe(await git(dir, 'rev-parse', `${to}^{tree}`));
    expect(paths).toContain('spät "x".txt');
  });

  it('is text, so that JSON can hold it: lines that are no UTF-8 are binary', async () => {
    const { patch } = await exactPatch(repo, from, to);
    const text = patch.toString('utf8');
    expect(Buffer.from(JSON.parse(JSON.stringify(text))).equals(patch)).toBe(true);
    expect(text.match(/^GIT binary patch$/gm)).toHaveLength(2);
    expect(text).toContain('+two and a half');
  });

  it('is text for `patch` too, where nothing else is in it', async () => {
    const odd = ['latin.txt', 'logo.bin', 'link', 'run.sh', 'spät "x".txt'];
    const { patch, paths } = await exactPatch(repo, from, to, odd);
    expect(paths).toEqual(['a.txt', 'b.txt', 'gone.txt', 'no-end.txt', 'renamed.txt', 'tests/test_new.txt']);
    expect(await applied(patch, 'patch --batch --forward --fuzz=5 -p1 -i')).toBe(await applied(patch));
  });

  it('leaves out the paths that it is told, by their whole names', async () => {
    const { patch, paths } = await exactPatch(repo, from, to, ['a.txt', 'tests/test_new.txt', 'tests', '*.txt']);
    expect(paths).not.toContain('a.txt');
    expect(paths).not.toContain('tests/test_new.txt');
    expect(paths).toContain('gone.txt');
    expect(patch.toString()).not.toContain('two and a half');
  });

  it('knows no renames, colours, prefixes of the user', async () => {
    await git(dir, 'config', 'diff.noprefix', 'true');
    await git(dir, 'config', 'color.ui', 'always');
    await git(dir, 'config', 'diff.renames', 'copies');
    const text = (await exactPatch(repo, from, to)).patch.toString();
    expect(text).toContain('diff --git a/renamed.txt b/renamed.txt\nnew file mode 100644\n');
    expect(text).not.toMatch(/rename from|\u001b/);
  });

  it('is nothing where nothing differs', async () => {
    expect(await exactPatch(repo, to, to)).toEqual({ patch: Buffer.alloc(0), paths: [] });
    const all = (await exactPatch(repo, from, to)).paths;
    expect((await exactPatch(repo, from, to, all)).patch.length).toBe(0);
  });
});
