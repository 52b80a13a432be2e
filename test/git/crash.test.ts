import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commitWorktree, dirtyPaths } from '../../src/git/commits.ts';
import { locateRepository, sessionWorktree } from '../../src/git/locate.ts';
import { headOf, readRef } from '../../src/git/refs.ts';
import { addWorktree, removeWorktree } from '../../src/git/worktrees.ts';
import { bundle } from '../support/bundle.ts';
import { exec, git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { dieAt, everyPoint, fsck, gitDiesAt, hasStrace, leftovers, stepOf, TIMEOUT } from './crash-support.ts';
import { BRANCH, makeSession, write } from './support.ts';

/** The blob of `left\n`. */
const LEFT = '45cf141ba67d59203f02a54f03162f3fcef57830';

let program = '';
beforeAll(async () => {
  program = await bundle(`
    import { commitWorktree } from './src/git/commits.ts';
    import { locateRepository, sessionWorktree } from './src/git/locate.ts';
    import { addWorktree, removeWorktree } from './src/git/worktrees.ts';
    const [, , verb, dir, path, branch, commit] = process.argv;
    const repo = await locateRepository(dir);
    if (verb === 'add') await addWorktree(repo, { path, branch, commit });
    if (verb === 'remove') await removeWorktree(repo, path);
    if (verb === 'commit') {
      const wt = await sessionWorktree(repo, path);
      await commitWorktree(repo, wt, { branch, parent: commit, message: 'amp: x', leaveOut: [{ path: 'left', object: '${LEFT}' }] });
    }`);
});

const WAYS = [
  ['the program or git', (n: number, args: string[]) => dieAt(n, program, args), stepOf(15)],
  ['git', (n: number, args: string[]) => gitDiesAt(n, program, args), stepOf(61)],
] as const;

describe.skipIf(!hasStrace)('killed at any call that changes the disk', () => {
  it.each(WAYS)('%s, in addWorktree: a second call finishes it', TIMEOUT, async (_who, die, step) => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const commit = await git(dir, 'rev-parse', 'HEAD');
    const points = await everyPoint(step, async (n) => {
      const path = join(dir, '.worktrees', `s${n}`);
      const branch = `amp/crash/${n}`;
      const survived = await die(n, ['add', dir, path, branch, commit]);
      await fsck(dir);
      expect((await sh(dir, 'git worktree list --porcelain && git gc -q')).exitCode).toBe(0);
      const wt = await addWorktree(repo, { path, branch, commit });
      expect(await headOf(repo, wt)).toEqual({ commit, branch });
      expect(await dirtyPaths(repo, wt)).toEqual([]);
      expect((await sh(path, 'git status --porcelain --branch')).stdout).toBe(`## ${branch}\n`);
      return survived;
    });
    expect(points).toBeGreaterThan(3);
    expect(await leftovers(dir)).toBe('');
    await fsck(dir);
  });

  it.each(WAYS)('%s, in commitWorktree: a second call finishes it', TIMEOUT, async (_who, die, step) => {
    const session = await makeSession();
    const { dir, repo, wt } = session;
    expect(await sh(dir, 'echo left | git hash-object --stdin')).toMatchObject({ stdout: `${LEFT}\n` });
    let parent = session.parent;
    const points = await everyPoint(step, async (n) => {
      await sh(wt.path, 'git checkout -q --detach');
      // The same few files every time: with more of them git would make more calls each time, and this never end.
      write(wt.path, { left: 'left\n', file: `${n}\n`, 'a.txt': `a ${n}\n`, 'folder/file': `f ${n}\n` });
      const survived = await die(n, ['commit', dir, wt.path, BRANCH, parent]);
      await fsck(dir);
      const made = await commitWorktree(repo, await sessionWorktree(repo, wt.path), {
        branch: BRANCH,
        parent,
        message: 'amp: x',
        leaveOut: [{ path: 'left', object: LEFT }],
      });
      expect(await readRef(repo, `refs/heads/${BRANCH}`)).toBe(made!.commit);
      expect(await headOf(repo, wt)).toEqual({ commit: made!.commit, branch: BRANCH });
      expect(await git(dir, 'log', '-1', '--format=%P', made!.commit)).toBe(parent);
      const names = await git(dir, 'diff-tree', '-r', '--name-only', parent, made!.commit);
      expect(names.split('\n')).toEqual(['a.txt', 'file', 'folder/file']);
      expect(await dirtyPaths(repo, wt)).toEqual([{ path: 'left', object: LEFT }]);
      parent = made!.commit;
      return survived;
    });
    expect(points).toBeGreaterThan(3);
    expect(await leftovers(dir)).toBe('');
    await fsck(dir);
  });

  it('removeWorktree: a second call finishes it, and nothing half is ever seen', TIMEOUT, async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const commit = await git(dir, 'rev-parse', 'HEAD');
    await everyPoint(stepOf(11), async (n) => {
      const path = join(dir, '.worktrees', `s${n}`);
      const wt = await addWorktree(repo, { path, branch: `amp/crash/${n}`, commit });
      const survived = await dieAt(n, program, ['remove', dir, path]);
      if (existsSync(path)) expect(await dirtyPaths(repo, wt)).toEqual([]);
      await fsck(dir);
      await removeWorktree(repo, path);
      expect(existsSync(path)).toBe(false);
      expect(existsSync(wt.gitDir)).toBe(false);
      return survived;
    });
    expect(await leftovers(dir)).toBe('');
    expect(readdirSync(join(dir, '.worktrees'))).toEqual([]);
  });
});

describe('many processes at once', () => {
  it('64 times addWorktree: 64 worktrees, no failure', TIMEOUT, async () => {
    const dir = await makeRepo();
    const commit = await git(dir, 'rev-parse', 'HEAD');
    const list = Array.from({ length: 64 }, (_, at) => at);
    const ran = await Promise.all(
      list.map((at) =>
        exec('/', process.execPath, [program, 'add', dir, join(dir, `.worktrees/s${at}`), `amp/many/${at}`, commit]),
      ),
    );
    expect(ran.filter(({ exitCode }) => exitCode !== 0).map(({ stderr }) => stderr)).toEqual([]);
    const repo = await locateRepository(dir);
    for (const at of list) {
      const wt = await sessionWorktree(repo, join(dir, `.worktrees/s${at}`));
      expect(await headOf(repo, wt)).toEqual({ commit, branch: `amp/many/${at}` });
      expect(await dirtyPaths(repo, wt)).toEqual([]);
    }
    expect((await git(dir, 'worktree', 'list')).split('\n').length).toBe(65);
    expect(await leftovers(dir)).toBe('');
    await fsck(dir);
  });

  it('adding, committing and removing beside gc, prune and pack-refs', TIMEOUT, async () => {
    const dir = await makeRepo();
    const commit = await git(dir, 'rev-parse', 'HEAD');
    const stop = join(tempDir(), 'stop');
    const beside = sh(
      dir,
      `while [ ! -e '${stop}' ]; do git worktree prune; git pack-refs --all; git worktree list >/dev/null || exit 9; git gc -q; done`,
    );
    const lane = async (at: number): Promise<string[]> => {
      const path = join(dir, `.worktrees/s${at}`);
      const problems: string[] = [];
      const step = async (...args: string[]): Promise<void> => {
        const ran = await exec('/', process.execPath, [program, ...args]);
        if (ran.exitCode !== 0) problems.push(`${args[0]}: ${ran.stderr}`);
      };
      await step('add', dir, path, `amp/many/${at}`, commit);
      write(path, { [`new${at}`]: 'x' });
      await step('commit', dir, path, `amp/many/${at}`, commit);
      await step('remove', dir, path);
      return problems;
    };
    const problems: string[] = [];
    for (let round = 0; round < 4; round++) {
      const lanes = Array.from({ length: 4 }, (_, at) => lane(round * 4 + at));
      problems.push(...(await Promise.all(lanes)).flat());
    }
    write(join(stop, '..'), { stop: '' });
    expect((await beside).exitCode).toBe(0);
    expect(problems).toEqual([]);
    for (let at = 0; at < 16; at++) expect(await git(dir, 'log', '-1', '--format=%P', `amp/many/${at}`)).toBe(commit);
    await fsck(dir);
  });
});
