import { describe, expect, it } from 'vitest';
import { grammars } from '../../src/cli/patch/grammars.ts';
import { createHighlighter } from '../../src/cli/patch/highlighter.ts';
import { languageOf } from '../../src/cli/patch/language-of.ts';

const CODE = [
  '/* a comment',
  '   over lines & <b>"more"</b> */',
  'const x: number = 1; // 1 < 2',
  '',
  ['  return `a $', "{x} b` + 'q';"].join(''),
  '<div class="a">text</div>',
  '# heading',
  'key: "value"',
];

describe('createHighlighter', () => {
  it.each(Object.keys(grammars))('%s: every line comes back letter by letter', (language) => {
    const lines = createHighlighter(60_000)(CODE, language)!;
    expect(lines.map((tokens) => tokens.map(({ text }) => text).join(''))).toEqual(CODE);
  });

  it('knows what words are, also in what spans lines', () => {
    const lines = createHighlighter(60_000)(CODE, 'typescript')!;
    const scopeOf = (line: number, text: string): string | undefined =>
      lines[line]!.find((token) => token.text.includes(text))?.scope;
    expect(scopeOf(0, 'comment')).toBe('comment');
    expect(scopeOf(1, 'over')).toBe('comment');
    expect(scopeOf(2, 'const')).toBe('keyword');
    expect(scopeOf(2, '1')).toBe('number');
    expect(scopeOf(4, 'a ')).toBe('string');
    expect(scopeOf(4, "'q'")).toBe('string');
  });

  it('every language that a name can have is there', () => {
    const names = ['x.ts', 'x.py', 'x.sh', 'Dockerfile', 'x.rs', 'x.go', 'x.toml', 'x.vue', 'x.h', 'x.m', 'x.proto'];
    for (const name of names) expect(grammars, name).toHaveProperty([languageOf(name)!]);
  });

  it('does not know every language, and says so', () => {
    expect(createHighlighter(60_000)(['x'], 'klingon')).toBeUndefined();
  });

  it('takes no hunk that is too long', () => {
    const highlight = createHighlighter(60_000);
    expect(highlight(['x'.repeat(200_001)], 'typescript')).toBeUndefined();
    expect(highlight(['const x'], 'typescript')).toBeDefined();
  });

  it('is ended in the middle when time is up, and colours nothing more then', () => {
    grammars['endless'] = () => ({ contains: [{ begin: /(x+x+)+y/ }] });
    try {
      const highlight = createHighlighter(150);
      expect(highlight(['x'.repeat(60)], 'endless')).toBeUndefined();
      expect(highlight(['const x'], 'typescript')).toBeUndefined();
    } finally {
      delete grammars['endless'];
    }
    expect(createHighlighter(60_000)(['const x'], 'typescript')).toBeDefined();
  });
});
