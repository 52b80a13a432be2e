import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { extractPayloads, isPayloadReference, mapStrings, payloadsIn } from '../../src/store/payloads.ts';

const LIMIT = 64 * 1024;
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('extractPayloads', () => {
  test('leaves strings of up to 64 KiB in UTF-8 where they are', () => {
    for (const text of ['x'.repeat(LIMIT), 'ä'.repeat(LIMIT / 2), '😀'.repeat(LIMIT / 4)]) {
      const { data, payloads } = extractPayloads({ deep: [{ text }] });
      expect(data).toEqual({ deep: [{ text }] });
      expect(payloads.size).toBe(0);
    }
  });

  test('takes one byte more out, from any depth', () => {
    for (const text of ['x'.repeat(LIMIT + 1), 'ä'.repeat(LIMIT / 2 + 1), `${'😀'.repeat(LIMIT / 4)}x`]) {
      const { data, payloads } = extractPayloads({ deep: [{ output: text, small: 'y' }] });
      const payload = { sha256: sha256(text), bytes: Buffer.byteLength(text), parts: [sha256(text)] };
      expect(data).toEqual({ deep: [{ output: { payload }, small: 'y' }] });
      expect(payloads.get(payload.sha256)?.toString()).toBe(text);
      expect(payloadsIn(data)).toEqual([payload]);
    }
  });

  test('cuts at 16 MiB, and the parts join to the whole', () => {
    const text = 'abcdefgh'.repeat((33 << 20) / 8);
    const { data, payloads } = extractPayloads({ text });
    const [payload] = payloadsIn(data);
    expect(payload!.parts).toHaveLength(3);
    const parts = payload!.parts.map((part) => payloads.get(part)!);
    expect(parts.map((part) => part.length)).toEqual([16 << 20, 16 << 20, 1 << 20]);
    expect(parts.map((part) => sha256(part))).toEqual(payload!.parts);
    expect(sha256(Buffer.concat(parts))).toBe(payload!.sha256);
  });

  test('a prompt and a text keep their beginning, never half a character', () => {
    const text = `${'x'.repeat(999)}${'😀'.repeat(LIMIT)}`;
    const { data } = extractPayloads({ prompt: text, text, other: text });
    expect(data).toMatchObject({ prompt: { preview: 'x'.repeat(999) }, text: { preview: 'x'.repeat(999) } });
    expect(data.other).not.toHaveProperty('preview');
  });
});

test('mapStrings copies everything that is no string, and knows the key', () => {
  const data = { a: 'one', b: [1, null, true, 'two', { c: 'three' }], d: {} };
  const seen: string[] = [];
  const copy = mapStrings(data, (text, key) => {
    seen.push(key);
    return text.toUpperCase();
  });
  expect(copy).toEqual({ a: 'ONE', b: [1, null, true, 'TWO', { c: 'THREE' }], d: {} });
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('isPayloadReference knows one from data that only looks like it', () => {
  expect(isPayloadReference({ payload: { sha256: 'a', bytes: 1, parts: [] } })).toBe(true);
  for (const other of [null, 'x', {}, { payload: 'x' }, { payload: null }, { payload: { sha256: 1, parts: [] } }])
    expect(isPayloadReference(other)).toBe(false);
});
