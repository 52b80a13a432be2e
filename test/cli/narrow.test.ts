import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete, joinEquals, type ManifestCommand } from '../../src/cli/complete.ts';
import { checkCommand, moveLeadingFlags } from '../../src/cli/main.ts';
import { Sanitizer, sanitizeLine, sanitizeText } from '../../src/cli/sanitize.ts';
import { table } from '../../src/cli/table.ts';
import { textWidth } from '../../src/cli/width.ts';

describe('a table in twenty columns', () => {
  const columns = [
    { title: 'id' },
    { title: 'name', shrinkTo: 6 },
    { title: 'tokens', align: 'right' as const },
    { title: 'what', shrinkTo: 4 },
  ];

  // First: only so many texts are remembered.
  it('colours a cell each time it comes, also one that was measured before, and never its neighbour', () => {
    const paint = (text: string): string => `<${text}>`;
    const narrow = [{ title: 'a' }, { title: 'b' }];
    const rows = [
      ['—', { text: '—', paint }],
      [{ text: '—', paint }, '—'],
      [{ text: '', paint }, 'x'],
    ];
    expect(table({ columns: narrow, rows })).toEqual(['a  b', '—  <—>', '<—>  —', '   x']);
    expect(table({ columns: narrow, rows: [], paintTitle: paint })).toEqual(['<a>  <b>']);
  });

  it('takes from the widest first, stops at the least, keeps what may not shrink', () => {
    const rows = [['k1', 'abcdefghijkl', '12.3k', 'a long text that is cut']];
    expect(table({ columns, rows, width: 40 })).toEqual([
      'id  name          tokens  what',
      'k1  abcdefghijkl   12.3k  a long text t…',
    ]);
    expect(table({ columns, rows, width: 30 })).toEqual([
      'id  name      tokens  what',
      'k1  abcdefg…   12.3k  a long …',
    ]);
    const least = ['id  name    tokens  what', 'k1  abcde…   12.3k  a l…'];
    expect(table({ columns, rows, width: 24 })).toEqual(least);
    for (const width of [20, 1, 0, -5]) expect(table({ columns, rows, width })).toEqual(least);
    expect(table({ columns, rows })[1]).toBe('k1  abcdefghijkl   12.3k  a long text that is cut');
  });

  it('a column that may shrink to nothing keeps one', () => {
    const one = [{ title: 'a', shrinkTo: 0 }];
    expect(table({ columns: one, rows: [['xyz']], width: 0 })).toEqual(['a', '…']);
  });

  it('fits whatever the text, as far as the least widths allow, in lines of one height', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'b ', '日', '👍🏽', '\n', '\t', '\u001b[31m', 'é', '\u202e') });
    const row = fc.tuple(cell, cell, cell, cell);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), fc.integer({ min: 20, max: 60 }), (rows, width) => {
        const shrinking = columns.map((column) => ({ ...column, shrinkTo: 1 }));
        const lines = table({ columns: shrinking, rows, width });
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) {
          expect(line).not.toMatch(/[\n\t\u001b\u202e]|\s$/);
          expect(textWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  it('more texts than it remembers are measured all the same, and missing cells are empty', () => {
    const rows = Array.from({ length: 150 }, (_, at) => [`ä${at}`]);
    const lines = table({ columns: [{ title: 'n' }, { title: 'm' }], rows });
    expect(lines.slice(1)).toEqual(rows.map(([text]) => text));
    expect(lines[0]).toBe('n     m');
  });
});

describe('flags before the command', () => {
  it.each([
    [[], []],
    [['list'], ['list']],
    [
      ['-C', '/x', 'list'],
      ['list', '-C', '/x'],
    ],
    [
      ['--directory', '/x', '-q', 'list', 'a'],
      ['list', 'a', '--directory', '/x', '-q'],
    ],
    [
      ['--directory=/x', '--quiet', 'list'],
      ['list', '--directory=/x', '--quiet'],
    ],
    [
      ['--json', '--no-color', 'run', '--', '--json'],
      ['run', '--json', '--no-color', '--', '--json'],
    ],
    [
      ['-C', 'list'],
      ['-C', 'list'],
    ],
    [['-C'], ['-C']],
    [['--json'], ['--json']],
    [['--version'], ['--version']],
    [
      ['--json', '--unknown', 'list'],
      ['--unknown', 'list', '--json'],
    ],
    [
      ['-q', '--', 'list'],
      ['-q', '--', 'list'],
    ],
  ])('%j', (given, expected) => expect(moveLeadingFlags(given)).toEqual(expected));

  const ids = ['list', 'logs', 'config:get', 'config:set', 'config'];
  it.each([
    ['list'],
    ['config', 'get'],
    ['config'],
    ['--help'],
    [],
    ['config', '--json'],
    ['list', 'anything'],
    ['config', 'get', 'x'],
  ])('%s %s are words of a command', (...words) => expect(() => checkCommand(words as string[], ids)).not.toThrow());
  it.each([
    [['lsit'], '"lsit"', 'Did you mean `amp-sessions list`?'],
    [['confg', 'get'], '"confg"', 'Did you mean `amp-sessions config`?'],
    [['zzzzzzzz'], '"zzzzzzzz"', 'Run `amp-sessions --help` for all commands.'],
  ])('%j are not', (words, named, hint) =>
    expect(() => checkCommand(words, ids)).toThrow(
      expect.objectContaining({ code: 'usage.invalid', message: expect.stringContaining(named), hint }),
    ),
  );
  it('a topic alone that is no command is answered with help, its unknown word is not', () => {
    const topics = ['config:get', 'config:set'];
    expect(() => checkCommand(['config'], topics)).not.toThrow();
    expect(() => checkCommand(['config', 'gte'], topics)).toThrow(
      expect.objectContaining({
        message: 'There is no command "config gte".',
        hint: 'Did you mean `amp-sessions config get`?',
      }),
    );
  });
});

describe('what may stand at the cursor', () => {
  const commands: ManifestCommand[] = [
    {
      id: 'merge',
      summary: 'Merge it.',
      args: { session: {} },
      flags: { into: { type: 'option', char: 'i' }, file: { type: 'option' }, dry: { type: 'boolean' } },
    },
    { id: 'show', description: 'Show.', args: { what: { options: ['a', 'b'] }, session: { multiple: true } } },
    { id: 'secret', hidden: true },
    { id: 'config', summary: 'All.' },
    { id: 'config:get', args: { key: {} } },
    { id: 'deep:er:still' },
  ];
  const values = (...line: string[]): unknown => {
    const answer = complete(commands, line);
    return answer.kind === 'source' ? `${answer.prefix}${answer.source}` : answer.choices.map(({ value }) => value);
  };

  it.each<[string[], unknown]>([
    [[''], ['config', 'deep', 'merge', 'show']],
    [['deep', ''], ['er']],
    [['deep', 'er', ''], ['still']],
    [['config', ''], ['get']],
    [['config', 'get', ''], 'settings'],
    [['merge', '-i', ''], 'commits'],
    [['merge', '--into', ''], 'commits'],
    [['merge', '--into', 'main', ''], 'sessions'],
    [['merge', '-i', 'main', 'k1', ''], []],
    [['merge', '--dry', ''], 'sessions'],
    [['merge', '--file', ''], 'files'],
    [['merge', '--into=ma'], '--into=commits'],
    [['merge', '--into', '=', 'ma'], '--into=commits'],
    [
      ['merge', '--dry=x'],
      ['--into', '--file', '--dry', '--help'],
    ],
    [
      ['merge', '-i', 'x', '--'],
      ['--file', '--dry', '--help'],
    ],
    [['-C', 'dir', 'merge', ''], 'sessions'],
    [
      ['--directory', 'merge', ''],
      ['config', 'deep', 'merge', 'show'],
    ],
    [
      ['--json', 'show', ''],
      ['a', 'b'],
    ],
    [['show', 'a', ''], 'sessions'],
    [['show', 'a', 'k1', ''], 'sessions'],
    [['merge', 'k1', ''], []],
    [['nonsense', '-'], []],
    [
      ['nonsense', ''],
      ['config', 'deep', 'merge', 'show'],
    ],
    [[], ['config', 'deep', 'merge', 'show']],
  ])('%j: %j', (line, expected) => expect(values(...line)).toEqual(expected));

  it('a command that is a topic too is told as the command', () => {
    const answer = complete(commands, ['']);
    const all = answer.kind === 'choices' ? answer.choices : [];
    expect(all.find(({ value }) => value === 'config')?.description).toBe('All.');
    expect(all.find(({ value }) => value === 'deep')).toEqual({ value: 'deep', description: undefined });
    expect(all.find(({ value }) => value === 'show')?.description).toBe('Show.');
    const other = complete([...commands].reverse(), ['']);
    expect(other).toEqual(answer);
  });

  it('only words that bash cut are put together again', () => {
    expect(joinEquals(['merge', '--into', '=', 'x', 'y'])).toEqual(['merge', '--into=x', 'y']);
    expect(joinEquals(['--into', '='])).toEqual(['--into=']);
    expect(joinEquals(['a', '=', 'b'])).toEqual(['a', '=', 'b']);
    expect(joinEquals(['=', 'b'])).toEqual(['=', 'b']);
    expect(joinEquals(['-i', '=', 'b'])).toEqual(['-i', '=', 'b']);
  });
});

describe('sequences at their borders', () => {
  it.each([
    ['ESC # 8 and ESC % G: an intermediate, then a final', 'a\u001b#8b\u001b%Gc', 'abc'],
    ['two intermediates', 'a\u001b$(Cb', 'ab'],
    ['space is an intermediate', 'a\u001b Fb', 'ab'],
    ['the first and the last final of an escape', 'a\u001b0b\u001b~c', 'abc'],
    ['DEL ends no escape and is not shown', 'a\u001b\u007fb', 'ab'],
    ['the first and the last final of CSI', 'a\u001b[1@b\u001b[1~c', 'abc'],
    ['DEL in CSI ends it, and is not shown', 'a\u001b[1\u007fmb', 'amb'],
    ['letters beyond ASCII end CSI and stay', 'a\u001b[1éb', 'aéb'],
    ['an escape in an escape', 'a\u001b\u001b[31mb', 'ab'],
    ['CSI in CSI', 'a\u001b[1\u001b[31mb', 'ab'],
    ['CSI with a tab in it', 'a\u001b[1\tb', 'a\tb'],
    ['SUB ends a string', 'a\u001bPx\u001ab', 'ab'],
    ['a return ends a string', 'a\u001b]0;x\rb', 'a\nb'],
    ['ESC ESC \\ in a string', 'a\u001b]0;x\u001b\u001b\\b', 'ab'],
    ['the surrogates at the ends of their range', 'a\ud800b\udfffc', 'a\ufffdb\ufffdc'],
    [
      'characters beside the hidden ones stay',
      '\u00ac\u00ae\u0350\u1161\u200a\u2010\u2027\u2070\ufff0\ufffc\ufffe',
      '\u00ac\u00ae\u0350\u1161\u200a\u2010\u2027\u2070\ufffc\ufffe',
    ],
    ['characters beside the controls stay', '\u0020\u007e\u00a0', '\u0020\u007e\u00a0'],
    ['musical and shorthand controls', 'a\u{1d173}b\u{1bca0}c\u{1d172}', 'abc\u{1d172}'],
    ['filler letters that look empty', 'a\u3164b\uffa0c\u115fd\u1160e', 'abcde'],
    ['returns and newlines in a row', '\r\r\n\n\r', '\n\n\n\n'],
  ])('%s', (_, given, expected) => {
    expect(sanitizeText(given)).toBe(expected);
    const sanitizer = new Sanitizer();
    expect([...given.split('')].map((unit) => sanitizer.push(unit)).join('') + sanitizer.end()).toBe(expected);
  });

  it('begins anew after its end', () => {
    const sanitizer = new Sanitizer();
    expect([sanitizer.push('a\u001b['), sanitizer.end(), sanitizer.push('31m')]).toEqual(['a', '', '31m']);
    expect([sanitizer.push('x\r'), sanitizer.end(), sanitizer.push('\ny')]).toEqual(['x\n', '', '\ny']);
    expect([sanitizer.push('x\ud83d'), sanitizer.end(), sanitizer.push('\ude00')]).toEqual(['x', '\ufffd', '\ufffd']);
    expect([sanitizer.push('x\ud83d'), sanitizer.push('\ude00')]).toEqual(['x', '😀']);
    expect(sanitizeLine(' \ta\n\n\tb\t ')).toBe('a b');
  });
});
