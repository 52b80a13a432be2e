import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dirtyPaths } from '../../src/git/commits.ts';
import { planRestore, restoreFiles, restoreObstacles } from '../../src/git/restore-files.ts';
import { readSnapshots, type SnapshotWish, snapshotRef, stateOf, takeSnapshot } from '../../src/git/snapshot.ts';
import { git, sh } from '../support/repo.ts';
import { makeSession, type Session, startsOf, write } from './support.ts';

const AT = '2026-11-22T13:00:00.000Z';
const wishOf = ({ parent }: Session, over: Partial<SnapshotWish> = {}): SnapshotWish => ({
  ref: snapshotRef('s1'),
  session: 's1',
  reason: 'rebase',
  at: AT,
  head: parent,
  ...over,
});
const take = (session: Session, over: Partial<SnapshotWish> = {}) =>
  takeSnapshot(session.repo, session.wt, wishOf(session, over));
const changesOf = async ({ dir }: Session, from: string, to: string) =>
  (await git(dir, 'diff-tree', '-r', '--name-status', from, to)).replaceAll('\t', ' ').split('\n').filter(Boolean);

describe('takeSnapshot', () => {
  it('costs one process when nothing is uncommitted, and writes nothing', async () => {
    const session = await makeSession();
    expect(await startsOf(async () => expect(await take(session)).toBeNull())).toEqual(['status']);
    expect(await git(session.dir, 'for-each-ref', 'refs/amp')).toBe('');
  });

  it.each(['sha1', 'sha256'] as const)(
    'keeps everything that is not ignored, and no other trace (%s)',
    async (objectFormat) => {
      const session = await makeSession({ objectFormat });
      const { dir, wt, parent } = session;
      write(wt.path, { 'a.txt': 'changed', new: 'n', 'deep/er/x': 'x', 'x.o': 'o', '.gitignore': '*.o\n' });
      unlinkSync(join(wt.path, 'b.txt'));
      symlinkSync('/nowhere', join(wt.path, 'link'));
      await git(wt.path, 'add', 'new');
      const state = () => sh(wt.path, `sha256sum '${wt.gitDir}/index' '${wt.gitDir}/HEAD'; git status --porcelain`);
      const before = await state();
      const taken = (await take(session))!;
      expect(await state()).toEqual(before);
      expect(taken).toMatchObject({
        number: 1,
        oldest: 1,
        changes: 6,
        skipped: [],
        isNew: true,
        head: parent,
        previous: null,
      });
      expect(await changesOf(session, parent, taken.commit)).toEqual([
        'A .gitignore',
        'M a.txt',
        'D b.txt',
        'A deep/er/x',
        'A link',
        'A new',
      ]);
      expect(await git(dir, 'rev-parse', 'refs/amp/snapshots/s1')).toBe(taken.commit);
      expect(await git(dir, 'show', '-s', '--format=%P %an %s', taken.commit)).toBe(
        `${parent} amp-sessions Uncommitted work of session s1, before rebase`,
      );
      // One pack, that no file keeps from a gc; nothing loose but what `git add` wrote.
      expect((await sh(dir, 'ls .git/objects/pack/*.keep 2>/dev/null | wc -l')).stdout.trim()).toBe('0');
      await sh(
        dir,
        `git worktree remove -f -f '${wt.path}'; git reflog expire --expire=now --all; git gc -q --prune=now`,
      );
      expect((await sh(dir, 'git fsck --strict')).exitCode).toBe(0);
      expect(await git(dir, 'show', `${taken.commit}:deep/er/x`)).toBe('x');
      expect(await readSnapshots(session.repo, 's1')).toMatchObject([{ number: 1, reason: 'rebase', at: AT }]);
    },
  );

  it('writes nothing twice, also on another commit, and tells what it has by its state', async () => {
    const session = await makeSession();
    const { wt, repo } = session;
    write(wt.path, { new: 'n', 'a.txt': 'x' });
    const first = (await take(session))!;
    expect(first.state).toBe(stateOf(await dirtyPaths(repo, wt)));
    const again = async () => expect(await take(session)).toMatchObject({ commit: first.commit, isNew: false });
    expect(await startsOf(again)).toEqual(['status', 'update-index', 'cat-file']);
    await git(wt.path, 'commit', '-q', '--allow-empty', '-m', 'on');
    await again();
    write(wt.path, { new: 'N' });
    const second = (await take(session))!;
    expect(second).toMatchObject({ number: 2, oldest: 1, previous: first.commit, isNew: true });
    expect((await git(wt.path, 'show', '-s', '--format=%P', second.commit)).split(' ')).toEqual([
      first.commit,
      await git(wt.path, 'rev-parse', 'HEAD'),
    ]);
    write(wt.path, { new: 'n' });
    expect(await take(session)).toMatchObject({ number: 3, state: first.state, isNew: true });
  });

  it('is made of an index that is gone, of hidden changes, and of an open conflict', async () => {
    const session = await makeSession();
    const { wt, parent } = session;
    write(wt.path, { 'a.txt': 'hidden' });
    await git(wt.path, 'update-index', '--assume-unchanged', 'a.txt');
    expect(await changesOf(session, parent, (await take(session))!.commit)).toEqual(['M a.txt']);
    unlinkSync(join(wt.gitDir, 'index'));
    write(wt.path, { 'b.txt': 'too' });
    expect(await changesOf(session, parent, (await take(session))!.commit)).toEqual(['M a.txt', 'M b.txt']);
    await git(wt.path, 'reset', '-q', '--hard');
    await sh(
      wt.path,
      'git checkout -q -b x && echo 1 > a.txt && git commit -qam 1 && git checkout -q - && echo 2 > a.txt && git commit -qam 2 && git merge -q x',
    );
    const taken = (await take(session))!;
    expect(await git(wt.path, 'show', `${taken.commit}:a.txt`)).toContain('<<<<<<<');
    expect(await git(wt.path, 'ls-files', '-u')).not.toBe('');
  });

  it('leaves out what is too large, strange or a repository of its own, and names it', async () => {
    const session = await makeSession();
    const { wt, parent } = session;
    write(wt.path, { 'big.bin': '', 'small.txt': 's', 'nested/x': 'x' });
    truncateSync(join(wt.path, 'big.bin'), 100 * 1024 ** 3);
    await sh(wt.path, 'mkfifo pipe deep; rm a.txt; mkfifo a.txt; git init -q nested');
    const taken = (await take(session))!;
    expect(await changesOf(session, parent, taken.commit)).toEqual(['A small.txt']);
    expect(taken.skipped).toEqual([
      { path: 'a.txt', why: 'special' },
      { path: 'big.bin', why: 'large' },
      { path: 'nested', why: 'nested' },
      { path: 'deep', why: 'special' },
      { path: 'pipe', why: 'special' },
    ]);
    rmSync(join(wt.path, 'big.bin'));
    write(wt.path, { m1: 'abc', m2: 'abc', m3: 'a', m4: '12345' });
    const few = (await take(session, { limits: { paths: 2, allBytes: 5, fileBytes: 4 } }))!;
    expect(few.skipped).toEqual(
      expect.arrayContaining([
        { path: 'm2', why: 'large' },
        { path: 'm4', why: 'many' },
        { path: 'small.txt', why: 'many' },
      ]),
    );
  });

  it('drops the older half of a chain that is too long; numbers stay, and former ids are known', async () => {
    const session = await makeSession();
    const { dir, wt, repo, parent } = session;
    const commits: string[] = [];
    for (let i = 1; i <= 7; i++) {
      write(wt.path, { 'a.txt': `state ${i}` });
      commits.push((await take(session, { limits: { most: 4 } }))!.commit);
    }
    const left = await readSnapshots(repo, 's1');
    expect(left.map(({ number, oldest }) => [number, oldest])).toEqual([
      [7, 5],
      [6, 5],
      [5, 5],
    ]);
    expect(left.map(({ commit, formerly }) => [commit, ...formerly].includes(commits.pop()!))).toEqual([
      true,
      true,
      true,
    ]);
    expect(left.map(({ head }) => head)).toEqual([parent, parent, parent]);
    expect(await git(dir, 'show', `${left[2]!.commit}:a.txt`)).toBe('state 5');
    await sh(dir, 'git reflog expire --expire=now --all; git gc -q --prune=now');
    expect((await sh(dir, `git cat-file -e ${commits[0]}`)).exitCode).not.toBe(0);
    // The very last stays, however large the next one is.
    write(wt.path, { 'a.txt': 'x'.repeat(500) });
    await take(session, { limits: { mostBytes: 100 } });
    expect((await readSnapshots(repo, 's1')).map(({ number }) => number)).toEqual([8, 7]);
  });
});

describe('restoreFiles', () => {
  const plan = async (session: Session, paths?: string[]) => {
    const [snapshot] = await readSnapshots(session.repo, 's1');
    const { head, tree } = snapshot!;
    return { tree, plan: await planRestore(session.repo, session.wt, { head, tree, ...(paths && { paths }) }) };
  };
  const dirtyWork = async () => {
    const session = await makeSession();
    const { wt } = session;
    write(wt.path, { 'a.txt': 'changed', 'deep/new.txt': 'n', run: '#!/bin/sh\n' });
    chmodSync(join(wt.path, 'run'), 0o755);
    unlinkSync(join(wt.path, 'src/c.txt'));
    await take(session);
    const status = await git(wt.path, 'status', '--porcelain', '-uall');
    await sh(wt.path, 'git reset -q --hard && git clean -qffdx');
    return { session, status };
  };

  it('brings back what was uncommitted, as it was, and nothing else; again is nothing', async () => {
    const { session, status } = await dirtyWork();
    const { wt, repo } = session;
    write(wt.path, { 'mine.txt': 'stays' });
    const found = await plan(session);
    expect(found.plan).toEqual({
      write: ['a.txt', 'deep/new.txt', 'run'],
      remove: ['src/c.txt'],
      same: [],
      nested: [],
    });
    await restoreFiles(repo, wt, found);
    expect(await git(wt.path, 'status', '--porcelain', '-uall')).toBe(status.replace('?? run', '?? mine.txt\n?? run'));
    expect(existsSync(join(wt.path, 'src'))).toBe(false);
    expect((await sh(wt.path, 'test -x run')).exitCode).toBe(0);
    expect((await plan(session)).plan).toMatchObject({ write: [], remove: [], same: expect.arrayContaining(['run']) });
    chmodSync(join(wt.path, 'run'), 0o644);
    expect((await plan(session)).plan.write).toEqual(['run']);
  });

  it('takes the paths that are named alone', async () => {
    const { session } = await dirtyWork();
    expect((await plan(session, ['deep'])).plan.write).toEqual(['deep/new.txt']);
    expect((await plan(session, ['dee', 'nothing'])).plan).toEqual({ write: [], remove: [], same: [], nested: [] });
    expect((await plan(session, [''])).plan.write).toHaveLength(3);
  });

  it('refuses folders where files would come, and writes through no link', async () => {
    const { session } = await dirtyWork();
    const { wt, repo, dir } = session;
    unlinkSync(join(wt.path, 'a.txt'));
    mkdirSync(join(wt.path, 'a.txt'));
    write(wt.path, { 'a.txt/inside': 'precious' });
    symlinkSync(dir, join(wt.path, 'deep'));
    const found = await plan(session);
    expect(restoreObstacles(wt, found.plan)).toEqual(['a.txt', 'deep']);
    await expect(restoreFiles(repo, wt, found)).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect(readFileSync(join(wt.path, 'a.txt/inside'), 'utf8')).toBe('precious');
    expect(existsSync(join(dir, 'new.txt'))).toBe(false);
  });
});
