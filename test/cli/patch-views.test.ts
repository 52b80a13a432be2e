import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PatchView, renderPatch } from '../../src/cli/patch/render-patch.ts';
import { textWidth } from '../../src/cli/width.ts';

const strip = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');
const view = (over: Partial<PatchView> = {}, level: 0 | 1 | 2 | 3 = 3): PatchView => ({
  color: new Chalk({ level }),
  columns: 80,
  layout: 'unified',
  sizes: new Map(),
  env: {},
  ...over,
});
const patchOf = (path: string, range: string, body: string[]): string =>
  `diff --git a/${path} b/${path}\nindex 1111111..2222222 100644\n--- a/${path}\n+++ b/${path}\n@@ ${range} @@\n${body.join('\n')}\n`;
const shown = async (patch: string, over: Partial<PatchView> = {}, level: 0 | 1 | 2 | 3 = 3): Promise<string[]> =>
  strip(await renderPatch(patch, view(over, level)))
    .split('\n')
    .map((line) => line.trimEnd());

const BODY = [' const keep = 1;', '-const a = "old";', '+const a = "new";', '+const b = 2;', ' // end'];
const PATCH = patchOf('src/x.ts', '-1,3 +1,4', BODY);

describe('under each other', () => {
  it('has a title with the size, the place, and git’s own lines', async () => {
    expect(await shown(PATCH)).toEqual(['src/x.ts  +2 −1', '─'.repeat(80), '@@ -1,3 +1,4 @@', ...BODY, '']);
  });

  it('shows the function around, and that a file has no newline at its end', async () => {
    const patch = `${patchOf('x', '-5 +5', ['-a', '\\ No newline at end of file', '+b']).replace('+5 @@', '+5 @@ def f():')}`;
    expect((await shown(patch)).slice(2)).toEqual([
      '@@ -5 +5 @@ def f():',
      '-a',
      '\\ No newline at end of file',
      '+b',
      '',
    ]);
  });

  it('colours words of the language, the ground of changed lines, and what changed in them', async () => {
    const text = await renderPatch(PATCH, view());
    const [context = '', removed = '', added = ''] = text.split('\n').slice(3);
    expect(context).toContain('\u001b[35mconst\u001b[39m');
    expect(removed).toContain('\u001b[48;2;60;20;24m');
    expect(removed).toMatch(/48;2;122;15;24m\u001b\[[0-9;]+mold/);
    expect(added).toMatch(/48;2;21;105;25m\u001b\[[0-9;]+mnew/);
    const light = await renderPatch(PATCH, view({ env: { COLORFGBG: '0;15' } }));
    expect(light).toContain('\u001b[48;2;255;227;225m');
    expect(await renderPatch(PATCH, view({ env: { COLORFGBG: '15;0' } }))).toBe(text);
  });

  it('needs no more than 16 colours', async () => {
    const text = await renderPatch(PATCH, view({}, 1));
    expect(text).not.toMatch(/\u001b\[[34]8;/);
    expect(text).toContain('\u001b[31mconst a = "\u001b[39m\u001b[31m\u001b[7mold\u001b[27m\u001b[39m');
    expect(text).toContain('\u001b[32m+\u001b[39m\u001b[32mconst b = 2;\u001b[39m');
    expect(await renderPatch(PATCH, view({}, 2))).toContain('\u001b[48;5;52m');
  });

  it('reads both versions of a hunk by themselves: a comment that opens in one does not reach into the other', async () => {
    const body = ['-/* old', '+let a = 1;', ' let b = 2;', '-end */', '+let c = 3;'];
    const text = await renderPatch(patchOf('x.ts', '-1,3 +1,3', body), view());
    const line = text.split('\n').find((each) => strip(each) === ' let b = 2;')!;
    expect(line).toMatch(/\u001b\[35mlet\u001b\[39m|\u001b\[2mlet b = 2;/);
    expect(text.split('\n').find((each) => strip(each) === '+let c = 3;')).toMatch(/155;206mlet/);
  });

  it('marks a carriage return only where line ends differ', async () => {
    const dos = patchOf('x', '-1,2 +1,2', [' same\r', '-a\r', '+b\r']);
    expect((await shown(dos)).slice(3, 6)).toEqual([' same', '-a', '+b']);
    const mixed = patchOf('x', '-1,2 +1,2', [' same\r', '-a\r', '+a']);
    expect((await shown(mixed)).slice(3, 6)).toEqual([' same␍', '-a␍', '+a']);
  });

  it('gives up the colours of words in long lines and in long patches, not the text', async () => {
    const long = `const x = "${'y'.repeat(2500)}";`;
    const text = await renderPatch(patchOf('x.ts', '-1 +1,2', [' const a = 1;', `+${long}`]), view());
    expect(strip(text)).toContain(`+${long}`);
    expect(text).not.toContain('\u001b[35mconst');
    const many = patchOf('x.ts', '-1,30000 +1,30000', Array(30_000).fill(' const value = someFunction(argument);'));
    expect((await renderPatch(many, view())).includes('\u001b[35m')).toBe(false);
  });
});

describe('beside each other', () => {
  const wide = { layout: 'side-by-side' as const, columns: 70 };

  it('pairs lines, numbers both sides and leaves room where one is missing', async () => {
    const lines = (await shown(PATCH, wide)).slice(2);
    expect(lines).toEqual([
      '@@ -1,3 +1,4 @@',
      '   1  const keep = 1;             │    1  const keep = 1;',
      '   2 -const a = "old";            │    2 +const a = "new";',
      '                                  │    3 +const b = 2;',
      '   3  // end                      │    4  // end',
      '',
    ]);
  });

  it('wraps what is too long, wide letters whole', async () => {
    const body = [`-${'名'.repeat(20)}`, `+${'x'.repeat(60)}`];
    const lines = (await shown(patchOf('x', '-1 +1', body), wide)).slice(3, -1);
    const halves = lines.map((line) => line.split(' │ '));
    expect(halves.map(([left]) => left!.slice(6).trim()).join('')).toBe('名'.repeat(20));
    expect(halves.map(([, right = '']) => right.slice(6)).join('')).toBe('x'.repeat(60));
    expect(lines.length).toBe(3);
    expect(lines[1]).toMatch(/^ {6}名/);
  });

  it('expands tabs, and says where a newline is missing', async () => {
    const lines = await shown(patchOf('x', '-1 +1', ['-\tx', '+\ty', '\\ No newline at end of file']), wide);
    expect(lines[3]).toMatch(/^ {3}1 - {4}x +│ {4}1 \+ {4}y$/);
    expect(lines[4]).toMatch(/│ {7}\(no newline at end\)$/);
  });

  it('fills the gap between pairs from the top', async () => {
    const body = ['-alpha one', '-let x = 1;', '+beta two', '+gamma three', '+let x = 2;', '+last'];
    const lines = (await shown(patchOf('x', '-1,2 +1,4', body), wide)).slice(3, -1);
    expect(lines.map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
      '1 -alpha one │ 1 +beta two',
      '│ 2 +gamma three',
      '2 -let x = 1; │ 3 +let x = 2;',
      '│ 4 +last',
    ]);
  });

  it('is one under the other where there is no room', async () => {
    expect(await shown(PATCH, { layout: 'side-by-side', columns: 59 })).toEqual(await shown(PATCH, { columns: 59 }));
  });

  it('keeps within the columns and loses no letter, whatever the lines are', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', '\t', '名', '👋', 'e\u0301', '\u001b', '<'),
      maxLength: 80,
    });
    const line = fc.tuple(fc.constantFrom(' ', '-', '+'), text).map(([sign, rest]) => sign + rest);
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 60, max: 130 }),
        async (body, columns) => {
          const lines = (await shown(patchOf('x', '-1 +1', body), { layout: 'side-by-side', columns })).slice(3, -1);
          for (const each of lines) expect(textWidth(each)).toBeLessThanOrEqual(columns);
          const count = (sign: string, of: string[]): number =>
            of
              .filter((each) => each[0] !== sign)
              .join('')
              .split('名').length;
          const side = (at: 0 | 1): string => lines.map((each) => each.split('│')[at] ?? '').join('');
          expect(side(0).split('名').length).toBe(count('+', body));
          expect(side(1).split('名').length).toBe(count('-', body));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what is no line', () => {
  const id = (digit: string): string => digit.repeat(40);
  const title = (path: string): string => `diff --git a/${path} b/${path}\n`;

  it('modes, renames, copies, new and deleted files', async () => {
    const patch = [
      `${title('run.sh')}old mode 100644\nnew mode 100755\n`,
      `${title('no.sh')}old mode 100755\nnew mode 100644\n`,
      'diff --git a/old b/new\nsimilarity index 92%\nrename from old\nrename to new\n',
      'diff --git a/one b/two\nsimilarity index 100%\ncopy from one\ncopy to two\n',
      `${title('empty')}new file mode 100755\nindex 0000000..e69de29\n`,
      `${title('gone')}deleted file mode 100644\nindex e69de29..0000000\n`,
    ].join('');
    expect((await shown(patch)).filter((line) => line !== '')).toEqual([
      'run.sh  mode 100644 → 100755, now executable',
      'no.sh  mode 100755 → 100644, no longer executable',
      'old → new  renamed, 92% alike',
      'one → two  copied, 100% alike',
      'empty  new · executable',
      'gone  deleted',
    ]);
  });

  it('binary files with their sizes', async () => {
    const binary = (path: string, a: string, b: string): string =>
      `${title(path)}index ${id(a)}..${id(b)} 100644\nBinary files a/${path} and b/${path} differ\n`;
    const patch = binary('x', 'a', 'b') + binary('new', '0', 'b') + binary('lost', 'a', 'c');
    const sizes = new Map([
      [id('a'), 12_288],
      [id('b'), 14_336],
    ]);
    expect((await shown(patch, { sizes })).filter((line) => line.startsWith('Binary'))).toEqual([
      'Binary file x (12.0 KiB → 14.0 KiB)',
      'Binary file new (14.0 KiB)',
      'Binary file lost (12.0 KiB → size unknown)',
    ]);
  });

  it('submodules and symbolic links', async () => {
    const module = (body: string): string =>
      `${title('lib')}index ${id('a')}..${id('b')} 160000\n--- a/lib\n+++ b/lib\n@@ -1 +1 @@\n${body}`;
    const moved = await shown(module(`-Subproject commit ${id('a')}\n+Subproject commit ${id('b')}\n`));
    expect(moved).toContain('Submodule lib aaaaaaaaaa → bbbbbbbbbb');
    expect(moved[0]).toContain('submodule');
    const link = `${title('l')}index 111..222 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-old\n\\ No newline at end of file\n+new\n\\ No newline at end of file\n`;
    expect((await shown(link)).filter((line) => !line.startsWith('─'))).toEqual([
      'l  +1 −1  symbolic link',
      '@@ -1 +1 @@',
      '-old',
      '+new',
      '',
    ]);
    const turned = `${title('t')}deleted file mode 100644\nindex 111..000\n${title('t')}new file mode 120000\nindex 000..222\n`;
    expect((await shown(turned)).filter((line) => line !== '')).toEqual(['t  deleted', 't  new · symbolic link']);
  });

  it('quoted names, and none at all', async () => {
    const odd = 'diff --git "a/\\303\\244\\n\\033[2J" "b/\\303\\244\\n\\033[2J"\nold mode 100644\nnew mode 100755\n';
    expect((await shown(odd))[0]).toBe('ä␊␛[2J  mode 100644 → 100755, now executable');
    expect(await renderPatch('', view())).toBe('');
  });
});

describe('words', () => {
  const porcelain = patchOf('x', '-1,3 +1,3', [' let', '-one', '+two', '  = 1;', '~', '~', ' ', '+new line', '~']);

  it('stand in their line, coloured or marked as git marks them', async () => {
    const words = { layout: 'words' as const };
    expect((await shown(porcelain, words, 0)).slice(2)).toEqual([
      '@@ -1,3 +1,3 @@',
      'let[-one-]{+two+} = 1;',
      '',
      '{+new line+}',
      '',
    ]);
    const text = await renderPatch(porcelain, view(words, 1));
    expect(text).toContain('let\u001b[31mone\u001b[39m\u001b[32mtwo\u001b[39m = 1;');
    expect(strip(text).split('\n')[0]).toBe('x');
  });
});

describe('safety', () => {
  it('no byte of a patch steers the terminal, in no layout', async () => {
    const evil = fc.string({
      unit: fc.constantFrom('\u001b', '[', '2', 'J', ']', '\u0007', '\u009b', '\r', 'x', '\u202e', '+', '@', '\t'),
      maxLength: 20,
    });
    const line = fc
      .tuple(fc.constantFrom(' ', '-', '+', '\\', '~', '@@ ', 'diff --git ', ''), evil)
      .map((parts) => parts.join(''));
    const layouts = ['unified', 'side-by-side', 'words'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 10 }),
        evil,
        fc.constantFrom(...layouts),
        async (body, name, layout) => {
          const patch = patchOf(`${name}.ts`, '-1 +1', body);
          const text = strip(await renderPatch(patch, view({ layout })));
          expect(text).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]/);
        },
      ),
      { numRuns: 500 },
    );
  });
});
