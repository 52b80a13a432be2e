import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { addedLines, type PatchFile, readPatches } from '../../src/git/patches.ts';
import { git, makeRepo, type RepoOptions, sh } from '../support/repo.ts';

const treeOf = async (dir: string, message: string): Promise<string> => {
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '--allow-empty', '-m', message);
  return git(dir, 'rev-parse', 'HEAD^{tree}');
};

/** What differs after some doing in the checkout. */
const changed = async (change: (dir: string) => unknown, options: RepoOptions = {}) => {
  const dir = await makeRepo(options);
  const from = await git(dir, 'rev-parse', 'HEAD^{tree}');
  await change(dir);
  const to = await treeOf(dir, 'change');
  const repo = await locateRepository(dir);
  const { pairs, isCut } = await readPatches(repo, [{ from, to }]);
  return { dir, repo, from, to, files: pairs[0]!, isCut };
};

const write = (dir: string, path: string, text: string | Buffer) => writeFileSync(join(dir, path), text);
const lines = (file: PatchFile | undefined) =>
  file?.hunks.map((hunk) => [hunk.oldStart, hunk.oldLines, hunk.newStart, addedLines(hunk)]);

describe('readPatches', () => {
  it('tells every line that changes, in one process for both directions', async () => {
    const { repo, from, to, files } = await changed((dir) => write(dir, 'a.txt', 'zero\none\nTWO\nthree\n'));
    expect(files).toMatchObject([{ path: 'a.txt', status: 'modified', oldMode: '100644', isBinary: false }]);
    expect(lines(files[0])).toEqual([
      [0, 0, 1, ['zero']],
      [2, 1, 3, ['TWO']],
    ]);
    const { pairs } = await readPatches(repo, [
      { from: to, to: from },
      { from, to: from },
      { from: null, to: from },
      { from, to },
    ]);
    expect(lines(pairs[0]![0])).toEqual([
      [1, 1, 0, []],
      [3, 1, 2, ['two']],
    ]);
    expect(pairs[1]).toEqual([]);
    expect(pairs[2]!.map(({ path, status }) => [path, status])).toEqual([
      ['a.txt', 'added'],
      ['b.txt', 'added'],
      ['src/c.txt', 'added'],
    ]);
    expect(pairs[3]).toEqual(files);
  });

  it.skipIf(process.platform === 'win32')('knows any name, and who moved where', async () => {
    const names = ['-leading', 'sp ace', 'new\nline', 'tab\t', 'ü 漢', '"quoted"', 'a b/b b', 'diff --git a b/x'];
    const { files } = await changed((dir) => {
      mkdirSync(join(dir, 'a b'));
      mkdirSync(join(dir, 'diff --git a b'));
      for (const name of names) write(dir, name, `in ${JSON.stringify(name)}\n`);
      rmSync(join(dir, 'src/c.txt'));
      write(dir, 'moved', 'c\n');
    });
    const added = files.filter(({ status }) => status === 'added');
    expect(added.map(({ path }) => path).sort()).toEqual([...names].sort());
    for (const file of added) expect(lines(file)).toEqual([[0, 0, 1, [`in ${JSON.stringify(file.path)}`]]]);
    expect(files.find(({ status }) => status === 'renamed')).toMatchObject({
      path: 'moved',
      previousPath: 'src/c.txt',
      hunks: [],
    });
  });

  it.skipIf(process.platform === 'win32')('tells modes, types, binaries, links and submodules', async () => {
    const { dir, files } = await changed(async (dir) => {
      chmodSync(join(dir, 'a.txt'), 0o755);
      rmSync(join(dir, 'b.txt'));
      symlinkSync('a.txt', join(dir, 'b.txt'));
      write(dir, 'bin', Buffer.of(0, 1, 2));
      const sub = await makeRepo();
      await sh(dir, `git -c protocol.file.allow=always submodule add -q '${sub}' zsub`);
    });
    const byPath = new Map(files.map((file) => [file.path, file]));
    expect(byPath.get('a.txt')).toMatchObject({ oldMode: '100644', newMode: '100755', hunks: [] });
    expect(byPath.get('b.txt')).toMatchObject({ status: 'typechanged', newMode: '120000' });
    // The file goes, the link comes: two patches for one entry, and the next entry's lines are its own.
    expect(byPath.get('b.txt')!.hunks.map(addedLines)).toEqual([[], ['a.txt']]);
    expect(byPath.get('bin')).toMatchObject({ status: 'added', isBinary: true, hunks: [] });
    const head = await git(join(dir, 'zsub'), 'rev-parse', 'HEAD');
    expect(byPath.get('zsub')).toMatchObject({ newMode: '160000', newId: head });
    expect(byPath.get('zsub')!.hunks.map(addedLines)).toEqual([[`Subproject commit ${head}`]]);
    expect(addedLines(byPath.get('.gitmodules')!.hunks[0]!)[0]).toBe('[submodule "zsub"]');
  });

  it('takes no line of a file for a header', async () => {
    const id = 'a'.repeat(40);
    const tricky = ['diff --git a/x b/x', '@@ -1 +1 @@', '++ b/x', `${id} ${id}`, 'Binary files a and b differ', ':1'];
    const { files } = await changed((dir) => {
      write(dir, 'a.txt', `${tricky.join('\n')}\n`);
      write(dir, 'b.txt', 'no newline at the end');
      write(dir, 'c.txt', '\\ No newline\n');
    });
    expect(files.map(({ path, isBinary }) => [path, isBinary])).toEqual([
      ['a.txt', false],
      ['b.txt', false],
      ['c.txt', false],
    ]);
    expect(lines(files[0])).toEqual([[1, 3, 1, tricky]]);
    expect(lines(files[1])).toEqual([[1, 1, 1, ['no newline at the end']]]);
    expect(lines(files[2])).toEqual([[0, 0, 1, ['\\ No newline']]]);
  });

  it('heeds no attribute by which a commit would hide its lines, and no setting of the repository', async () => {
    const { files } = await changed(async (dir) => {
      write(dir, '.gitattributes', '*.env binary\n*.txt -diff\n');
      write(dir, 'x.env', 'shown\n');
      write(dir, 'a.txt', 'changed\n');
      for (const [key, value] of [
        ['diff.external', 'false'],
        ['diff.noprefix', 'true'],
        ['diff.context', '9'],
        ['core.quotePath', 'true'],
        ['color.ui', 'always'],
      ])
        await git(dir, 'config', key!, value!);
    });
    const shown = new Map(files.map((file) => [file.path, lines(file)]));
    expect(shown.get('x.env')).toEqual([[0, 0, 1, ['shown']]]);
    expect(shown.get('a.txt')).toEqual([[1, 3, 1, ['changed']]]);
  });

  it('works with SHA-256, and names the files alone where there is too much', async () => {
    const { repo, from, to, files, isCut } = await changed((dir) => write(dir, 'a.txt', 'x\n'.repeat(1000)), {
      objectFormat: 'sha256',
    });
    expect([isCut, files[0]!.newId.length, files[0]!.hunks[0]!.newLines]).toEqual([false, 64, 1000]);
    const named = await readPatches(repo, [{ from, to }], { withLines: false });
    expect(named).toMatchObject({ isCut: false, pairs: [[{ path: 'a.txt', hunks: [] }]] });
    const cut = await readPatches(repo, [{ from, to }], { maxBytes: 500 });
    expect(cut).toMatchObject({ isCut: true, pairs: [[{ path: 'a.txt', hunks: [] }]] });
  });

  it('asks nothing for nothing, and refuses what is no id', async () => {
    const repo = await locateRepository(await makeRepo());
    expect(await readPatches(repo, [])).toEqual({ pairs: [], isCut: false });
    await expect(readPatches(repo, [{ from: null, to: '--help' }])).rejects.toMatchObject({ code: 'ref.missing' });
    const nowhere = { from: null, to: 'b'.repeat(40) };
    await expect(readPatches(repo, [nowhere])).rejects.toMatchObject({ code: 'git.failed' });
  });

  it('gives, for any two texts, hunks that make the one out of the other', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const line = fc.constantFrom('a', 'b', '-c', '+d', '', '\\ e', '@@ -1 +1 @@', 'diff --git a/f b/f');
    const text = fc.array(line, { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(text, text, async (old, now) => {
        const trees: string[] = [];
        for (const some of [old, now]) {
          write(dir, 'f', some.map((one) => `${one}\n`).join(''));
          trees.push(await treeOf(dir, 'x'));
        }
        const [files] = (await readPatches(repo, [{ from: trees[0]!, to: trees[1]! }])).pairs;
        const made: string[] = [...old];
        for (const hunk of (files![0]?.hunks ?? []).toReversed())
          made.splice(hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1, hunk.oldLines, ...addedLines(hunk));
        expect(made).toEqual(now);
      }),
      { numRuns: 25 },
    );
  });
});
