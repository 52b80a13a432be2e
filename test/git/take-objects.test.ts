import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { dropKeptPacks, objectsBehind, setDamagedAside, takeObjects } from '../../src/git/take-objects.ts';
import { throwawayRepository } from '../../src/git/throwaway-repository.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';

const packs = (dir: string): string[] => readdirSync(join(dir, '.git/objects/pack')).sort();

/** A repository, and a clone of it that lacks nothing. */
const makePair = async (objectFormat: 'sha1' | 'sha256' = 'sha1') => {
  const dir = await makeRepo({ objectFormat });
  const other = join(tempDir('amp-other-'), 'clone');
  await git(tempDir(), 'clone', '-q', '--no-local', dir, other);
  const blob = await git(dir, 'rev-parse', 'HEAD:a.txt');
  const file = join(dir, '.git/objects', blob.slice(0, 2), blob.slice(2));
  const folder = join(tempDir('amp-aside-'), 'damaged');
  return { dir, other, blob, file, folder, repo: await locateRepository(dir), from: await locateRepository(other) };
};

const spoil = async (file: string, at: number): Promise<Buffer> => {
  await sh('/', `chmod u+w '${file}'`);
  const bytes = readFileSync(file);
  bytes[at]! ^= 8;
  writeFileSync(file, bytes);
  return bytes;
};

describe('objects of another repository', () => {
  test.each(['sha1', 'sha256'] as const)('come in as one kept pack (%s)', async (objectFormat) => {
    const { dir, blob, file, folder, repo, from } = await makePair(objectFormat);
    rmSync(file);
    expect((await sh(dir, `git cat-file -p ${blob}`)).exitCode).not.toBe(0);
    const release = await takeObjects(repo, { from, ids: [blob], reason: 'a test', folder });
    expect(packs(dir).map((name) => name.slice(name.lastIndexOf('.')))).toEqual(['.idx', '.keep', '.pack']);
    expect(await git(dir, 'cat-file', '-p', blob)).toBe('one\ntwo\nthree');
    release();
    expect(packs(dir).some((name) => name.endsWith('.keep'))).toBe(false);
    expect(existsSync(folder)).toBe(false);
    expect((await sh(dir, 'git fsck --strict')).exitCode).toBe(0);
  });

  test('that the other has not are an error, and nothing comes in', async () => {
    const { dir, folder, repo, from } = await makePair();
    const ids = ['1'.repeat(40)];
    await expect(takeObjects(repo, { from, ids, reason: 'a test', folder })).rejects.toMatchObject({
      code: 'git.failed',
    });
    expect(packs(dir)).toEqual([]);
    await expect(takeObjects(repo, { from, ids: ['--all'], reason: 'a test', folder })).rejects.toThrow();
  });

  test('what a dead process left kept goes, what others keep stays', async () => {
    const { dir, blob, folder, repo, from } = await makePair();
    await takeObjects(repo, { from, ids: [blob], reason: 'a test', folder });
    writeFileSync(join(dir, '.git/objects/pack/pack-other.keep'), 'somebody else\n');
    dropKeptPacks(repo, 'a test');
    expect(packs(dir).filter((name) => name.endsWith('.keep'))).toEqual(['pack-other.keep']);
  });
});

describe('damaged copies', () => {
  test('a loose one goes aside, byte for byte', async () => {
    const { dir, blob, file, folder, repo, from } = await makePair();
    const bytes = await spoil(file, 6);
    await takeObjects(repo, { from, ids: [blob], reason: 'a test', folder });
    expect(await setDamagedAside(repo, [blob], folder)).toEqual([blob]);
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(join(folder, blob)).equals(bytes)).toBe(true);
    expect((await sh(dir, 'git fsck --strict')).exitCode).toBe(0);
    expect(await setDamagedAside(repo, [blob], folder)).toEqual([]);
  });

  test('a pack is written anew, without losing what else is in it', async () => {
    const { dir, blob, folder, repo, from } = await makePair();
    await git(dir, 'repack', '-adq');
    const pack = packs(dir).find((name) => name.endsWith('.pack'))!;
    const listing = await git(dir, 'verify-pack', '-v', `.git/objects/pack/${pack}`);
    const offset = Number(new RegExp(`^${blob} blob\\s+\\d+ \\d+ (\\d+)`, 'm').exec(listing)![1]);
    const bytes = await spoil(join(dir, '.git/objects/pack', pack), offset + 6);
    expect((await sh(dir, 'git fsck')).exitCode).not.toBe(0);
    await takeObjects(repo, { from, ids: [blob], reason: 'a test', folder });
    expect(await setDamagedAside(repo, [blob], folder)).toContain(pack);
    expect(readFileSync(join(folder, pack)).equals(bytes)).toBe(true);
    expect(await git(dir, 'show', 'HEAD:a.txt', 'HEAD:b.txt', 'HEAD:src/c.txt')).toBe('one\ntwo\nthree\nhello\nc');
    expect((await sh(dir, 'git fsck --strict')).exitCode).toBe(0);
  });

  test('a pack of which more is lost than came in stays: what can be read of it is somebody’s', async () => {
    const { dir, blob, folder, repo, from } = await makePair();
    const second = await git(dir, 'rev-parse', 'HEAD:b.txt');
    await git(dir, 'repack', '-adq');
    const pack = packs(dir).find((name) => name.endsWith('.pack'))!;
    const listing = await git(dir, 'verify-pack', '-v', `.git/objects/pack/${pack}`);
    for (const id of [blob, second]) {
      const offset = Number(new RegExp(`^${id} blob\\s+\\d+ \\d+ (\\d+)`, 'm').exec(listing)![1]);
      await spoil(join(dir, '.git/objects/pack', pack), offset + 6);
    }
    await takeObjects(repo, { from, ids: [blob], reason: 'a test', folder });
    expect(await setDamagedAside(repo, [blob], folder)).toEqual([]);
    expect(packs(dir)).toContain(pack);
    expect(await git(dir, 'cat-file', '-p', blob)).toBe('one\ntwo\nthree');
  });
});

test('all objects behind a commit', async () => {
  const { dir, repo } = await makePair();
  const head = await git(dir, 'rev-parse', 'HEAD');
  const all = (await git(dir, 'cat-file', '--batch-all-objects', '--batch-check'))
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect((await objectsBehind(repo, [head])).sort()).toEqual(all.sort());
  expect(await objectsBehind(repo, [])).toEqual([]);
  await expect(objectsBehind(repo, ['1'.repeat(40)])).rejects.toMatchObject({ code: 'git.failed' });
});

test('a throw-away repository knows the headers of its model, and is gone afterwards', async () => {
  const { dir, repo } = await makePair('sha256');
  await git(dir, 'config', 'http.https://example.com/.extraHeader', 'X-Test: one');
  const { repo: made, remove } = await throwawayRepository(repo);
  expect([made.bare, made.objectFormat]).toEqual([true, 'sha256']);
  expect(await git(made.commonDir, 'config', 'http.https://example.com/.extraHeader')).toBe('X-Test: one');
  expect((await sh(made.commonDir, 'git for-each-ref; ls hooks')).stdout).toBe('');
  remove();
  expect(existsSync(made.commonDir)).toBe(false);
});
