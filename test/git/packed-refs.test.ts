import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { changePackedRefs } from '../../src/git/packed-refs.ts';
import { listRefs } from '../../src/git/refs.ts';
import { git, makeRepo, sh } from '../support/repo.ts';

const PREFIX = 'refs/amp/';

const scene = async () => {
  const dir = await makeRepo();
  const id = await git(dir, 'rev-parse', 'HEAD');
  const repo = await locateRepository(dir);
  return { dir, id, repo, refs: () => git(dir, 'for-each-ref', '--format=%(refname) %(objectname) %(*objectname)') };
};

it('makes refs as git packs them: git sees them, sorted between those that are there, tags and odd names untouched', async () => {
  const { dir, id, repo, refs } = await scene();
  await sh(dir, 'git tag -a -m x v1; git branch zoë; git branch a');
  expect((await changePackedRefs(repo, PREFIX, { create: [{ ref: 'refs/amp/first/w', id }] }))?.size).toBe(1);
  await sh(dir, 'git pack-refs --all; git update-ref refs/amp/loose/w HEAD; git tag -a -m y v0');
  const before = await refs();
  const create = Array.from({ length: 300 }, (_, n) => ({ ref: `refs/amp/s${n}/w`, id }));
  expect((await changePackedRefs(repo, PREFIX, { create }))?.size).toBe(300);
  const after = (await refs()).split('\n');
  expect(after).toEqual(
    [...before.split('\n'), ...create.map(({ ref }) => `${ref} ${id} `)]
      .map((l) => l.trimEnd())
      .sort()
      .map((line) => expect.stringContaining(line)),
  );
  expect(existsSync(join(dir, '.git/refs/amp/s1'))).toBe(false);
  const packed = readFileSync(join(dir, '.git/packed-refs'), 'latin1');
  // Git itself would write the very same file.
  await sh(dir, 'git update-ref refs/amp/x/w HEAD; git pack-refs --all; git update-ref -d refs/amp/x/w');
  for (const line of packed.split('\n')) expect(readFileSync(join(dir, '.git/packed-refs'), 'latin1')).toContain(line);
  await git(dir, 'update-ref', '-d', 'refs/amp/s7/w', id);
  expect(await listRefs(repo, 'refs/amp/s7/')).toEqual([]);
  await changePackedRefs(repo, PREFIX, { create: [], drop: 'refs/amp/s' });
  expect((await listRefs(repo, PREFIX)).map(({ ref }) => ref)).toEqual(['refs/amp/first/w', 'refs/amp/loose/w']);
  expect(await git(dir, 'fsck', '--strict')).toBe('');
});

it('makes none that is there already, loose or packed, or that is in the way of another', async () => {
  const { dir, id, repo } = await scene();
  await sh(dir, 'git update-ref refs/amp/packed/w HEAD; git pack-refs --all; git update-ref refs/amp/loose HEAD');
  const names = ['packed/w', 'packed', 'packed/w/x', 'loose', 'loose/w', 'fine/w', 'fine/w/x', 'fine'];
  const create = names.map((name) => ({ ref: PREFIX + name, id }));
  expect(await changePackedRefs(repo, PREFIX, { create })).toEqual(new Set(['refs/amp/fine/w']));
  await expect(changePackedRefs(repo, PREFIX, { create: [{ ref: 'refs/amp/a..b', id }] })).rejects.toThrow();
  expect(await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp')).toBe(
    'refs/amp/fine/w\nrefs/amp/loose\nrefs/amp/packed/w',
  );
});

it("a dead one's lock is broken; a file that is not as git writes it is left to git", async () => {
  const { dir, id, repo } = await scene();
  const file = join(dir, '.git/packed-refs');
  writeFileSync(`${file}.lock`, '');
  writeFileSync(`${file}.new`, 'half');
  const create = [{ ref: 'refs/amp/a/w', id }];
  expect((await changePackedRefs(repo, PREFIX, { create }))?.size).toBe(1);
  expect(existsSync(`${file}.lock`) || existsSync(`${file}.new`)).toBe(false);
  for (const text of [
    `${id} refs/heads/old\n`,
    '# pack-refs with: peeled \n',
    '# pack-refs with: peeled fully-peeled sorted \ntorn',
  ]) {
    writeFileSync(file, text);
    expect(await changePackedRefs(repo, PREFIX, { create })).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
  writeFileSync(join(dir, 'elsewhere'), '# pack-refs with: peeled fully-peeled sorted \n');
  await sh(dir, 'rm .git/packed-refs');
  symlinkSync(join(dir, 'elsewhere'), file);
  expect(await changePackedRefs(repo, PREFIX, { create })).toBeUndefined();
});
