import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitAtDashes, withAttachedValue } from '../../src/cli/attached-value.ts';
import { diffStatText } from '../../src/cli/diff-text.ts';
import { newBudget } from '../../src/cli/patch/changed-words.ts';
import { createHighlighter } from '../../src/cli/patch/highlighter.ts';
import type { Hunk, LineKind, Segment } from '../../src/cli/patch/model.ts';
import { paletteOf } from '../../src/cli/patch/palette.ts';
import { showHunk } from '../../src/cli/patch/shown-hunk.ts';
import { wrap } from '../../src/cli/patch/wrap.ts';
import { textWidth } from '../../src/cli/width.ts';

const segment = (text: string, over: Partial<Segment> = {}): Segment => ({ text, scope: '', isStrong: false, ...over });

describe('wrap', () => {
  const texts = (segments: Segment[], columns: number): string[] =>
    wrap(segments, columns).map((row) => row.segments.map(({ text }) => text).join(''));

  it.each([
    [['abcdef'], 3, ['abc', 'def']],
    [['abcdefg'], 3, ['abc', 'def', 'g']],
    [['ab', 'cd', 'ef'], 3, ['abc', 'def']],
    [['名前です'], 5, ['名前', 'です']],
    [['a名b前'], 3, ['a名', 'b前']],
    [['ab', '名'], 3, ['ab', '名']],
    [['名'], 1, ['名']],
    [[''], 10, ['']],
    [[], 10, ['']],
    [['abc'], 3, ['abc']],
  ])('%j in %d columns', (given, columns, expected) =>
    expect(
      texts(
        given.map((text) => segment(text)),
        columns,
      ),
    ).toEqual(expected),
  );

  it('keeps how pieces look, and says how wide a row is', () => {
    const rows = wrap([segment('ab', { scope: 'keyword' }), segment('cdef', { isStrong: true })], 4);
    expect(rows).toEqual([
      { segments: [segment('ab', { scope: 'keyword' }), segment('cd', { isStrong: true })], width: 4 },
      { segments: [segment('ef', { isStrong: true })], width: 2 },
    ]);
  });

  it('loses nothing, and no row is too wide', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '名', '👩‍👧', 'e\u0301'), maxLength: 30 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), fc.integer({ min: 2, max: 20 }), (pieces, columns) => {
        const rows = wrap(
          pieces.map((piece) => segment(piece)),
          columns,
        );
        expect(rows.flatMap((row) => row.segments.map((each) => each.text)).join('')).toBe(pieces.join(''));
        for (const row of rows) {
          expect(row.width).toBe(row.segments.reduce((sum, each) => sum + textWidth(each.text), 0));
          expect(row.width).toBeLessThanOrEqual(columns);
        }
        expect(rows.slice(0, -1).every((row) => row.width >= columns - 1)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('paletteOf', () => {
  const pieces = [segment('a'), segment('b'), segment('c', { isStrong: true }), segment('d', { scope: 'keyword' })];
  it.each([0, 1, 2, 3] as const)('with %d bits of colour paints every letter once', (level) => {
    for (const kind of ['context', 'removed', 'added'] as LineKind[]) {
      const text = paletteOf(new Chalk({ level })).line(kind, pieces);
      expect(text.replace(/\u001b\[[0-9;]*m/g, '')).toBe('abcd');
      if (level === 0) expect(text).toBe('abcd');
    }
  });

  it('paints neighbours that look alike at once', () => {
    const text = paletteOf(new Chalk({ level: 1 })).line('added', pieces);
    expect(text).toBe('\u001b[32mab\u001b[39m\u001b[32m\u001b[7mc\u001b[27m\u001b[39m\u001b[32md\u001b[39m');
    expect(paletteOf(new Chalk({ level: 3 })).line('added', [])).toBe('');
  });

  it('leaves the ground of unchanged lines to the terminal, and gives changed ones their own ink', () => {
    const palette = paletteOf(new Chalk({ level: 3 }));
    expect(palette.line('context', [segment('x')])).toBe('x');
    expect(palette.line('removed', [segment('x')])).toMatch(/48;2;.*38;2;/);
    expect(palette.ground('context', '  ')).toBe('  ');
    expect(palette.ground('added', '  ')).toContain('48;2;');
    expect(paletteOf(new Chalk({ level: 1 })).ground('added', '  ')).toBe('  ');
    expect(palette.gutter('context', '   ')).toBe('   ');
  });

  it.each([
    ['0;15', true],
    ['15;default;7', true],
    ['0;11', true],
    ['15;0', false],
    ['7;8', false],
    ['', false],
    [undefined, false],
  ])('COLORFGBG=%s is light: %s', (value, isLight) => {
    const text = paletteOf(new Chalk({ level: 3 }), { COLORFGBG: value }).line('added', [segment('x')]);
    expect(text.includes('48;2;217;247;223')).toBe(isLight);
  });
});

describe('showHunk', () => {
  const hunk = (lines: string[]): Hunk => ({
    range: '-7 +7',
    oldStart: 7,
    newStart: 7,
    section: '',
    lines: lines.map((line) => ({
      kind: ({ '-': 'removed', '+': 'added' } as Record<string, LineKind>)[line[0]!] ?? 'context',
      text: line.slice(1),
      isEndless: false,
    })),
  });
  const options = { highlight: undefined, budget: newBudget(), tabSize: 8 };

  it('numbers lines of both versions, and groups what was replaced by what', () => {
    const blocks = showHunk(hunk([' a', '-b', '-c', '+d', ' e', '+f', '-g']), undefined, options);
    const numbers = blocks.map(({ context, removed, added }) =>
      [...context, ...removed, ...added].map(({ oldNumber, newNumber }) => [oldNumber, newNumber]),
    );
    expect(numbers).toEqual([
      [[7, 7]],
      [
        [8, null],
        [9, null],
        [null, 8],
      ],
      [[10, 9]],
      [[null, 10]],
      [[11, null]],
    ]);
  });

  it('cuts words of the language where what changed begins', () => {
    const lines = hunk(['-const text = "one two";', '+const text = "one 2";']);
    const [block] = showHunk(lines, 'typescript', { ...options, highlight: createHighlighter(60_000) });
    expect(block!.pairs).toEqual([[0, 0]]);
    expect(block!.removed[0]!.segments.filter(({ isStrong }) => isStrong)).toEqual([
      { text: 'two', scope: 'string', isStrong: true },
    ]);
    expect(block!.added[0]!.segments.map(({ text }) => text).join('')).toBe('const text = "one 2";');
    expect(block!.added[0]!.segments[0]).toEqual({ text: 'const', scope: 'keyword', isStrong: false });
  });

  it('shows text without colours where a language is not known, or colouring is refused', () => {
    const refuse = { ...options, highlight: () => undefined };
    for (const [block] of [showHunk(hunk([' x']), undefined, options), showHunk(hunk([' x']), 'typescript', refuse)])
      expect(block!.context[0]!.segments).toEqual([segment('x')]);
  });
});

describe('the size of a change', () => {
  const plain = new Chalk({ level: 0 });
  const base = { path: 'x', status: 'modified', insertions: 0, deletions: 0 };
  const modes = (previousMode: string, mode: string): string =>
    diffStatText([{ ...base, previousMode, mode }], plain)
      .split('\n')[0]!
      .replace(/ +/g, ' ');

  it('tells another mode, not that a file came or went', () => {
    expect(modes('100644', '100755')).toBe(' M x 0 mode 100644 → 100755');
    expect(modes('100644', '120000')).toBe(' M x 0 mode 100644 → 120000');
    expect(modes('000000', '100755')).toBe(' M x 0');
    expect(modes('100755', '000000')).toBe(' M x 0');
    expect(modes('100644', '100644')).toBe(' M x 0');
  });

  it('tells sizes of binary files where they are asked for', () => {
    const binary = { ...base, insertions: null, deletions: null, previousId: '0'.repeat(40), id: 'a'.repeat(40) };
    expect(diffStatText([binary], plain)).toContain(' M x binary\n');
    expect(diffStatText([binary], plain, new Map([[binary.id, 5]]))).toContain(' M x binary 5 B\n');
    expect(diffStatText([binary], plain, new Map())).toContain('binary size unknown\n');
  });
});

describe('arguments', () => {
  it('behind -- are apart', () => {
    expect(splitAtDashes(['a', '--b'])).toEqual([['a', '--b'], []]);
    expect(splitAtDashes(['a', '--', 'b', '--', 'c'])).toEqual([['a'], ['b', '--', 'c']]);
    expect(splitAtDashes(['--'])).toEqual([[], []]);
  });
  it('a value may be left out', () => {
    expect(withAttachedValue(['--tool', 'x', '--tool=y', '--tools'], '--tool')).toEqual([
      '--tool=',
      'x',
      '--tool=y',
      '--tools',
    ]);
  });
});
