import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findByPs, findHolder } from '../../src/git/lock-holders.ts';
import { clearStaleLock, withLock } from '../../src/git/stale-locks.ts';
import { sh, tempDir } from '../support/repo.ts';
import { makeSession, type Session, write } from './support.ts';

const until = async (isThere: () => boolean): Promise<void> => {
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
};

const lockOf = ({ wt }: Session, name = 'test.lock') => ({
  path: join(wt.gitDir, name),
  folders: [wt.path, wt.gitDir],
});

/** A real `git commit` that waits in its editor until it is told to end. */
const commitByHand = async (dir: string, env = '') => {
  const flag = join(tempDir(), 'flag');
  const editor = `sh -c 'touch ${flag}.begun; while [ ! -e ${flag} ]; do sleep 0.02; done; echo x > \\"\\$1\\"' -`;
  const ran = sh(dir, `${env} GIT_EDITOR="${editor}" git commit -q -a --allow-empty`);
  await until(() => existsSync(`${flag}.begun`));
  return {
    end: () => {
      writeFileSync(flag, '');
      return ran;
    },
  };
};

describe.skipIf(process.platform !== 'linux')('findHolder', () => {
  it('finds who has the file open, and nobody else', async () => {
    const session = await makeSession();
    const lock = lockOf(session);
    writeFileSync(lock.path, '');
    expect(await findHolder(lock)).toBeUndefined();
    const flag = join(tempDir(), 'flag');
    const holder = sh('/', `exec 9<'${lock.path}'; touch '${flag}'; echo $$; sleep 0.5`);
    await until(() => existsSync(flag));
    const pid = await findHolder(lock);
    expect(String(pid)).toBe((await holder).stdout.trim());
    expect(await findHolder(lock)).toBeUndefined();
  });

  it('finds a git that writes there, by its folder or its environment, not one elsewhere', async () => {
    const session = await makeSession();
    const other = await makeSession();
    const lock = lockOf(session);
    for (const [dir, env, counts] of [
      [session.wt.path, '', true],
      ['/', `GIT_DIR='${session.wt.gitDir}' GIT_WORK_TREE='${session.wt.path}'`, true],
      [other.wt.path, '', false],
      [session.dir, '', false],
    ] as const) {
      const git = await commitByHand(dir, env);
      expect((await findHolder(lock)) !== undefined, `${dir} ${env}`).toBe(counts);
      expect((await git.end()).exitCode).toBe(0);
      expect(await findHolder(lock)).toBeUndefined();
    }
  });

  it('does not mind a git that only reads', async () => {
    const session = await makeSession();
    const flag = join(tempDir(), 'flag');
    const reader = sh(
      session.wt.path,
      `(touch '${flag}.begun'; while [ ! -e '${flag}' ]; do sleep 0.02; done) | git cat-file --batch`,
    );
    await until(() => existsSync(`${flag}.begun`));
    expect(await findHolder(lockOf(session))).toBeUndefined();
    writeFileSync(flag, '');
    await reader;
  });
});

describe.skipIf(process.platform === 'win32')('findByPs', () => {
  it('finds any git that may write', async () => {
    const session = await makeSession();
    const git = await commitByHand(session.wt.path);
    expect(await findByPs()).toBeGreaterThan(0);
    await git.end();
  });
});

describe('clearStaleLock', () => {
  it('removes a dead one’s, keeps a living one’s, and says whose it is', async () => {
    const session = await makeSession();
    const lock = lockOf(session, 'index.lock');
    await clearStaleLock(session.repo, lock);
    writeFileSync(lock.path, '');
    await clearStaleLock(session.repo, lock);
    expect(existsSync(lock.path)).toBe(false);
    write(session.wt.path, { 'a.txt': 'changed' });
    const git = await commitByHand(session.wt.path);
    expect(existsSync(lock.path)).toBe(true);
    await expect(clearStaleLock(session.repo, lock, 200)).rejects.toMatchObject({
      code: 'worktree.blocked',
      message: expect.stringMatching(/index\.lock is held by process \d+/),
    });
    expect(existsSync(lock.path)).toBe(true);
    const waiting = clearStaleLock(session.repo, lock);
    expect((await git.end()).exitCode).toBe(0);
    await waiting;
    expect(existsSync(lock.path)).toBe(false);
  });
});

describe('withLock', () => {
  it('lets one in at a time, and everybody in the end', async () => {
    const { repo } = await makeSession();
    let inside = 0;
    let done = 0;
    const work = async () => {
      inside++;
      expect(inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
      done++;
    };
    await Promise.all(Array.from({ length: 10 }, () => withLock(repo, 'test', work)));
    expect(done).toBe(10);
  });

  it('gives up with a word on who holds it, and lets go when the work fails', async () => {
    const { repo } = await makeSession();
    const failing = withLock(repo, 'test', () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const blocked = withLock(repo, 'test', async () => {
      const second = withLock(repo, 'test', () => {}, 50);
      await expect(second).rejects.toMatchObject({
        code: 'worktree.blocked',
        message: expect.stringContaining(String(process.pid)),
      });
    });
    await blocked;
  });
});
