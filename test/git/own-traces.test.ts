import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deleteRefs, diskUsage, fileUsage } from '../../src/git/disk-usage.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { dropExcludeLine, hasExcludeLine, ownKeepFiles, removeIfEmpty } from '../../src/git/own-traces.ts';
import { git, makeRepo, sh } from '../support/repo.ts';

const LINE = '/.worktrees/';

describe('what the program leaves in a git directory', () => {
  it('a line of info/exclude goes, and every other byte stays', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const file = join(dir, '.git/info/exclude');
    for (const [before, after] of [
      ['# mine\nx\n/.worktrees/\n', '# mine\nx\n'],
      ['/.worktrees/\nlast line without an end', 'last line without an end'],
      ['a\r\n/.worktrees/\r\nb\r\n', 'a\r\nb\r\n'],
      ['/.worktrees/x\n!/.worktrees/\n', '/.worktrees/x\n!/.worktrees/\n'],
    ]) {
      writeFileSync(file, before!);
      dropExcludeLine(repo, LINE);
      expect([readFileSync(file, 'utf8'), hasExcludeLine(repo, LINE)]).toEqual([after, false]);
    }
    writeFileSync(file, '/.worktrees/\n');
    expect(hasExcludeLine(repo, LINE)).toBe(true);
    dropExcludeLine(repo, LINE);
    expect(existsSync(file)).toBe(false);
    dropExcludeLine(repo, LINE);
    mkdirSync(join(dir, '.git/info'), { recursive: true });
    writeFileSync(join(dir, 'elsewhere'), '/.worktrees/\n');
    symlinkSync(join(dir, 'elsewhere'), file);
    dropExcludeLine(repo, LINE);
    expect(readFileSync(join(dir, 'elsewhere'), 'utf8')).toBe('/.worktrees/\n');
  });

  it('keep files are ours by what they say, and only empty folders go', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    await git(dir, 'repack', '-adq');
    const pack = join(dir, '.git/objects/pack');
    writeFileSync(join(pack, 'pack-1.keep'), 'amp sessions/s1 w1\n');
    writeFileSync(join(pack, 'pack-2.keep'), 'mine\n');
    writeFileSync(join(pack, 'pack-3.keep'), '');
    expect(ownKeepFiles(repo)).toEqual([join(pack, 'pack-1.keep')]);
    removeIfEmpty(pack);
    removeIfEmpty(join(dir, 'nowhere'));
    expect(existsSync(pack)).toBe(true);
    rmSync(pack, { recursive: true });
    expect(ownKeepFiles(repo)).toEqual([]);
  });

  it('costs what git says, less what others lead to, file by file', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const first = await git(dir, 'rev-parse', 'HEAD');
    await sh(dir, 'mkdir "a b"; seq 1000 > "a b/new file.txt" && git add -A && git commit -qm second');
    const second = await git(dir, 'rev-parse', 'HEAD');
    const blob = await git(dir, 'rev-parse', 'HEAD:a b/new file.txt');
    const bytes = Number((await sh(dir, `echo ${blob} | git cat-file --batch-check='%(objectsize:disk)'`)).stdout);
    expect(await diskUsage(repo, { of: [] })).toBe(0);
    expect(await diskUsage(repo, { of: [first], not: [second] })).toBe(0);
    const more = await diskUsage(repo, { of: [second], not: [first] });
    expect(more).toBeGreaterThan(bytes);
    expect(await diskUsage(repo, { of: [second] })).toBe(more + (await diskUsage(repo, { of: [first] })));
    const files = await fileUsage(repo, [second]);
    expect([files.get('a b/new file.txt'), files.has('a.txt'), (await fileUsage(repo, [])).size]).toEqual([
      bytes,
      true,
      0,
    ]);
    await expect(diskUsage(repo, { of: ['--all'] })).rejects.toMatchObject({ code: 'ref.missing' });
  });

  it('refs go together or not at all', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const id = await git(dir, 'rev-parse', 'HEAD');
    for (const name of ['a', 'b']) await git(dir, 'update-ref', `refs/amp/x/${name}`, id);
    await git(dir, 'pack-refs', '--all');
    const refs = ['a', 'b'].map((name) => ({ ref: `refs/amp/x/${name}`, id }));
    await expect(
      deleteRefs(repo, [refs[0]!, { ref: refs[1]!.ref, id: '0'.repeat(39).concat('1') }]),
    ).rejects.toMatchObject({ code: 'git.failed' });
    expect((await git(dir, 'for-each-ref', 'refs/amp')).split('\n')).toHaveLength(2);
    await expect(deleteRefs(repo, [{ ref: 'main', id }])).rejects.toMatchObject({ code: 'ref.missing' });
    await deleteRefs(repo, refs);
    await deleteRefs(repo, []);
    expect(await git(dir, 'for-each-ref', 'refs/amp')).toBe('');
  });
});
