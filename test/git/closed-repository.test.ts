import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeClosedRepository } from '../../src/git/closed-repository.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { exec, git, makeRepo, tempDir } from '../support/repo.ts';

/** A history that goes on behind its base: the solution, its tests, a branch, a tag, a stash, a reflog, a remote. */
const makeOriginal = async () => {
  const dir = await makeRepo();
  writeFileSync(join(dir, 'a.txt'), 'base\n');
  await git(dir, 'commit', '-qam', 'base');
  const base = await git(dir, 'rev-parse', 'HEAD');
  writeFileSync(join(dir, 'a.txt'), 'THE SOLUTION\n');
  writeFileSync(join(dir, 'hidden.test'), 'THE HIDDEN TEST\n');
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'fix: the solution');
  await git(dir, 'tag', '-a', 'v2', '-m', 'after the solution');
  await git(dir, 'branch', 'solved');
  await git(dir, 'remote', 'add', 'origin', 'https://example.com/original.git');
  writeFileSync(join(dir, 'a.txt'), 'stashed\n');
  await git(dir, 'stash');
  return { dir, base, solution: await git(dir, 'rev-parse', 'solved:a.txt') };
};

let made: ReturnType<typeof makeOriginal> | undefined;
const original = () => {
  made ??= makeOriginal();
  return made;
};

/** All that lies below a folder, as text. */
const bytesBelow = (dir: string): [string, string][] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => [file, readFileSync(file, 'latin1')]);

const objectsIn = async (dir: string): Promise<string[]> =>
  (await git(dir, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)')).split('\n').sort();

const close = async (from: string, commit: string, place = tempDir('amp-closed-')) => {
  const options = { from: await locateRepository(from), commit, dir: join(place, 'case'), seeds: join(place, 'seeds') };
  return { repo: await makeClosedRepository(options), place, options };
};

describe('a repository that ends at a commit', () => {
  it('holds what leads to that commit, and nothing else', async () => {
    const { dir, base, solution } = await original();
    const { repo } = await close(dir, base);
    const reachable = await git(dir, 'rev-list', '--objects', '--no-object-names', base);
    expect(await objectsIn(repo.root)).toEqual(reachable.split('\n').sort());
    expect((await exec(repo.root, 'git', ['cat-file', '-e', solution])).exitCode).not.toBe(0);
    expect(await git(repo.root, 'log', '--all', '--reflog', '--format=%s')).toBe('base\nfirst');
    expect(await git(repo.root, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(`refs/heads/main ${base}`);
    expect(await git(repo.root, 'status', '--porcelain', '--branch', '--ignored')).toBe('## main');
    expect(await git(repo.root, 'fsck', '--full')).toBe('');
    expect(readFileSync(join(repo.root, 'a.txt'), 'utf8')).toBe('base\n');
  });

  it('says nowhere where it came from', async () => {
    const { dir, base } = await original();
    const { repo } = await close(dir, base);
    for (const [file, text] of bytesBelow(repo.root)) {
      expect([file, text.includes(dir)]).toEqual([file, false]);
      expect([file, text.includes('example.com')]).toEqual([file, false]);
      expect([file, text.includes('SOLUTION')]).toEqual([file, false]);
    }
    for (const name of ['logs', 'FETCH_HEAD', 'ORIG_HEAD', 'packed-refs', 'objects/info/alternates', 'hooks'])
      expect([name, existsSync(join(repo.commonDir, name))]).toEqual([name, false]);
  });

  it('is packed once, and made from the pack after that', async () => {
    const { dir, base } = await original();
    const copy = join(tempDir('amp-copy-'), 'original');
    cpSync(dir, copy, { recursive: true });
    const { place, options } = await close(copy, base);
    const [seed] = readdirSync(join(place, 'seeds'));
    expect(seed).toBe(base);
    rmSync(join(copy, '.git/objects'), { recursive: true });
    const again = await makeClosedRepository({ ...options, dir: join(place, 'second') });
    expect(await git(again.root, 'rev-parse', 'HEAD')).toBe(base);
    const pack = readdirSync(join(again.commonDir, 'objects/pack')).find((name) => name.endsWith('.pack'))!;
    expect(statSync(join(again.commonDir, 'objects/pack', pack)).nlink).toBe(1);
  });

  it('is made by several at once', async () => {
    const { dir, base } = await original();
    const place = tempDir('amp-closed-');
    const options = { from: await locateRepository(dir), commit: base, seeds: join(place, 'seeds') };
    const three = [1, 2, 3].map((n) => makeClosedRepository({ ...options, dir: join(place, `${n}`) }));
    for (const { root } of await Promise.all(three)) expect(await git(root, 'rev-parse', 'HEAD')).toBe(base);
    expect(readdirSync(options.seeds)).toEqual([base]);
  });

  it('does without a commit that is not there, and says where it looked', async () => {
    const { dir } = await original();
    const gone = 'deadbeef'.repeat(5);
    await expect(close(dir, gone)).rejects.toMatchObject({
      code: 'case.missing',
      message: `${(await locateRepository(dir)).root} has no commit ${gone}.`,
    });
  });

  it('leaves no half-made seed behind', async () => {
    const { dir } = await original();
    const place = tempDir('amp-closed-');
    await expect(close(dir, 'deadbeef'.repeat(5), place)).rejects.toThrow();
    expect(readdirSync(join(place, 'seeds'))).toEqual([]);
  });

  it('is cut off where its origin is', async () => {
    const { dir, base } = await original();
    const shallow = join(tempDir('amp-shallow-'), 'clone');
    await git(dir, 'clone', '-q', '--depth=2', `file://${dir}`, shallow);
    const { repo } = await close(shallow, base);
    expect(await git(repo.root, 'log', '--all', '--format=%s')).toBe('base');
    expect(await git(repo.root, 'fsck')).toBe('');
  });

  it('keeps the kind of its ids', async () => {
    const dir = await makeRepo({ objectFormat: 'sha256' });
    const base = await git(dir, 'rev-parse', 'HEAD');
    const { repo } = await close(dir, base);
    expect([base.length, await git(repo.root, 'rev-parse', 'HEAD')]).toEqual([64, base]);
  });
});
