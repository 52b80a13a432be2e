import { chmodSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitWorktree } from '../../src/git/commits.ts';
import { diffFiles, diffPatch, diffSize, showPaged } from '../../src/git/diff.ts';
import { parseDiff } from '../../src/git/diff-parse.ts';
import { findPager } from '../../src/git/pager.ts';
import { git, sh } from '../support/repo.ts';
import { BRANCH, makeSession, type Session, startsOf, write } from './support.ts';

const LINES = 'line\n'.repeat(20);

/** A commit with every kind of change. */
const changed = async (options: Parameters<typeof makeSession>[0] = {}): Promise<Session & { tip: string }> => {
  const session = await makeSession(options);
  const { wt } = session;
  write(wt.path, { 'old name': LINES, 'type.txt': 'x\n', 'exec.sh': 'x\n', 'to empty': 'x\ny\n' });
  const first = await commit(session);
  write(wt.path, {
    'a.txt': 'one\n2\n3\n',
    'new\nname\t"': 'n\n',
    'binary.bin': Buffer.from([0, 1, 2, 0]),
    'no newline': 'x',
    'to empty': '',
    empty: '',
  });
  writeFileSync(Buffer.concat([Buffer.from(`${wt.path}/`), Buffer.from('o\xffd', 'latin1')]), 'odd\n');
  renameSync(join(wt.path, 'old name'), join(wt.path, 'new name'));
  unlinkSync(join(wt.path, 'b.txt'));
  unlinkSync(join(wt.path, 'type.txt'));
  symlinkSync('a.txt', join(wt.path, 'type.txt'));
  chmodSync(join(wt.path, 'exec.sh'), 0o755);
  const tip = await commit({ ...session, parent: first });
  return { ...session, parent: first, tip };
};

const commit = async (session: Session): Promise<string> => {
  const options = { branch: BRANCH, parent: session.parent, message: 'm', leaveOut: [] };
  return (await commitWorktree(session.repo, session.wt, options))!.commit;
};

const sorted = <T extends { path: string }>(list: T[]): T[] => list.sort((a, b) => (a.path < b.path ? -1 : 1));

const EXPECTED = sorted([
  { path: 'a.txt', status: 'modified', insertions: 2, deletions: 2 },
  { path: 'b.txt', status: 'deleted', insertions: 0, deletions: 1 },
  { path: 'binary.bin', status: 'added', insertions: null, deletions: null },
  { path: 'empty', status: 'added', insertions: 0, deletions: 0 },
  { path: 'exec.sh', status: 'modified', insertions: 0, deletions: 0 },
  { path: 'new name', previousPath: 'old name', status: 'renamed', insertions: 0, deletions: 0 },
  { path: 'new\nname\t"', status: 'added', insertions: 1, deletions: 0 },
  { path: 'no newline', status: 'added', insertions: 1, deletions: 0 },
  { path: 'o\udcffd', status: 'added', insertions: 1, deletions: 0 },
  { path: 'to empty', status: 'modified', insertions: 0, deletions: 2 },
  { path: 'type.txt', status: 'typechanged', insertions: 1, deletions: 1 },
]);

describe('diffFiles', () => {
  it.each(['sha1', 'sha256'] as const)('tells every kind of change between two commits (%s)', async (objectFormat) => {
    const { repo, parent, tip } = await changed({ objectFormat });
    expect(sorted(await diffFiles(repo, parent, tip))).toEqual(EXPECTED);
    expect(await diffFiles(repo, tip, tip)).toEqual([]);
    expect((await diffFiles(repo, null, parent)).length).toBe(7);
    expect(await diffFiles(repo, parent, `refs/heads/${BRANCH}`)).toHaveLength(EXPECTED.length);
    expect(await diffSize(repo, parent, tip)).toEqual({ files: 11, insertions: 6, deletions: 6 });
  });

  it('takes one process between two commits, more to a worktree', async () => {
    const { repo, wt, parent, tip } = await changed();
    expect(await startsOf(() => diffFiles(repo, parent, tip))).toEqual(['diff-tree']);
    expect(await startsOf(() => diffSize(repo, parent, tip))).toEqual(['diff-tree']);
    expect(await startsOf(() => diffPatch(repo, parent, tip, { color: false }))).toEqual(['diff-tree']);
    write(wt.path, { x: 'x' });
    expect(await startsOf(() => diffFiles(repo, tip, undefined, { worktree: wt }))).toEqual([
      'ls-files',
      'add',
      'diff-index',
    ]);
  });

  it('tells how a worktree differs as it is, and leaves no trace', async () => {
    const { repo, wt, dir, tip } = await changed();
    write(wt.path, { 'a.txt': 'one\n', untracked: 'a\nb\n', 'ignored.o': 'x', '.gitignore': '*.o\n' });
    const before = (
      await sh(
        dir,
        `find .git -type f ! -path './.git/amp/*' | sort; sha256sum ${wt.gitDir}/index; git -C ${wt.path} status --porcelain`,
      )
    ).stdout;
    expect(sorted(await diffFiles(repo, tip, undefined, { worktree: wt }))).toEqual([
      { path: '.gitignore', status: 'added', insertions: 1, deletions: 0 },
      { path: 'a.txt', status: 'modified', insertions: 0, deletions: 2 },
      { path: 'untracked', status: 'added', insertions: 2, deletions: 0 },
    ]);
    expect(
      (
        await sh(
          dir,
          `find .git -type f ! -path './.git/amp/*' | sort; sha256sum ${wt.gitDir}/index; git -C ${wt.path} status --porcelain`,
        )
      ).stdout,
    ).toBe(before);
    unlinkSync(join(wt.gitDir, 'index'));
    expect((await diffFiles(repo, tip, undefined, { worktree: wt })).length).toBe(3);
  });

  it('is the same whatever the user set', async () => {
    const { repo, wt, dir, parent, tip } = await changed();
    for (const [key, value] of [
      ['diff.renames', 'false'],
      ['diff.noprefix', 'true'],
      ['diff.mnemonicPrefix', 'true'],
      ['diff.external', '/nonexistent'],
      ['diff.submodule', 'log'],
      ['diff.orderFile', '/dev/null'],
      ['diff.algorithm', 'histogram'],
      ['diff.relative', 'true'],
      ['diff.context', '0'],
      ['diff.statGraphWidth', '3'],
      ['color.ui', 'always'],
      ['core.quotePath', 'false'],
    ] as const)
      await git(dir, 'config', key, value);
    expect(sorted(await diffFiles(repo, parent, tip))).toEqual(EXPECTED);
    const patch = (await diffPatch(repo, parent, tip, { color: false, paths: ['a.txt'] })).toString();
    expect(patch).toContain('diff --git a/a.txt b/a.txt');
    expect(patch).toContain('\n one\n-two\n-three\n+2\n+3\n');
    expect(wt.path).toBeTruthy();
  });

  it('lets the attributes of a worktree say what is binary', async () => {
    const { repo, wt, parent, tip } = await changed();
    write(wt.path, { '.gitattributes': 'a.txt binary\n' });
    const of = async (worktree?: typeof wt) =>
      (await diffFiles(repo, parent, tip, { worktree })).find(({ path }) => path === 'a.txt');
    expect(await of(wt)).toMatchObject({ insertions: null });
    expect(await of()).toMatchObject({ insertions: 2 });
  });

  it('refuses what is neither id nor full ref', async () => {
    const { repo, parent } = await makeSession();
    for (const name of ['HEAD', '--output=/tmp/amp-owned', 'main', '', '-p']) {
      await expect(diffFiles(repo, name, parent)).rejects.toMatchObject({ code: 'ref.missing' });
      await expect(diffPatch(repo, parent, name, { color: false })).rejects.toMatchObject({ code: 'ref.missing' });
    }
    await expect(diffFiles(repo, '1'.repeat(40), parent)).rejects.toMatchObject({ code: 'git.failed' });
    const bare = await makeSession({ bare: true });
    await expect(diffFiles(bare.repo, bare.parent)).rejects.toMatchObject({ code: 'worktree.missing' });
  });
});

describe('diffPatch', () => {
  it('can be applied, in colour or not, for all or some paths', async () => {
    const { repo, dir, parent, tip } = await changed();
    const plain = await diffPatch(repo, parent, tip, { color: false });
    expect(plain.includes('\x1b[')).toBe(false);
    expect((await diffPatch(repo, parent, tip, { color: true })).includes('\x1b[')).toBe(true);
    expect(plain.toString('latin1')).toBe((await sh(dir, `git diff ${parent} ${tip}`)).stdout.replace(/\ufffd/g, '?'));
    const some = (
      await diffPatch(repo, parent, tip, { color: false, paths: ['no newline', 'o\udcffd', 'new\nname\t"'] })
    ).toString();
    expect(some.match(/^diff --git/gm)?.length).toBe(3);
    expect((await diffPatch(repo, parent, tip, { color: false, paths: ['*', ':(top)a.txt'] })).length).toBe(0);
  });
});

describe('parseDiff', () => {
  it('reads nothing, conflicts and copies', () => {
    expect(parseDiff(Buffer.alloc(0))).toEqual([]);
    const id = '1'.repeat(40);
    const raw = `:100644 100644 ${id} ${id} C80\0from\0to\0:000000 000000 ${id} ${id} U\0u\x002\t1\t\0from\0to\0`;
    expect(parseDiff(Buffer.from(raw))).toEqual([
      { path: 'to', previousPath: 'from', status: 'copied', insertions: 2, deletions: 1 },
      { path: 'u', status: 'modified', insertions: 0, deletions: 0 },
    ]);
  });
});

describe('findPager and showPaged', () => {
  it('is the user’s, never the repository’s', async () => {
    const { repo, dir } = await makeSession();
    await git(dir, 'config', 'core.pager', 'evil');
    const of = async (env: Record<string, string>) => {
      Object.assign(process.env, env);
      try {
        return await findPager(repo);
      } finally {
        for (const name of Object.keys(env)) delete process.env[name];
      }
    };
    expect(await of({})).toBe('less');
    expect(await of({ PAGER: 'more' })).toBe('more');
    expect(await of({ PAGER: 'more', GIT_PAGER: 'most -x' })).toBe('most -x');
    expect(await of({ PAGER: 'cat' })).toBeUndefined();
    await git(dir, 'config', '--global', 'core.pager', 'delta');
    expect(await of({ PAGER: 'more' })).toBe('delta');
    await git(dir, 'config', '--global', '--unset', 'core.pager');
  });

  it('writes plainly where nobody watches', async () => {
    const { repo } = await makeSession();
    const written: Buffer[] = [];
    const write = process.stdout.write;
    process.stdout.write = ((bytes: Buffer, done: () => void) => {
      written.push(bytes);
      done();
      return true;
    }) as typeof write;
    try {
      await showPaged(repo, Buffer.from('text'));
    } finally {
      process.stdout.write = write;
    }
    expect(Buffer.concat(written).toString()).toBe('text');
  });
});
