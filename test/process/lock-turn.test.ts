import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock, LockHeld, readLock } from '../../src/process/lock.ts';
import { inTurn } from '../../src/process/lock-turn.ts';
import { tempDir } from '../support/repo.ts';

const turn = (waitMs: number) => ({
  command: 'test',
  waitMs,
  busy: ({ holder }: LockHeld) => new Error(`busy: ${holder.command}`),
});

describe('work in turn', () => {
  it('is done by one at a time, all of them in the end, and the lock is free afterwards', async () => {
    const path = join(tempDir(), 'x.lock');
    let inside = 0;
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4].map((n) =>
        inTurn(path, turn(30_000), async () => {
          inside += 1;
          expect(inside).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 5));
          order.push(n);
          inside -= 1;
        }),
      ),
    );
    expect(order.sort()).toEqual([1, 2, 3, 4]);
    expect(readLock(path)).toBeUndefined();
  });

  it('says who is at it once the patience is over, and has not begun', async () => {
    const path = join(tempDir(), 'x.lock');
    const lock = await acquireLock(path, { command: 'somebody' });
    let began = false;
    const work = () => {
      began = true;
    };
    await expect(inTurn(path, turn(20), work)).rejects.toThrow('busy: somebody');
    expect(began).toBe(false);
    lock.release();
    await inTurn(path, turn(20), work);
    expect(began).toBe(true);
  });

  it('is done once, also when it meets another lock that somebody holds', async () => {
    const [path, other] = [join(tempDir(), 'x.lock'), join(tempDir(), 'y.lock')];
    const lock = await acquireLock(other, { command: 'somebody' });
    let times = 0;
    const work = async () => {
      times += 1;
      await acquireLock(other, { command: 'nested' });
    };
    await expect(inTurn(path, turn(200), work)).rejects.toBeInstanceOf(LockHeld);
    expect([times, readLock(path)]).toEqual([1, undefined]);
    lock.release();
  });
});
