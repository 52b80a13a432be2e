import { describe, expect, it } from 'vitest';
import { readIndex } from '../../src/git/index-file.ts';
import { git, sh } from '../support/repo.ts';
import { makeSession } from './support.ts';

const look = async (repo: Parameters<typeof readIndex>[0], wt: Parameters<typeof readIndex>[1]) =>
  (await readIndex(repo, wt))!.map(({ path, id, assumed }) => `${path} ${id.slice(0, 8)} ${assumed}`);

describe('readIndex', () => {
  it('is never older than the file, whatever was read before', async () => {
    const { repo, wt } = await makeSession();
    const first = await look(repo, wt);
    expect(first.map((line) => line.split(' ')[0])).toEqual(['a.txt', 'b.txt', 'src/c.txt']);
    expect(await look(repo, wt)).toEqual(first);
    // Of the same length, in the same breath.
    await git(wt.path, 'update-index', '--assume-unchanged', 'b.txt');
    expect((await look(repo, wt))[1]).toBe(first[1]!.replace('false', 'true'));
    await git(wt.path, 'update-index', '--no-assume-unchanged', 'b.txt');
    await sh(wt.path, 'echo HELLO > b.txt; git add b.txt');
    expect((await look(repo, wt))[1]).not.toBe(first[1]);
    await git(wt.path, 'reset', '-q', '--hard');
    expect(await look(repo, wt)).toEqual(first);
  });

  it('keeps indexes apart, many of them', async () => {
    const { repo, wt, dir } = await makeSession();
    const files: string[] = [];
    for (let n = 0; n < 8; n++) {
      const file = `${dir}/.git/other-${n}`;
      await sh(dir, `cp .git/index '${file}'; GIT_INDEX_FILE='${file}' git update-index --force-remove a.txt`);
      files.push(file);
      await readIndex(repo, wt);
    }
    for (const file of files) expect((await readIndex(repo, wt, file))!.map(({ path }) => path)).not.toContain('a.txt');
    expect(await look(repo, wt)).toHaveLength(3);
    await sh(dir, `rm '${files[0]}'`);
    expect(await readIndex(repo, wt, files[0])).toBeUndefined();
  });
});
