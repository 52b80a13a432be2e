import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git as door, gitText } from '../../src/git/git.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { addPack, maintenance, packQuarantine } from '../../src/git/packs.ts';
import { moveRef } from '../../src/git/refs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { startsOf } from './support.ts';

const open = async (options?: Parameters<typeof makeRepo>[0]) => {
  const dir = await makeRepo(options);
  return { dir, repo: await locateRepository(dir) };
};

/** A blob in quarantine, and the pack that brings it in. */
const packed = async (repo: Repository, text: string): Promise<{ id: string; pack: Buffer }> => {
  const objectDir = tempDir();
  const id = await gitText(repo, ['hash-object', '-w', '--stdin'], { objectDir, stdin: text });
  return { id, pack: await packQuarantine(repo, objectDir) };
};

const keeps = (repo: Repository): string[] =>
  readdirSync(join(repo.commonDir, 'objects/pack')).filter((name) => name.endsWith('.keep'));

describe('addPack and packQuarantine', () => {
  it.each(['sha1', 'sha256'] as const)('bring private objects in, kept until released (%s)', async (objectFormat) => {
    const { dir, repo } = await open({ objectFormat });
    const objectDir = tempDir();
    const index = join(tempDir(), 'index');
    await door(repo, ['read-tree', 'HEAD'], { index });
    const blob = await gitText(repo, ['hash-object', '-w', '--stdin'], { objectDir, stdin: 'new' });
    await door(repo, ['update-index', '--add', '--cacheinfo', `100644,${blob},new`], { index, objectDir });
    const tree = await gitText(repo, ['write-tree'], { index, objectDir });
    const pack = await packQuarantine(repo, objectDir);
    expect((await sh(dir, `git cat-file -e ${tree}`)).exitCode).not.toBe(0);
    const kept = await addPack(repo, pack, 'test s1');
    expect(await git(dir, 'cat-file', 'blob', `${tree}:new`)).toBe('new');
    expect(keeps(repo).length).toBe(1);
    await git(dir, 'gc', '-q', '--prune=now');
    expect(await git(dir, 'cat-file', '-t', tree)).toBe('tree');
    kept.release();
    kept.release();
    expect(keeps(repo)).toEqual([]);
    await git(dir, 'gc', '-q', '--prune=now');
    expect((await sh(dir, `git cat-file -e ${tree}`)).exitCode).not.toBe(0);
  });

  it('take one process each, and packs as well as loose objects', async () => {
    const { repo } = await open();
    const objectDir = tempDir();
    const id = await gitText(repo, ['hash-object', '-w', '--stdin'], { objectDir, stdin: 'loose' });
    expect(await startsOf(() => packQuarantine(repo, objectDir))).toEqual(['pack-objects']);
    const { id: other, pack } = await packed(repo, 'in a pack');
    await door(repo, ['index-pack', '--stdin'], { objectDir, stdin: pack });
    const all = await packQuarantine(repo, objectDir);
    expect(await startsOf(async () => (await addPack(repo, all, 'x')).release())).toEqual(['index-pack']);
    for (const object of [id, other]) expect(await gitText(repo, ['cat-file', '-t', object])).toBe('blob');
  });

  it('leave a .keep of another alone', async () => {
    const { repo } = await open();
    const { pack } = await packed(repo, 'x');
    await addPack(repo, pack, 'the first');
    const second = await addPack(repo, pack, 'the second');
    second.release();
    expect(keeps(repo).length).toBe(1);
    const again = await addPack(repo, pack, 'the first');
    again.release();
    expect(keeps(repo)).toEqual([]);
  });

  it('fail on what is no pack, on a reason of two lines, and on a folder that is not there', async () => {
    const { repo } = await open();
    const { pack } = await packed(repo, 'x');
    await expect(addPack(repo, Buffer.from('no pack'), 'x')).rejects.toMatchObject({ code: 'git.failed' });
    await expect(addPack(repo, pack.subarray(0, pack.length - 5), 'x')).rejects.toMatchObject({ code: 'git.failed' });
    await expect(addPack(repo, pack, 'a\nb')).rejects.toMatchObject({ code: 'git.failed' });
    await expect(packQuarantine(repo, '/nonexistent')).rejects.toMatchObject({ code: 'git.failed' });
    expect(keeps(repo)).toEqual([]);
  });

  it('lose nothing beside a gc that throws everything away at once', async () => {
    const { dir, repo } = await open();
    const stop = join(tempDir(), 'stop');
    const beside = sh(dir, `while [ ! -e '${stop}' ]; do git gc -q --prune=now; git repack -adq; done`);
    let tip: string | null = null;
    for (let at = 0; at < 25; at++) {
      const objectDir = tempDir();
      const tree = await gitText(repo, ['hash-object', '-t', 'tree', '-w', '--stdin'], { objectDir, stdin: '' });
      const args = ['commit-tree', tree, ...(tip === null ? [] : ['-p', tip])];
      const commit: string = await gitText(repo, args, { objectDir, stdin: `${at}\n` });
      const kept = await addPack(repo, await packQuarantine(repo, objectDir), 'amp');
      expect(await moveRef(repo, 'refs/amp/x', { to: commit, from: tip })).toBe(true);
      kept.release();
      tip = commit;
    }
    writeFileSync(stop, '');
    await beside;
    expect(await git(dir, 'rev-list', '--count', 'refs/amp/x')).toBe('25');
    const fsck = await sh(dir, 'git fsck --full --strict');
    expect(fsck.exitCode, fsck.stderr).toBe(0);
  });
});

describe('maintenance', () => {
  const manyPacks = async (repo: Repository): Promise<string[]> => {
    const ids: string[] = [];
    for (let at = 0; at < 51; at++) {
      const { id, pack } = await packed(repo, String(at));
      (await addPack(repo, pack, 'x')).release();
      ids.push(id);
    }
    return ids;
  };

  it('does nothing, and starts nothing, while there is little', async () => {
    const { repo } = await open();
    expect(await startsOf(() => maintenance(repo))).toEqual([]);
  });

  it('joins many packs, and packs many refs, and loses nothing', async () => {
    const { dir, repo } = await open();
    const ids = await manyPacks(repo);
    const head = await git(dir, 'rev-parse', 'HEAD');
    mkdirSync(join(repo.commonDir, 'refs/amp/many'), { recursive: true });
    for (let at = 0; at < 201; at++) writeFileSync(join(repo.commonDir, `refs/amp/many/${at}`), `${head}\n`);
    const before = await git(dir, 'for-each-ref');
    expect(await maintenance(repo)).toEqual({ packs: true, refs: true });
    expect(
      readdirSync(join(repo.commonDir, 'objects/pack')).filter((name) => name.endsWith('.pack')).length,
    ).toBeLessThan(10);
    expect(existsSync(join(repo.commonDir, 'refs/amp/many/0'))).toBe(false);
    expect(await git(dir, 'for-each-ref')).toBe(before);
    for (const id of ids) expect(await git(dir, 'cat-file', '-t', id)).toBe('blob');
    expect(await maintenance(repo)).toEqual({ packs: false, refs: false });
  });

  it('leaves the packs of a partial clone alone', async () => {
    const { dir, repo } = await open();
    await manyPacks(repo);
    await git(dir, 'config', 'remote.origin.promisor', 'true');
    expect((await maintenance(repo)).packs).toBe(false);
  });
});
