import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { HashList } from '../../../src/store/verify/hash-list.ts';

const hash = (n: number): string => createHash('sha256').update(String(n)).digest('hex');

test('keeps each hash under its number, in any order, and knows which are not there', () => {
  const list = new HashList();
  const numbers = Array.from({ length: 3000 }, (_, n) => ((n * 7919) % 3001) + 1);
  for (const n of numbers) list.set(n, hash(n));
  for (const n of numbers) expect([list.has(n), list.get(n)]).toEqual([true, hash(n)]);
  for (const n of [0, 3002, 3500, 1e9]) expect([list.has(n), list.get(n)]).toEqual([false, undefined]);
});

test('the last one of a number stands', () => {
  const list = new HashList();
  list.set(5, hash(1));
  list.set(5, hash(2));
  expect(list.get(5)).toBe(hash(2));
  list.set(5, 'no hash');
  expect([list.has(5), list.get(5)]).toEqual([true, 'no hash']);
  list.set(5, hash(3));
  expect(list.get(5)).toBe(hash(3));
});

test('a number far beyond the others takes no room, and what is no hash is kept as it is', () => {
  const list = new HashList();
  list.set(2 ** 50, hash(1));
  list.set(7, 'undefined');
  list.set(8, 'z'.repeat(64));
  expect([list.get(2 ** 50), list.get(7), list.get(8)]).toEqual([hash(1), 'undefined', 'z'.repeat(64)]);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(1 << 28);
});

test('zeros are a hash like any other', () => {
  const list = new HashList();
  list.set(1, '0'.repeat(64));
  expect([list.has(1), list.get(1), list.has(2)]).toEqual([true, '0'.repeat(64), false]);
});
