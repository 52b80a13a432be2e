import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blameFile, isAncestorThrough } from '../../src/git/blame.ts';
import { entryAt, isTracked, lastChangeOf } from '../../src/git/file-at.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { git, makeRepo, type RepoOptions, sh, tempDir } from '../support/repo.ts';
import { startsOf } from './support.ts';

/** A chain of commits, each adding its name to a.txt, and one commit with all of it on the first. */
const squashed = async (options: RepoOptions = {}) => {
  const dir = await makeRepo(options);
  const repo = await locateRepository(dir);
  const base = await git(dir, 'rev-parse', 'HEAD');
  const names: Record<string, string> = { [base]: 'base' };
  for (const name of ['c1', 'c2', 'c3']) {
    await sh(dir, `echo ${name} >> a.txt && git commit -qam ${name}`);
    names[await git(dir, 'rev-parse', 'HEAD')] = name;
  }
  const tip = await git(dir, 'rev-parse', 'HEAD');
  const squash = await git(dir, 'commit-tree', '-p', base, '-m', 'squash', `${tip}^{tree}`);
  names[squash] = 'squash';
  await git(dir, 'branch', 'old');
  await git(dir, 'reset', '-q', '--hard', squash);
  const who = async (options: Parameters<typeof blameFile>[1]) =>
    (await blameFile(repo, options)).lines.map(({ commit }) => (commit === null ? 'nobody' : names[commit]));
  return { dir, repo, base, tip, squash, who };
};

describe('blameFile', () => {
  it('gives lines with their commits, and who made those, in one process', async () => {
    const { repo, base, squash, dir } = await squashed();
    await git(dir, 'config', 'user.name', 'Ünï <code>');
    await git(dir, 'config', 'user.email', 'u@example.com');
    await sh(dir, "printf 'ünï\\r' >> a.txt && git commit -qam 'Späte Änderung' --date '2026-01-02T03:04:05+0200'");
    const tip = await git(dir, 'rev-parse', 'HEAD');
    const { lines, commits } = await blameFile(repo, { path: 'a.txt', commit: tip });
    expect(lines.map(({ line, text, commit }) => [line, text, commit])).toEqual([
      ...['one', 'two', 'three'].map((text, at) => [at + 1, text, base]),
      ...['c1', 'c2', 'c3'].map((text, at) => [at + 4, text, squash]),
      [7, 'ünï\r', tip],
    ]);
    expect([...commits.keys()].sort()).toEqual([base, squash, tip].sort());
    expect(commits.get(tip)).toEqual({
      id: tip,
      author: { name: 'Ünï code', email: 'u@example.com' },
      authoredAt: '2026-01-02T01:04:05.000Z',
      subject: 'Späte Änderung',
    });
    const grafts = new Map([[squash, [base]]]);
    expect(await startsOf(() => blameFile(repo, { path: 'a.txt', commit: tip, grafts }))).toEqual(['blame']);
  });

  it.each(['sha1', 'sha256'] as const)('follows other parents, a commit-graph or not (%s)', async (objectFormat) => {
    const { dir, repo, base, tip, squash, who } = await squashed({ objectFormat });
    const tmp = process.env['TMPDIR'];
    const own = tempDir();
    process.env['TMPDIR'] = own;
    const grafts = new Map([[squash, [tip, base]]]);
    const all = ['base', 'base', 'base', 'c1', 'c2', 'c3'];
    for (const graph of [false, true]) {
      if (graph) await git(dir, 'commit-graph', 'write', '--reachable', '--changed-paths');
      expect(await who({ path: 'a.txt', commit: squash })).toEqual([...all.slice(0, 3), 'squash', 'squash', 'squash']);
      expect(await who({ path: 'a.txt', commit: squash, grafts })).toEqual(all);
      expect(await who({ path: 'a.txt', commit: squash, grafts, lines: [{ from: 3, to: 4 }] })).toEqual(['base', 'c1']);
      const lines = [
        { from: 2, to: 2 },
        { from: 6, to: null },
      ];
      expect(await who({ path: 'a.txt', commit: squash, grafts, lines })).toEqual(['base', 'c3']);
    }
    expect(await git(dir, 'log', '--format=%P', '-1', squash)).toBe(base);
    expect(readdirSync(own)).toEqual([]);
    if (tmp === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = tmp;
    expect(repo.objectFormat).toBe(objectFormat);
  });

  it('knows what is not committed, with other parents too; a link’s text and the settings of the repository change nothing', async () => {
    const { dir, repo, base, tip, squash, who } = await squashed();
    writeFileSync(join(dir, 'a.txt'), 'one\nnew\nc2\n');
    for (const [key, value] of [
      ['blame.blankBoundary', 'true'],
      ['blame.showEmail', 'true'],
      ['blame.date', 'relative'],
      ['color.blame.highlightRecent', 'red'],
      ['diff.x.textconv', 'tr a-z A-Z <'],
    ])
      await git(dir, 'config', key!, value!);
    writeFileSync(join(dir, '.gitattributes'), '*.txt diff=x\n');
    const worktree = repo.here!;
    expect(await who({ path: 'a.txt', worktree })).toEqual(['base', 'nobody', 'squash']);
    const grafts = new Map([[squash, [tip, base]]]);
    expect(await who({ path: 'a.txt', worktree, grafts })).toEqual(['base', 'nobody', 'c2']);
    const { lines } = await blameFile(repo, { path: 'a.txt', worktree });
    expect(lines.map(({ text }) => text)).toEqual(['one', 'new', 'c2']);
  });

  it('says whether one commit leads to another by other parents', async () => {
    const { repo, base, tip, squash } = await squashed();
    const leads = (ancestor: string, of: string, grafts = {}) =>
      isAncestorThrough(repo, { ancestor, of, grafts: new Map(Object.entries(grafts)) });
    expect(await leads(base, squash)).toBe(true);
    expect(await leads(squash, squash)).toBe(true);
    expect(await leads(tip, squash)).toBe(false);
    expect(await leads(tip, squash, { [squash]: [base, tip] })).toBe(true);
    expect(await leads(base, squash, { [squash]: [] })).toBe(false);
    await expect(leads('HEAD', squash)).rejects.toMatchObject({ code: 'ref.missing' });
  });

  it('refuses names where ids belong, and fails where there is no such file', async () => {
    const { repo, squash } = await squashed();
    await expect(blameFile(repo, { path: 'a.txt', commit: '--help' })).rejects.toMatchObject({ code: 'ref.missing' });
    const grafts = new Map([[squash, ['HEAD']]]);
    const wish = { path: 'a.txt', commit: squash, grafts };
    await expect(blameFile(repo, wish)).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(blameFile(repo, { path: 'nope', commit: squash })).rejects.toMatchObject({ code: 'git.failed' });
  });
});

describe('what lies at a path', () => {
  it('is told of files, links, folders and submodules, and of what is in the way', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    await sh(dir, 'ln -s a.txt link && echo u > "ü \n x" && git add -A');
    const inner = await git(dir, 'rev-parse', 'HEAD');
    await git(dir, 'update-index', '--add', '--cacheinfo', `160000,${inner},sub`);
    await git(dir, 'commit', '-q', '-m', 'all');
    const head = await git(dir, 'rev-parse', 'HEAD');
    const at = async (path: string) => {
      const entry = await entryAt(repo, head, path);
      return entry && [entry.mode, entry.type, entry.size, entry.path];
    };
    expect(await at('a.txt')).toEqual(['100644', 'blob', 14, 'a.txt']);
    expect(await at('src/c.txt')).toEqual(['100644', 'blob', 2, 'src/c.txt']);
    expect(await at('src')).toEqual(['040000', 'tree', null, 'src']);
    expect(await at('link')).toEqual(['120000', 'blob', 5, 'link']);
    expect(await at('ü \n x')).toEqual(['100644', 'blob', 2, 'ü \n x']);
    expect(await at('sub')).toEqual(['160000', 'commit', null, 'sub']);
    expect(await at('sub/deep/x')).toEqual(['160000', 'commit', null, 'sub']);
    expect(await at('a.txt/x')).toEqual(['100644', 'blob', 14, 'a.txt']);
    for (const path of ['nope', 'src/nope', '*.txt', 'src/']) expect(await at(path)).toBeUndefined();
  });

  it('and which commit took it away; and whether the index has it', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const first = await git(dir, 'rev-parse', 'HEAD');
    await git(dir, 'rm', '-q', 'b.txt');
    await git(dir, 'commit', '-q', '-m', 'gone');
    const gone = await git(dir, 'rev-parse', 'HEAD');
    expect(await lastChangeOf(repo, gone, 'b.txt')).toBe(gone);
    expect(await lastChangeOf(repo, gone, 'a.txt')).toBe(first);
    expect(await lastChangeOf(repo, gone, 'nope')).toBeUndefined();
    writeFileSync(join(dir, 'new.txt'), 'x\n');
    const tracked = (path: string) => isTracked(repo, repo.here!, path);
    expect([await tracked('a.txt'), await tracked('new.txt'), await tracked('src')]).toEqual([true, false, false]);
    await git(dir, 'add', 'new.txt');
    expect(await tracked('new.txt')).toBe(true);
  });
});
