import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CommitOptions, commitWorktree } from '../../src/git/commit-worktree.ts';
import { dirtyPaths } from '../../src/git/dirty.ts';
import { snapshotRef, takeSnapshot } from '../../src/git/snapshot.ts';
import { git } from '../support/repo.ts';
import { BRANCH, lsTree, makeSession, type Session } from './support.ts';

const LIMIT = 2 ** 20;
const HUGE = 5 * 2 ** 30;
const sparse = (path: string, bytes: number) => {
  writeFileSync(path, 'head');
  truncateSync(path, bytes);
};

/** Five gigabytes take minutes to be hashed: that these tests end in time says that nobody has read them. */
describe('files over the limit of a repository', () => {
  let session: Session;
  const commit = async (over: Partial<CommitOptions> = {}) => {
    const { repo, wt, dir } = session;
    const parent = await git(dir, 'rev-parse', BRANCH);
    return commitWorktree(repo, wt, { branch: BRANCH, parent, message: 'm', leaveOut: [], ...over });
  };
  beforeAll(async () => {
    session = await makeSession();
    session.repo.fileLimit = LIMIT;
    const { path } = session.wt;
    mkdirSync(join(path, 'out'));
    sparse(join(path, 'out/huge [1]*.bin'), HUGE);
    sparse(join(path, 'a.txt'), HUGE);
    sparse(join(path, 'out/just'), LIMIT);
    writeFileSync(join(path, '.gitignore'), 'cache\n');
    sparse(join(path, 'cache'), HUGE);
  });

  it('are not hashed to be told', async () => {
    const dirty = await dirtyPaths(session.repo, session.wt);
    const zeros = '0'.repeat(40);
    expect(dirty.filter(({ object }) => object === zeros).map(({ path }) => path)).toEqual([
      'a.txt',
      'out/huge [1]*.bin',
    ]);
    expect(dirty).toHaveLength(4);
  });

  it('are not in a snapshot', async () => {
    const { repo, wt, parent } = session;
    const at = '2026-01-02T03:04:05.000Z';
    const taken = await takeSnapshot(repo, wt, {
      ref: snapshotRef('s1'),
      session: 's1',
      reason: 'rm',
      at,
      head: parent,
    });
    expect(taken!.skipped.map(({ path, why }) => `${path} ${why}`)).toEqual(['a.txt large', 'out/huge [1]*.bin large']);
  });

  it('stay as they were committed, one byte less is taken in, and they are named', async () => {
    const { dir, parent } = session;
    const made = (await commit())!;
    expect(made.skipped).toEqual([
      { path: 'a.txt', why: 'large' },
      { path: 'out/huge [1]*.bin', why: 'large' },
    ]);
    const tree = await lsTree(dir, made.commit);
    expect(tree).toContain('out/just');
    expect(tree).not.toContain('huge');
    expect(await git(dir, 'rev-parse', `${made.commit}:a.txt`)).toBe(await git(dir, 'rev-parse', `${parent}:a.txt`));
    expect(readFileSync(join(session.wt.path, 'out/just'))).toHaveLength(LIMIT);
  });

  it('are named too when nothing else is there to commit, and what was to be left out is not', async () => {
    const heard: string[][] = [];
    const onSkipped = (paths: { path: string }[]) => heard.push(paths.map(({ path }) => path));
    expect(await commit({ onSkipped })).toBeNull();
    const leaveOut = await dirtyPaths(session.repo, session.wt);
    expect(await commit({ onSkipped, leaveOut })).toBeNull();
    expect(heard).toEqual([['a.txt', 'out/huge [1]*.bin'], []]);
  });

  it('are taken in once they are small', async () => {
    const { wt, dir } = session;
    writeFileSync(join(wt.path, 'a.txt'), 'small\n');
    rmSync(join(wt.path, 'out/huge [1]*.bin'));
    const made = (await commit())!;
    expect([made.skipped, await git(dir, 'show', `${made.commit}:a.txt`)]).toEqual([[], 'small']);
  });
});
