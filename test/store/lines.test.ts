import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eachLine, wholeLines } from '../../src/store/lines.ts';

const linesOf = (bytes: Buffer): { lines: (string | undefined)[]; end: number } => {
  const lines: (string | undefined)[] = [];
  const end = eachLine(bytes, (line) => lines.push(line));
  return { lines, end };
};

describe('eachLine', () => {
  test('gives complete lines only, and says where the rest begins', () => {
    expect(linesOf(Buffer.from('a\n\nbc\nrest'))).toEqual({ lines: ['a', 'bc'], end: 6 });
    expect(linesOf(Buffer.from('no newline'))).toEqual({ lines: [], end: 0 });
    expect(linesOf(Buffer.alloc(0))).toEqual({ lines: [], end: 0 });
  });

  test('splits at newlines and at nothing else', () => {
    const odd = ['a\rb', 'c\u2028d', 'e\u0000f', '\u{1F600}ß', '\ufeffg'];
    expect(linesOf(Buffer.from(`${odd.join('\n')}\n`)).lines).toEqual(odd);
  });

  test('lines around and over a chunk of 1 MiB are whole, ASCII or not', () => {
    for (const filler of ['x', 'ä', '😀']) {
      for (const length of [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20]) {
        const long = filler.repeat(Math.ceil(length / Buffer.byteLength(filler)));
        const { lines, end } = linesOf(Buffer.from(`before\n${long}\nafter\n`));
        expect(lines.map((line) => line?.length)).toEqual([6, long.length, 5]);
        expect(lines[1] === long).toBe(true);
        expect(end).toBe(Buffer.byteLength(long) + 14);
      }
    }
  });

  test('a line over 64 MiB is told of, not decoded', () => {
    const { lines } = linesOf(Buffer.concat([Buffer.alloc((64 << 20) + 1, 'x'), Buffer.from('\nnext\n')]));
    expect(lines).toEqual([undefined, 'next']);
  });

  test('joins back to what it was given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }).filter((line) => line !== '' && !line.includes('\n'))),
        (lines) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          expect(linesOf(bytes)).toEqual({ lines, end: bytes.length });
        },
      ),
    );
  });
});

test('wholeLines ends after the last newline within the limit', () => {
  const bytes = Buffer.from('ab\ncd\nef');
  expect([wholeLines(bytes), wholeLines(bytes, 6), wholeLines(bytes, 5), wholeLines(bytes, 2)]).toEqual([6, 6, 3, 0]);
});
