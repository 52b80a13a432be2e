import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Exclusive } from '../../src/store/wal/exclusive.ts';
import { GroupCommit } from '../../src/store/wal/group-commit.ts';

describe('GroupCommit', () => {
  test('what comes while a commit is under way shares the next one, in order', async () => {
    const batches: number[][] = [];
    let release = (): void => {};
    const commits = new GroupCommit<number>(async (items) => {
      batches.push(items);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    commits.add(1);
    commits.add(2);
    expect(commits.busy).toBe(true);
    await turn();
    expect(batches).toEqual([[1, 2]]);
    for (const item of [3, 4, 5]) commits.add(item);
    await turn();
    expect(batches).toHaveLength(1);
    release();
    await turn();
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    const idle = commits.idle();
    release();
    await idle;
    expect(commits.busy).toBe(false);
    commits.add(6);
    await turn();
    expect(batches.at(-1)).toEqual([6]);
    release();
    await commits.idle();
  });
});

describe('Exclusive', () => {
  test('runs one task after the other, in the order they came', async () => {
    const queue = new Exclusive();
    const seen: string[] = [];
    const task = (name: string, turns: number) => async () => {
      seen.push(`${name} begins`);
      for (let i = 0; i < turns; i += 1) await turn();
      seen.push(`${name} ends`);
      return name;
    };
    const all = Promise.all([queue.run(task('slow', 5)), queue.run(task('quick', 0)), queue.run(task('last', 1))]);
    expect(queue.busy).toBe(true);
    expect(await all).toEqual(['slow', 'quick', 'last']);
    expect(seen).toEqual(['slow', 'quick', 'last'].flatMap((name) => [`${name} begins`, `${name} ends`]));
    await turn();
    expect(queue.busy).toBe(false);
  });

  test('a task that fails tells its caller only', async () => {
    const queue = new Exclusive();
    const failed = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(async () => 'yes');
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
