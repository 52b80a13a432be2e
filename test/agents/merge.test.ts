import { describe, expect, test } from 'vitest';
import { merge } from '../../src/agents/merge.ts';

async function* values<Value>(list: Value[], log?: string[]): AsyncGenerator<Value> {
  for (const value of list) {
    log?.push(`made ${value}`);
    yield value;
  }
}

const gather = async <Value>(source: AsyncIterable<Value>): Promise<Value[]> => {
  const all: Value[] = [];
  for await (const value of source) all.push(value);
  return all;
};

describe('merge', () => {
  test('gives every value of every source, each source in its order', async () => {
    const all = await gather(merge([values(['a1', 'a2', 'a3']), values(['b1']), values<string>([])]));
    expect(all.filter((value) => value.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(all.toSorted()).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  test('does not wait for a silent source', async () => {
    let release: () => void = () => {};
    async function* silent(): AsyncGenerator<string> {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield 'late';
    }
    const merged = merge([silent(), values(['now'])]);
    expect((await merged.next()).value).toBe('now');
    release();
    expect((await merged.next()).value).toBe('late');
    expect((await merged.next()).done).toBe(true);
  });

  test('runs at most one value ahead of a slow listener', async () => {
    const log: string[] = [];
    const merged = merge([values(['1', '2', '3', '4'], log)]);
    await merged.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log).toEqual(['made 1', 'made 2']);
  });

  test('fails as its source fails, after what came before', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error('gone');
    }
    const merged = merge([broken()]);
    expect((await merged.next()).value).toBe(1);
    await expect(merged.next()).rejects.toThrow('gone');
  });
});
