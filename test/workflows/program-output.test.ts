import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { LiveOutput, redactedTail } from '../../src/workflows/program-output.ts';
import { made, privateKey } from '../redaction/corpus.ts';

const VALUE = `pw-${made('output', 30)}`;
const redactor = createRedactor({ env: { DB_PASSWORD: VALUE }, key: Buffer.alloc(32, 7) });
const redact = async (text: string, kind?: 'name' | 'key-body') => redactor(text, kind);

const shown = async (chunks: string[]): Promise<string[]> => {
  const texts: string[] = [];
  const live = new LiveOutput(redact, (text) => texts.push(text));
  for (const chunk of chunks) live.push(chunk);
  await live.end();
  return texts;
};

describe('live', () => {
  test('a secret in two chunks is not shown, wherever it is cut; all else is, in order', async () => {
    const text = `one\ntwo ${VALUE} three\nfour\n${privateKey('EC ', 2)}\nfive`;
    const key = privateKey('EC ', 2).split('\n').slice(1, -1);
    for (let at = 1; at < text.length; at += 5) {
      const all = (await shown([text.slice(0, at), text.slice(at, at + 20), text.slice(at + 20)])).join('');
      for (const secret of [VALUE, ...key]) expect(all).not.toContain(secret);
      expect(all.replaceAll(/\[REDACTED:[a-z-]+:[0-9a-f]{8}\]/g, '*')).toMatch(
        /^one\ntwo \* three\nfour\n-----BEGIN EC P\w+ KEY-----\n(?:\*\n)+-----END EC P\w+ KEY-----\nfive$/,
      );
    }
  });

  test('marks of progress are shown at once, words with their line', async () => {
    const texts: string[] = [];
    const live = new LiveOutput(redact, (text) => texts.push(text));
    live.push('..');
    live.push('.. ok');
    await new Promise(setImmediate);
    expect(texts).toEqual(['..']);
    live.push(' 1\n');
    await live.end();
    expect(texts).toEqual(['..', '.. ok 1\n']);
  });

  test('a line without an end is not held for ever', async () => {
    const texts: string[] = [];
    const live = new LiveOutput(redact, (text) => texts.push(text));
    live.push(`${'word '.repeat(10_000)}${VALUE.slice(0, 9)}`);
    live.push(VALUE.slice(9));
    await live.end();
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.join('')).toMatch(/^(?:word ){10000}\[REDACTED:env:[0-9a-f]{8}\]$/);
  });
});

describe('the tail that goes on record', () => {
  test('what is short stays whole', async () => expect(await redactedTail(redact, Buffer.from('é ok'))).toBe('é ok'));

  test('a secret that its front would cut in two is found first', async () => {
    for (const before of [15_000, 16_380, 16_384 - 10, 16_384 - 33]) {
      const text = `${'x'.repeat(40_000 - before)} ${VALUE} ${'y'.repeat(before)}`;
      const tail = await redactedTail(redact, Buffer.from(text).subarray(-32_768));
      expect(tail.length).toBeLessThanOrEqual(16_384);
      expect(tail.endsWith('y'.repeat(before))).toBe(true);
      for (let n = 4; n < VALUE.length; n++) expect(tail).not.toContain(VALUE.slice(-n));
      expect(tail).not.toMatch(/^[^[]*\]/);
    }
  });
});
