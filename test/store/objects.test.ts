import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCatFile } from '../../src/git/git.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { addPack } from '../../src/git/packs.ts';
import { decodeCommit, decodeTree, TREE_MODE } from '../../src/store/objects/encode.ts';
import { newObjects } from '../../src/store/objects/new-objects.ts';
import { exec, git, makeRepo } from '../support/repo.ts';

describe.each(['sha1', 'sha256'] as const)('new objects, %s', (objectFormat) => {
  test('git finds what we wrote, under the same names', async () => {
    const dir = await makeRepo({ objectFormat });
    const repo = await locateRepository(dir);
    const objects = await newObjects(repo);
    const contents = [
      Buffer.alloc(0),
      Buffer.from('text\n'),
      Buffer.from([0, 255, 10, 13]),
      Buffer.alloc(300_000, 'ab'),
    ];
    const blobs = await Promise.all(contents.map((content) => objects.blob(content)));
    const entry = (name: string, id: string, mode = '100644') => ({ mode, name, id });
    const inner = await objects.tree([entry('x', blobs[0]!)]);
    // git sorts the folder `a` after `a.b`, and the file `a` would come before it.
    const tree = await objects.tree([
      entry('a', inner, TREE_MODE),
      entry('b', blobs[1]!),
      entry('a.b', blobs[2]!),
      entry('a0', blobs[3]!),
    ]);
    const fields = { tree, at: '2026-11-22T13:14:15.678Z', message: 'first line\n\nAmp-Log: sessions/s1' };
    const root = await objects.commit({ ...fields, parents: [] });
    const commit = await objects.commit({ ...fields, parents: [root] });
    const kept = await addPack(repo, await objects.pack(), 'amp test');
    objects.dispose();
    await git(dir, 'update-ref', 'refs/amp/test', commit);
    kept.release();

    expect(await git(dir, 'fsck', '--strict', '--full')).toBe('');
    for (const [i, content] of contents.entries()) {
      writeFileSync(join(dir, 'probe'), content);
      expect(await git(dir, 'hash-object', '--no-filters', 'probe')).toBe(blobs[i]);
    }
    expect((await git(dir, 'ls-tree', '--name-only', tree)).split('\n')).toEqual(['a.b', 'a', 'a0', 'b']);
    const format = '--format=%aI %cI %P %(trailers:key=Amp-Log,valueonly,separator=)';
    expect(await git(dir, 'log', '-1', format, commit)).toBe(
      `2026-11-22T13:14:15+00:00 2005-04-07T22:13:13+00:00 ${root} sessions/s1`,
    );
    const raw = await exec(dir, 'git', ['cat-file', 'commit', commit]);
    expect(decodeCommit(Buffer.from(raw.stdout))).toEqual({ tree, parents: [root] });
  });

  test('a tree that git wrote is read', async () => {
    const dir = await makeRepo({ objectFormat });
    const listed = (await git(dir, 'ls-tree', 'HEAD')).split('\n').map((line) => {
      const [, mode, id, name] = /^0*(\d+) \w+ (\w+)\t(.*)$/.exec(line)!;
      return { mode, name, id };
    });
    const reader = openCatFile(await locateRepository(dir));
    const tree = await reader.object(await git(dir, 'rev-parse', 'HEAD^{tree}'));
    reader.close();
    expect(decodeTree(tree!.bytes, objectFormat)).toEqual(listed);
  });
});
