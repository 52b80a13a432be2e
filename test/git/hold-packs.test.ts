import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { holdPacks, isHeld } from '../../src/git/hold-packs.ts';
import { addPack, packQuarantine, removeKeep } from '../../src/git/packs.ts';
import type { Repository } from '../../src/git/repository.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { makeSession } from './support.ts';

const folderOf = (packs: string[]): Repository => {
  const commonDir = tempDir();
  mkdirSync(join(commonDir, 'objects/pack'), { recursive: true });
  for (const name of packs) writeFileSync(join(commonDir, 'objects/pack', name), 'x');
  return { commonDir } as Repository;
};
const keepsOf = (repo: Repository) =>
  readdirSync(join(repo.commonDir, 'objects/pack')).filter((name) => /keep$/.test(name));
const nothing = () => {};
const dropOf = (repo: Repository) => () => {
  for (const name of keepsOf(repo)) removeKeep(join(repo.commonDir, 'objects/pack', name), 'why');
};

describe('packs that are held', () => {
  it('get a file with the reason each, and no other file does', () => {
    const repo = folderOf(['pack-a.pack', 'pack-a.idx', 'pack-b.pack', 'tmp_pack_x']);
    holdPacks(repo, 'why', nothing)();
    expect(keepsOf(repo)).toEqual(['pack-a.keep', 'pack-b.keep']);
    expect(readFileSync(join(repo.commonDir, 'objects/pack/pack-a.keep'), 'utf8')).toBe('why\n');
  });

  it('stay kept by whoever kept them before', () => {
    const repo = folderOf(['pack-a.pack', 'pack-a.keep', 'pack-b.pack']);
    holdPacks(repo, 'why', nothing)();
    expect(readFileSync(join(repo.commonDir, 'objects/pack/pack-a.keep'), 'utf8')).toBe('x');
    holdPacks(repo, 'why', dropOf(repo))();
    expect(keepsOf(repo)).toEqual(['pack-a.keep']);
  });

  it('are held by reason and repository until the answer is called, which drops once', () => {
    const [one, two] = [folderOf(['pack-a.pack']), folderOf([])];
    let drops = 0;
    const release = holdPacks(one, 'why', () => drops++);
    expect([isHeld(one, 'why'), isHeld(one, 'other'), isHeld(two, 'why'), drops]).toEqual([true, false, false, 0]);
    release();
    expect([isHeld(one, 'why'), drops]).toEqual([false, 1]);
  });

  it('are none where there is no folder of packs', () => {
    const repo = folderOf([]);
    rmSync(join(repo.commonDir, 'objects'), { recursive: true });
    const release = holdPacks(repo, 'why', nothing);
    expect(isHeld(repo, 'why')).toBe(true);
    release();
    expect(existsSync(join(repo.commonDir, 'objects'))).toBe(false);
  });

  it('outlast a ref that is deleted, and a gc; a pack that is added meanwhile stays kept too', async () => {
    const { repo, dir } = await makeSession();
    await git(dir, 'commit', '-q', '--allow-empty', '-m', 'held');
    const id = await git(dir, 'rev-parse', 'HEAD');
    await git(dir, 'repack', '-adq');
    const release = holdPacks(repo, 'why', dropOf(repo));
    const objectDir = tempDir();
    await sh(dir, `echo fresh | GIT_OBJECT_DIRECTORY=${objectDir} git hash-object -w --stdin`);
    (await addPack(repo, await packQuarantine(repo, objectDir), 'why')).release();
    expect(keepsOf(repo)).toHaveLength(2);
    const gc = 'git reset -q --hard HEAD~1; git reflog expire --expire=now --all; git gc -q --prune=now';
    await sh(dir, gc);
    expect(await git(dir, 'cat-file', '-t', id)).toBe('commit');
    release();
    expect(keepsOf(repo)).toEqual([]);
    await sh(dir, gc.replace('HEAD~1', 'HEAD'));
    await expect(git(dir, 'cat-file', '-t', id)).rejects.toThrow();
  });
});
