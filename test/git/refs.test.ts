import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { headOf, listRefs, moveRef, readRef, resolveCommit } from '../../src/git/refs.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { makeSession, startsOf } from './support.ts';

const open = async (options?: Parameters<typeof makeRepo>[0]) => {
  const dir = await makeRepo(options);
  const repo = await locateRepository(dir);
  const first = await git(dir, 'rev-parse', 'HEAD');
  const second = await git(dir, 'commit-tree', `${first}^{tree}`, '-p', first, '-m', 'second');
  return { dir, repo, first, second };
};

describe('readRef and listRefs', () => {
  it('agree with git: loose, packed, both, symbolic, deleted', async () => {
    const { dir, repo, first, second } = await open();
    for (const [ref, id] of [
      ['refs/heads/packed', first],
      ['refs/heads/both', first],
      ['refs/amp/sessions/s/w', first],
      ['refs/heads/gone', first],
    ] as const)
      await git(dir, 'update-ref', ref, id);
    await git(dir, 'tag', '-a', '-m', 't', 'annotated', first);
    await git(dir, 'pack-refs', '--all');
    await git(dir, 'update-ref', 'refs/heads/both', second);
    await git(dir, 'update-ref', 'refs/heads/loose', second);
    await git(dir, 'update-ref', '-d', 'refs/heads/gone');
    await git(dir, 'symbolic-ref', 'refs/heads/symbolic', 'refs/heads/both');
    await git(dir, 'symbolic-ref', 'refs/heads/dangling', 'refs/heads/none');
    await git(dir, 'symbolic-ref', 'refs/heads/loop', 'refs/heads/loop');
    const said = await git(dir, 'for-each-ref', '--format=%(refname) %(objectname)');
    const ours = (await listRefs(repo, 'refs/')).map(({ ref, id }) => `${ref} ${id}`).join('\n');
    expect(ours).toBe(said);
    for (const line of said.split('\n')) {
      const [ref, id] = line.split(' ');
      expect(await readRef(repo, ref!)).toBe(id);
    }
    for (const ref of ['gone', 'dangling', 'loop', 'never'])
      expect(await readRef(repo, `refs/heads/${ref}`)).toBeUndefined();
    expect((await listRefs(repo, 'refs/amp')).map(({ ref }) => ref)).toEqual(['refs/amp/sessions/s/w']);
    expect(await listRefs(repo, 'refs/none/')).toEqual([]);
    expect(await startsOf(() => listRefs(repo, 'refs/'))).toEqual([]);
  });

  it('take what is no ref for none', async () => {
    const { repo } = await open();
    mkdirSync(join(repo.commonDir, 'refs/heads/folder'));
    writeFileSync(join(repo.commonDir, 'refs/heads/empty'), '');
    writeFileSync(join(repo.commonDir, 'refs/heads/garbage'), 'hello\n');
    writeFileSync(join(repo.commonDir, 'refs/heads/x.lock'), `${'1'.repeat(40)}\n`);
    for (const name of ['folder', 'empty', 'garbage'])
      expect(await readRef(repo, `refs/heads/${name}`)).toBeUndefined();
    expect((await listRefs(repo, 'refs/heads/')).map(({ ref }) => ref)).toEqual(['refs/heads/main']);
  });

  it.each([
    'main',
    'HEAD',
    'refs/heads/../x',
    'refs/heads/a b',
    'refs/heads/a\nb',
    'refs/heads/',
    '--all',
    '',
    'refs/heads/a..b',
    'refs/heads/x.lock',
    'refs/heads/.x',
    'refs/heads/a//b',
    'refs/heads/@{u}',
    '../../../etc/passwd',
  ])('refuse the name %j', async (name) => {
    const { repo, first } = await open();
    await expect(readRef(repo, name)).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(moveRef(repo, name, { to: first, from: null })).rejects.toMatchObject({ code: 'ref.missing' });
  });
});

describe('resolveCommit', () => {
  it('knows what people write', async () => {
    const { dir, repo, first, second } = await open();
    await git(dir, 'branch', 'topic', second);
    await git(dir, 'tag', '-a', '-m', 't', 'v1', second);
    await git(dir, 'update-ref', 'refs/heads/-dash', second);
    for (const name of [
      'topic',
      'refs/heads/topic',
      'v1',
      second,
      second.slice(0, 8),
      'refs/heads/-dash',
      'topic^{commit}',
    ])
      expect(await resolveCommit(repo, name)).toBe(second);
    for (const name of ['main', 'HEAD', 'topic~1', 'topic^', '@']) expect(await resolveCommit(repo, name)).toBe(first);
    const session = await makeSession();
    await git(session.wt.path, 'commit', '-q', '--allow-empty', '-m', 'x');
    const tip = await git(session.wt.path, 'rev-parse', 'HEAD');
    expect(await resolveCommit(session.repo, 'HEAD', session.wt)).toBe(tip);
    expect(await resolveCommit(session.repo, 'HEAD')).toBe(session.parent);
  });

  it.each([
    'nope',
    '',
    '-dash',
    '--output=/tmp/amp-owned',
    '--all',
    'main:a.txt',
    'main^{tree}',
    'a\nb',
    'a\0b',
    'x'.repeat(5000),
    '1'.repeat(40),
    'main..main',
    '^main',
  ])('refuses %j', async (name) => {
    const { repo } = await open();
    await expect(resolveCommit(repo, name)).rejects.toMatchObject({ code: 'ref.missing' });
    expect(existsSync('/tmp/amp-owned')).toBe(false);
  });
});

describe('moveRef', () => {
  it.each(['sha1', 'sha256'] as const)(
    'creates, moves and deletes only what is as expected (%s)',
    async (objectFormat) => {
      const { repo, dir, first, second } = await open({ objectFormat });
      const ref = 'refs/amp/sessions/s/w';
      const zero = '0'.repeat(first.length);
      expect(await moveRef(repo, ref, { to: second, from: first })).toBe(false);
      expect(await moveRef(repo, ref, { to: first, from: null })).toBe(true);
      expect(await moveRef(repo, ref, { to: second, from: null })).toBe(false);
      expect(await moveRef(repo, ref, { to: second, from: second })).toBe(false);
      expect(await readRef(repo, ref)).toBe(first);
      expect(await moveRef(repo, ref, { to: second, from: first })).toBe(true);
      await git(dir, 'pack-refs', '--all');
      expect(await moveRef(repo, ref, { to: null, from: first })).toBe(false);
      expect(await moveRef(repo, ref, { to: first, from: second })).toBe(true);
      expect(await moveRef(repo, ref, { to: null, from: first })).toBe(true);
      expect(await readRef(repo, ref)).toBeUndefined();
      expect(await moveRef(repo, ref, { to: null, from: null })).toBe(true);
      expect(await moveRef(repo, ref, { to: null, from: first })).toBe(false);
      await expect(moveRef(repo, ref, { to: zero, from: null })).rejects.toMatchObject({ code: 'git.failed' });
      await expect(moveRef(repo, ref, { to: 'main', from: null })).rejects.toMatchObject({ code: 'ref.missing' });
      await expect(moveRef(repo, ref, { to: '1'.repeat(first.length), from: null })).rejects.toMatchObject({
        code: 'git.failed',
      });
    },
  );

  it('takes one process', async () => {
    const { repo, first } = await open();
    expect(await startsOf(() => moveRef(repo, 'refs/amp/x', { to: first, from: null }))).toEqual(['update-ref']);
  });

  it('lets exactly one of many win', async () => {
    const { repo, dir, first } = await open();
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, at) => git(dir, 'commit-tree', `${first}^{tree}`, '-m', String(at))),
    );
    const created = await Promise.all(ids.map((to) => moveRef(repo, 'refs/amp/race', { to, from: null })));
    expect(created.filter(Boolean).length).toBe(1);
    const from = (await readRef(repo, 'refs/amp/race'))!;
    const moved = await Promise.all(
      ids.filter((id) => id !== from).map((to) => moveRef(repo, 'refs/amp/race', { to, from })),
    );
    expect(moved.filter(Boolean).length).toBe(1);
  });

  it('does not follow a symbolic ref that was planted in the place of a branch', async () => {
    const { repo, dir, first, second } = await open();
    await git(dir, 'symbolic-ref', 'refs/heads/amp/x', 'refs/heads/main');
    expect(await moveRef(repo, 'refs/heads/amp/x', { to: second, from: first })).toBe(true);
    expect(await git(dir, 'rev-parse', 'main')).toBe(first);
    expect(readFileSync(join(repo.commonDir, 'refs/heads/amp/x'), 'utf8')).toBe(`${second}\n`);
  });

  it('names the branch that is in the way', async () => {
    const { repo, dir, first } = await open();
    await git(dir, 'branch', 'amp');
    const below = moveRef(repo, 'refs/heads/amp/task/1', { to: first, from: null });
    await expect(below).rejects.toMatchObject({
      code: 'branch.blocked',
      message: expect.stringContaining('branch amp.'),
    });
    await git(dir, 'branch', 'x/y/z');
    const above = moveRef(repo, 'refs/heads/x/y', { to: first, from: null });
    await expect(above).rejects.toMatchObject({ code: 'branch.blocked', message: expect.stringContaining('x/y/z') });
  });

  it('removes the lock of a dead git, and waits for that of a living one', async () => {
    const { repo, dir, first, second } = await open();
    const ref = 'refs/amp/x';
    mkdirSync(join(repo.commonDir, 'refs/amp'));
    const lock = join(repo.commonDir, `${ref}.lock`);
    writeFileSync(lock, '');
    expect(await moveRef(repo, ref, { to: first, from: null })).toBe(true);
    expect(existsSync(lock)).toBe(false);
    writeFileSync(lock, '');
    const holder = sh(dir, `exec 9<"${lock}"; sleep 0.7; rm "${lock}"`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await moveRef(repo, ref, { to: second, from: first })).toBe(true);
    expect((await holder).exitCode).toBe(0);
    writeFileSync(join(repo.commonDir, 'packed-refs.lock'), '');
    await git(dir, 'update-ref', 'refs/amp/y', first);
    expect(await moveRef(repo, 'refs/amp/y', { to: null, from: first })).toBe(true);
  });

  it('survives a folder that goes while it looks', async () => {
    const { repo, dir, first } = await open();
    const busy = sh(dir, 'for i in $(seq 40); do git pack-refs --all; done');
    for (let at = 0; at < 20; at++)
      expect(await moveRef(repo, `refs/amp/deep/${at}/x`, { to: first, from: null })).toBe(true);
    await busy;
    expect((await listRefs(repo, 'refs/amp/')).length).toBe(20);
  });
});

describe('headOf', () => {
  it('says branch and commit, one of them, or neither', async () => {
    const { repo, wt, parent, dir } = await makeSession();
    expect(await headOf(repo, wt)).toEqual({ commit: parent, branch: 'amp/task/1' });
    expect(await headOf(repo)).toEqual({ commit: parent, branch: 'main' });
    await git(wt.path, 'checkout', '-q', '--detach');
    expect(await headOf(repo, wt)).toEqual({ commit: parent, branch: null });
    await git(wt.path, 'checkout', '-q', '--orphan', 'new');
    expect(await headOf(repo, wt)).toEqual({ commit: null, branch: 'new' });
    await git(dir, 'pack-refs', '--all');
    expect(await headOf(repo, repo.here!)).toEqual({ commit: parent, branch: 'main' });
    writeFileSync(join(wt.gitDir, 'HEAD'), 'garbage');
    expect(await headOf(repo, wt)).toEqual({ commit: null, branch: null });
    rmSync(join(wt.gitDir, 'HEAD'));
    expect(await headOf(repo, wt)).toEqual({ commit: null, branch: null });
    const empty = await locateRepository(await makeRepo({ empty: true }));
    expect(await headOf(empty, empty.here!)).toEqual({ commit: null, branch: 'main' });
  });
});
