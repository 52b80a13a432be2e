import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.ts';
import type { TranscriptDraft } from '../../src/store/log-store.ts';
import { TranscriptRedactor } from '../../src/store/transcript-redactor.ts';
import { made, privateKey } from '../redaction/corpus.ts';

const VALUE = `pw-${made('transcript', 30)}`;
const redact = createRedactor({ env: { DB_PASSWORD: VALUE }, key: Buffer.alloc(32, 7) });
const line = (text: string, over: Partial<TranscriptDraft> = {}): TranscriptDraft => ({
  iteration: 1,
  stream: 'stdout',
  line: text,
  ...over,
});
const textOf = (draft: TranscriptDraft): string =>
  draft.line ?? Buffer.from(draft.bytes ?? '', 'base64').toString('latin1');

const through = async (drafts: TranscriptDraft[]): Promise<string[]> => {
  const redactor = new TranscriptRedactor(redact);
  const kept: string[] = [];
  for (const draft of drafts) kept.push(textOf(await redactor.line(draft)));
  return kept;
};

describe('a private key that comes line by line', () => {
  const short = `${made('last', 18)}==`;
  const [begin, ...rest] = privateKey('RSA ', 3).split('\n') as [string, ...string[]];
  const end = rest.pop()!;

  test('goes to its last, short line; what stands around it stays', async () => {
    const kept = await through(['before', begin, ...rest, short, end, 'after', short].map((text) => line(text)));
    expect([kept[0], kept[1], ...kept.slice(-3)]).toEqual(['before', begin, end, 'after', short]);
    for (const one of kept.slice(2, 6)) expect(one).toMatch(/^\[REDACTED:[a-z-]+:[0-9a-f]{8}\]$/);
  });

  test('that was cut short takes no ordinary line with it', async () => {
    const words = ['done', 'a line of words', short];
    expect((await through([begin, rest[0]!, 'a line of words', ...words].map((text) => line(text)))).slice(2)).toEqual([
      'a line of words',
      ...words,
    ]);
  });

  test('each stream and iteration on its own', async () => {
    const redactor = new TranscriptRedactor(redact);
    await redactor.line(line(begin));
    for (const over of [{ stream: 'stderr' }, { iteration: 2 }] as Partial<TranscriptDraft>[])
      expect(textOf(await redactor.line(line(short, over)))).toBe(short);
  });
});

describe('a line that comes in parts', () => {
  const around = (at: number): string => `${'x '.repeat(at >> 1)}${VALUE}${' y'.repeat(10_000)} é end`;

  test('is found wherever it is cut, and nothing else is lost', async () => {
    for (let at = 20_000; at < 20_060; at += 7) {
      const bytes = Buffer.from(around(20_020));
      const kept = await through([
        { iteration: 1, stream: 'stdout', line: bytes.subarray(0, at).toString(), more: true },
        { iteration: 1, stream: 'stdout', line: bytes.subarray(at, at + 15_000).toString(), more: true },
        { iteration: 1, stream: 'stdout', line: bytes.subarray(at + 15_000).toString() },
      ]);
      const whole = kept.join('');
      expect(whole.replace(/\[REDACTED:env:[0-9a-f]{8}\]/, VALUE)).toBe(around(20_020));
      expect(whole).not.toContain(VALUE);
    }
  });

  test('a character that is cut in two is put together again, or kept as bytes', async () => {
    const bytes = Buffer.from(`${'é'.repeat(12_000)} ${VALUE} ${'é'.repeat(9_000)}`);
    const at = 24_001 + 20;
    const redactor = new TranscriptRedactor(redact);
    const kept: Buffer[] = [];
    for (const [part, more] of [
      [bytes.subarray(0, at), true],
      [bytes.subarray(at, at + 4_001), true],
      [bytes.subarray(at + 4_001), false],
    ] as const) {
      const draft = { iteration: 1, stream: 'stdout' as const, bytes: part.toString('base64'), ...(more && { more }) };
      const clean = await redactor.line(draft as TranscriptDraft);
      kept.push(clean.line === undefined ? Buffer.from(clean.bytes!, 'base64') : Buffer.from(clean.line));
    }
    const whole = Buffer.concat(kept).toString();
    expect(whole.replace(/\[REDACTED:env:[0-9a-f]{8}\]/, VALUE)).toBe(bytes.toString());
  });
});
