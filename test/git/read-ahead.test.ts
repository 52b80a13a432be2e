import { describe, expect, it } from 'vitest';
import type { CatObject } from '../../src/git/cat-file.ts';
import { git as door, openCatFile } from '../../src/git/git.ts';
import { AheadReader, readAhead } from '../../src/git/read-ahead.ts';
import { makeSession } from './support.ts';

const NONE = 'd'.repeat(40);

const textsOf = async (objects: AsyncIterable<CatObject | undefined>): Promise<(string | null)[]> => {
  const texts: (string | null)[] = [];
  for await (const object of objects) texts.push(object?.bytes.toString() ?? null);
  return texts;
};

describe('readAhead', () => {
  it('gives objects in the order of their ids, more than it asks for at once', async () => {
    const { repo } = await makeSession();
    const wanted = Array.from({ length: 100 }, (_, n) => `object ${n}\n`.repeat(n));
    const ids: string[] = [];
    for (const stdin of wanted) {
      const { stdout } = await door(repo, ['hash-object', '-w', '--stdin'], { stdin });
      ids.push(stdout.toString().trim());
    }
    const reader = openCatFile(repo);
    const texts = await textsOf(readAhead(reader, [...ids, NONE, ids[3]!]));
    reader.close();
    expect(texts).toEqual([...wanted, null, wanted[3]]);
  });

  it('asks for no more than a stretch ahead of what was taken', async () => {
    const asked: string[] = [];
    const object = async (id: string): Promise<undefined> => void asked.push(id);
    const ids = Array.from({ length: 1000 }, (_, n) => String(n));
    const objects = readAhead({ object }, ids);
    await objects.next();
    const first = asked.length;
    for (let n = 0; n < 10; n++) await objects.next();
    expect(first).toBeGreaterThan(1);
    expect(first).toBeLessThan(100);
    expect(asked).toEqual(ids.slice(0, first + 10));
  });

  it('throws the error of an object in its turn, and swallows those that nobody waits for', async () => {
    const object = async (id: string): Promise<CatObject> => {
      if (id.startsWith('bad')) throw new Error(id);
      return { type: 'blob', bytes: Buffer.from(id) };
    };
    const objects = readAhead({ object }, ['a', 'bad 1', 'bad 2', 'b']);
    expect((await objects.next()).value?.bytes.toString()).toBe('a');
    await expect(objects.next()).rejects.toThrow('bad 1');
    expect(await objects.next()).toEqual({ done: true, value: undefined });
  });
});

describe('AheadReader', () => {
  const counting = () => {
    const asked: string[] = [];
    const object = async (id: string): Promise<CatObject> => {
      asked.push(id);
      if (id.startsWith('bad')) throw new Error(id);
      return { type: 'blob', bytes: Buffer.from(id) };
    };
    return { asked, reader: new AheadReader({ object }) };
  };
  const ids = Array.from({ length: 100 }, (_, n) => `id ${n}`);

  it('has asked for what it expects before it is asked, a stretch at a time and each once', async () => {
    const { asked, reader } = counting();
    reader.expect(ids);
    const first = asked.length;
    expect([first > 1, first < 100]).toEqual([true, true]);
    for (const id of ids) expect((await reader.object(id))?.bytes.toString()).toBe(id);
    expect(asked).toEqual(ids);
  });

  it('answers in any order, and what it did not expect', async () => {
    const { reader } = counting();
    reader.expect(['a', 'b', 'a']);
    for (const id of ['b', 'z', 'a', 'a']) expect((await reader.object(id))?.bytes.toString()).toBe(id);
  });

  it('forgets what was not fetched when it expects something else, errors too', async () => {
    const { asked, reader } = counting();
    reader.expect(['bad', 'a']);
    reader.expect(['b']);
    expect((await reader.object('b'))?.bytes.toString()).toBe('b');
    await expect(reader.object('bad')).rejects.toThrow('bad');
    expect(asked).toEqual(['bad', 'a', 'b', 'bad']);
  });
});
