import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Line, LineSplitter } from '../../src/agents/lines.ts';
import { bundle } from '../support/bundle.ts';
import { exec, tempDir } from '../support/repo.ts';

const split = (chunks: Buffer[], cap?: number): Line[] => {
  const splitter = new LineSplitter(cap);
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
};
const texts = (lines: Line[]): string[] => lines.map((line) => line.bytes.toString('latin1'));

/** Cuts bytes into chunks of the given lengths, the rest as one. */
const cut = (bytes: Buffer, lengths: number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...chunks, bytes.subarray(at)];
};

describe('lines', () => {
  test('are cut at newlines and nowhere else', () => {
    const bytes = Buffer.from('a\r\nb\rc\u2028d\u2029e\u0085f\0g\n\uFEFFh\n\ni');
    expect(split([bytes]).map((line) => line.bytes.toString('utf8'))).toEqual([
      'a\r',
      'b\rc\u2028d\u2029e\u0085f\0g',
      '\uFEFFh',
      '',
      'i',
    ]);
  });

  test('a last line without a newline is a line; nothing at all is none', () => {
    expect(texts(split([Buffer.from('a\nb')]))).toEqual(['a', 'b']);
    expect(texts(split([Buffer.from('a\n')]))).toEqual(['a']);
    expect(split([Buffer.alloc(0)])).toEqual([]);
  });

  test('come out the same however the bytes are cut, also inside a character', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('ä€😀\n\r\n\u2028').map((s) => Buffer.from(s)),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(20)), (array, lengths) => {
        const whole = Buffer.from(array);
        const expected = whole.toString('latin1').split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(texts(split(cut(whole, lengths)))).toEqual(expected);
      }),
    );
  });

  test('over the cap come in parts that say so, and lose no byte', () => {
    const lines = split([Buffer.from('aaaaaaaaaabbbbbbbbbbccc\nnext\n')], 10);
    expect(lines.map((line) => line.more ?? false)).toEqual([true, true, false, false]);
    expect(texts(lines)).toEqual(['aaaaaaaaaa', 'bbbbbbbbbb', 'ccc', 'next']);
  });

  test('of exactly the cap are whole', () => {
    expect(split([Buffer.from('aaaaaaaaaa\n')], 10)).toEqual([{ bytes: Buffer.from('aaaaaaaaaa') }]);
    expect(split([Buffer.from('aaaaaaaaaa')], 10)).toEqual([{ bytes: Buffer.from('aaaaaaaaaa') }]);
  });

  test('with any cap and any cuts give their bytes back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 80 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(9)),
        (text, cap, lengths) => {
          let joined = '';
          for (const line of split(cut(Buffer.from(text), lengths), cap)) {
            expect(line.bytes.length).toBeLessThanOrEqual(cap);
            joined += line.bytes.toString() + (line.more ? '' : '\n');
          }
          expect(joined).toBe(text === '' || text.endsWith('\n') ? text : `${text}\n`);
        },
      ),
    );
  });

  test('of a gigabyte cost less than 256 MB of memory', async () => {
    const program = await bundle(`
      import { LineSplitter } from './src/agents/lines.ts';
      const splitter = new LineSplitter();
      let bytes = 0, parts = 0;
      const take = (lines: Iterable<{ bytes: Buffer }>) => { for (const line of lines) { bytes += line.bytes.length; parts += 1; } };
      for await (const chunk of process.stdin) take(splitter.push(chunk as Buffer));
      take(splitter.end());
      console.log(JSON.stringify({ bytes, parts, rss: process.resourceUsage().maxRSS / 1024 }));
    `);
    const ran = await exec(tempDir(), 'sh', [
      '-c',
      `head -c 1000000000 /dev/zero | '${process.execPath}' '${program}'`,
    ]);
    const { bytes, parts, rss } = JSON.parse(ran.stdout);
    expect(bytes).toBe(1_000_000_000);
    expect(parts).toBeGreaterThan(100);
    expect(rss).toBeLessThan(256);
  });
});
