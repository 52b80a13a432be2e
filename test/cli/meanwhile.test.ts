import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { meanwhile } from '../../src/cli/meanwhile.ts';

describe('meanwhile', () => {
  it('loads after the work has begun, and before it ends', async () => {
    const order: string[] = [];
    const work = async (): Promise<string> => {
      for (let turn = 0; turn < 5; turn++) await null;
      order.push('begun');
      await sleep(20);
      order.push('done');
      return 'answer';
    };
    const load = async (): Promise<string> => {
      order.push('loaded');
      return 'words';
    };
    expect(await meanwhile(work(), load)).toEqual(['answer', 'words']);
    expect(order).toEqual(['begun', 'loaded', 'done']);
  });

  it('throws what the work throws, however soon', async () => {
    const load = async (): Promise<void> => sleep(5).then(() => {});
    await expect(meanwhile(Promise.reject(new Error('no database')), load)).rejects.toThrow('no database');
  });
});
