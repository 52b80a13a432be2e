import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ownIdentity } from '../../src/process/identity.ts';
import { acquireLock, LockHeld, type LockHolder, readLock, sweepDrafts } from '../../src/process/lock.ts';
import { bundle } from '../support/bundle.ts';
import { tempDir } from '../support/repo.ts';

const newFile = (): string => path.join(tempDir(), 'locks', 'session');
const held = { command: 'test' };

/** A lock file as somebody else would have left it. */
const plant = (file: string, changes: Partial<LockHolder> = {}): LockHolder => {
  const holder = {
    ...ownIdentity(),
    command: 'other',
    nonce: 'other-nonce',
    since: '2020-01-01T00:00:00.000Z',
    ...changes,
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(holder));
  return holder;
};
const DEAD = { startTime: 'never' };

describe('a lock', () => {
  test('is held until it is released, and the folder holds nothing but it', async () => {
    const file = newFile();
    const lock = await acquireLock(file, held);
    expect(readLock(file)).toEqual(lock.holder);
    expect(readdirSync(path.dirname(file))).toEqual(['session']);
    lock.release();
    expect(readLock(file)).toBeUndefined();
    expect(readdirSync(path.dirname(file))).toEqual([]);
    lock.release();
  });

  test('says to the second who holds it, and stays', async () => {
    const file = newFile();
    const lock = await acquireLock(file, held);
    const refused = await acquireLock(file, { command: 'second' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LockHeld);
    expect((refused as LockHeld).holder).toMatchObject({ pid: process.pid, command: 'test', nonce: lock.holder.nonce });
    expect(readLock(file)?.nonce).toBe(lock.holder.nonce);
    lock.release();
  });

  test('of a dead holder is broken', async () => {
    const file = newFile();
    plant(file, DEAD);
    expect(readLock(file)).toBeUndefined();
    const lock = await acquireLock(file, held);
    expect(readLock(file)?.nonce).toBe(lock.holder.nonce);
    expect(readdirSync(path.dirname(file))).toEqual(['session']);
    lock.release();
  });

  test.each<[string, Partial<LockHolder>, boolean]>([
    ['a living pid', {}, true],
    ['a reused pid', DEAD, false],
    ['a dead pid', { pid: 2 ** 22 + 7 }, false],
    ['another boot', { bootId: 'another' }, false],
    ['another host', { host: 'elsewhere', ...DEAD }, true],
    ['another namespace', { pidNamespace: 'pid:[1]', ...DEAD }, true],
  ])('of %s counts as held: %3$s', async (_name, changes, isHeld) => {
    const file = newFile();
    plant(file, changes);
    if (isHeld) await expect(acquireLock(file, held)).rejects.toBeInstanceOf(LockHeld);
    else (await acquireLock(file, held)).release();
  });

  test('is never broken for its age alone', async () => {
    const file = newFile();
    plant(file, { since: '1990-01-01T00:00:00.000Z' });
    utimesSync(file, 0, 0);
    await expect(acquireLock(file, held)).rejects.toBeInstanceOf(LockHeld);
  });

  test.each(['', 'not json', '{"pid":1', '[]', 'null', '{"pid":"1"}'])(
    'with the content %j is held by nobody we know',
    async (content) => {
      const file = newFile();
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      await expect(acquireLock(file, held)).rejects.toThrow(/unknown/);
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );

  test('that somebody took over is not removed by its old holder', async () => {
    const file = newFile();
    const lock = await acquireLock(file, held);
    plant(file);
    lock.release();
    expect(readLock(file)?.nonce).toBe('other-nonce');
  });

  test('with a guard that a dead breaker left is broken all the same', async () => {
    const file = newFile();
    plant(file, DEAD);
    plant(`${file}.break`, { ...DEAD, nonce: 'dead-breaker' });
    (await acquireLock(file, held)).release();
    expect(existsSync(`${file}.break`)).toBe(false);
  });

  test('of a dead holder goes to exactly one of many in one process', async () => {
    const file = newFile();
    plant(file, DEAD);
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(file, held)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(LockHeld);
  });
});

describe('what a process left that died while it was about to take a lock', () => {
  const draft = (file: string, letter: string): string => `${file}.${letter.repeat(20)}`;

  test('goes, and nothing else: no lock, also of the dead, no draft of the living', () => {
    const file = newFile();
    plant(file);
    plant(draft(file, 'a'), DEAD);
    plant(draft(file, 'b'));
    plant(`${file}.break`, DEAD);
    plant(draft(`${file}-other`, 'a'), DEAD);
    plant(`${file}-third`, DEAD);
    writeFileSync(draft(file, 'c'), '{"pid');
    sweepDrafts(path.dirname(file));
    sweepDrafts(path.join(path.dirname(file), 'nowhere'));
    const kept = [file, draft(file, 'b'), `${file}.break`, `${file}-third`];
    expect(readdirSync(path.dirname(file)).sort()).toEqual(kept.map((name) => path.basename(name)).sort());
  });
});

describe('a lock between processes', () => {
  let program = '';
  beforeAll(async () => {
    program = await bundle(`
      import { appendFileSync, existsSync } from 'node:fs';
      import { acquireLock, LockHeld } from './src/process/lock.ts';
      const [file, inside, go, mode] = process.argv.slice(2) as [string, string, string, string];
      while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 1));
      for (let round = 0; round < 40; round++) {
        try {
          const lock = await acquireLock(file, { command: 'round' });
          appendFileSync(inside, 'in ' + process.pid + '\\n');
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
          appendFileSync(inside, 'out ' + process.pid + '\\n');
          if (mode === 'die' && Math.random() < 0.4) process.kill(process.pid, 'SIGKILL');
          if (mode === 'exit') process.exit(0);
          lock.release();
        } catch (error) {
          if (!(error instanceof LockHeld)) throw error;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        }
      }
    `);
  });

  const race = async (mode: string, processes: number) => {
    const dir = tempDir();
    const [file, inside, go] = ['lock', 'inside', 'go'].map((name) => path.join(dir, name)) as [string, string, string];
    writeFileSync(inside, '');
    const children = Array.from({ length: processes }, () =>
      spawn(process.execPath, [program, file, inside, go, mode], { stdio: ['ignore', 'ignore', 'pipe'] }),
    );
    const ends = children.map(
      (child) =>
        new Promise<string>((resolve) => {
          let stderr = '';
          child.stderr.on('data', (data) => {
            stderr += data;
          });
          child.on('close', () => resolve(stderr));
        }),
    );
    writeFileSync(go, '');
    const errors = (await Promise.all(ends)).join('');
    return { file, errors, log: readFileSync(inside, 'utf8').trim().split('\n') };
  };

  /** Nobody comes in while another is in: each `in` is followed by the same process's `out`. */
  const isExclusive = (log: string[]): boolean =>
    log.every((line, at) => !line.startsWith('in ') || log[at + 1] === line.replace('in', 'out'));

  test('is held by one at a time', async () => {
    const { log, errors } = await race('release', 8);
    expect(errors).toBe('');
    expect(log.length).toBeGreaterThan(8);
    expect(isExclusive(log)).toBe(true);
  });

  test('is held by one at a time, though its holders die with it in their hands', async () => {
    const { log, errors } = await race('die', 12);
    expect(errors).toBe('');
    expect(log.length).toBeGreaterThan(12);
    expect(isExclusive(log)).toBe(true);
  });

  test('is given back when its holder exits', async () => {
    const { file, log } = await race('exit', 3);
    expect(isExclusive(log)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });
});
