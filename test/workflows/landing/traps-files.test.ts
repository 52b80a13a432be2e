import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { rarely } from '../../support/rarely.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { playAll, refused, spring, tool } from './trap.ts';

describe.skipIf(process.platform !== 'linux')('kinds of files', { timeout: 240_000 }, () => {
  it('symbolic links, also in the place of a file or a folder, and back', () =>
    playAll({
      before: `ln -s a.txt link; ln -s /nowhere/at/all absolute; mkdir d e; echo x > d/x; echo y > d/y; echo z > e/z
        ln -s e to-folder; echo file > file`,
      one: 'rm -r d; ln -s e d; ln -sf b.txt link; rm file; ln -s ../outside file; rm to-folder; mkdir to-folder; echo in > to-folder/in',
      two: 'rm d; mkdir d; echo back > d/x; rm absolute; echo plain > absolute; rm -r e; ln -s d e',
      upstream: 'echo up > up.txt',
    }));

  rarely('a link to a folder outside, in the place of a folder: nothing outside changes', async () => {
    const outside = tempDir();
    writeFileSync(join(outside, 'x'), 'outside\n');
    await playAll({
      before: 'mkdir d; echo x > d/x',
      one: `rm -r d; ln -s ${outside} d`,
      two: 'echo more > more',
    });
    expect((await sh(outside, 'ls; cat x')).stdout).toBe('x\noutside\n');
  });

  it('a file becomes a folder and the other way round, and back', () =>
    playAll({
      before: 'echo file > swap; mkdir folder; echo x > folder/x; mkdir -p deep/er; echo y > deep/er/y',
      one: 'rm swap; mkdir -p swap/a; echo in > swap/a/b; rm -r folder; echo now > folder',
      two: 'rm -r swap; echo file > swap; rm folder; mkdir folder; echo x > folder/x; rm -r deep; echo d > deep',
      upstream: 'echo up > up.txt',
    }));

  rarely('executable bits', () =>
    playAll({
      before: "printf '#!/bin/sh\\n' > tool; chmod +x tool; echo text > plain; echo gone > gone; chmod +x gone",
      one: 'chmod +x plain; chmod -x tool',
      two: 'rm gone; echo new > new; chmod +x new; echo more >> tool',
      upstream: 'echo up > up.txt',
    }),
  );

  it('empty files, binaries, no newline at the end, and much text', () =>
    playAll({
      before: ": > empty; : > was-empty; printf 'a\\0b\\377' > binary; printf tail > tail; seq 100000 > long",
      one: "echo full > was-empty; : > tail; : > new-empty; printf '\\0\\r\\n\\377\\376' > binary",
      two: 'seq 5 200000 > long; head -c 300000 /dev/zero > zeros; printf tail > tail2; rm empty',
      upstream: 'echo up > up.txt',
    }));

  rarely('a file that git does not see change: same size, same second', async () => {
    const w = await playAll({ before: 'printf aaaa > same', one: 'printf bbbb > same', two: 'printf cccc > same' });
    expect(await git(w.dir, 'show', `${w.branch}:same`)).toBe('cccc');
  });

  it('where git was told not to trust file modes', () =>
    playAll({
      before: 'echo x > x; ln -s x link',
      setting: 'git config core.fileMode false; git config core.trustctime false',
      one: 'echo more >> x',
      two: 'echo y > y; rm link; ln -s y link',
      upstream: 'echo up > up.txt',
    }));
});

/** A large-file filter: the repository has pointers, the folder what they point to. */
const filterIn = (folder: string): { clean: string; smudge: string } => ({
  clean: tool(`cat > ${folder}/tmp.$$; id=$(git hash-object --stdin < ${folder}/tmp.$$)
mv ${folder}/tmp.$$ ${folder}/$id; printf 'version https://git-lfs.github.com/spec/v1\\noid %s\\n' $id`),
  smudge: tool(`read -r first; read -r word id; cat ${folder}/$id`),
});

const configure = async (entries: Record<string, string>): Promise<void> => {
  for (const [key, value] of Object.entries(entries)) await git(tempDir(), 'config', '--global', key, value);
};

describe.skipIf(process.platform !== 'linux')('large files behind a filter', { timeout: 240_000 }, () => {
  afterEach(async () => {
    await sh(tempDir(), 'rm -f "$HOME/.gitconfig"');
  });

  const BIG = {
    before: "echo '*.bin filter=lfs -text' > .gitattributes; echo big > big.bin",
    one: 'echo bigger > big.bin; echo other > other.bin',
    two: 'echo biggest > big.bin; mkdir d; echo deep > d/deep.bin; rm other.bin',
    upstream: 'echo up > up.txt; echo ups > ups.bin',
  };

  it.each([false, true])('the user’s filter behaves as with git; required: %s', async (required) => {
    const { clean, smudge } = filterIn(tempDir());
    await configure({ 'filter.lfs.clean': clean, 'filter.lfs.smudge': smudge, 'filter.lfs.required': `${required}` });
    const w = await playAll(BIG);
    await w.merge();
    expect((await sh(w.dir, 'cat big.bin d/deep.bin')).stdout).toBe('biggest\ndeep\n');
    expect(await git(w.dir, 'show', 'main:big.bin')).toMatch(/^version https:\/\/git-lfs/);
  });

  it('without a filter pointers are files like any other', async () => {
    const pointer = (id: string) =>
      `printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:${id}\\nsize 5\\n'`;
    await playAll({
      before: `echo '*.bin filter=lfs diff=lfs merge=lfs -text' > .gitattributes; ${pointer('1')} > big.bin`,
      one: `${pointer('2')} > big.bin`,
      two: `${pointer('3')} > other.bin`,
      upstream: 'echo up > up.txt',
    });
  });

  rarely('a filter of the repository’s own configuration is not started', async () => {
    const mark = join(tempDir(), 'started');
    const w = await playAll({
      ...BIG,
      setting: `git config filter.lfs.clean "touch ${mark}; cat"; git config filter.lfs.smudge "touch ${mark}; cat"; rm -f ${mark}`,
      upstream: 'true',
    }).catch((error: unknown) => error);
    expect(w).not.toBeInstanceOf(Error);
  });

  it('a required filter that fails: refused, and everything is as before', async () => {
    const { clean, smudge } = filterIn(tempDir());
    await configure({ 'filter.lfs.clean': clean, 'filter.lfs.smudge': smudge, 'filter.lfs.required': 'true' });
    const w = await spring(BIG);
    await configure({ 'filter.lfs.smudge': '/no/such/program' });
    await refused(w, () => w.merge(), {
      code: 'worktree.blocked',
      message: expect.stringMatching(/big\.bin/),
    });
    await configure({ 'filter.lfs.smudge': smudge });
    await w.merge();
    expect((await sh(w.dir, 'cat big.bin; git status --porcelain')).stdout).toBe('biggest\n');
  });
});
