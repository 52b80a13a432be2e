import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configTargets } from '../../src/git/config-targets.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';

const at = { file: '/r/.git/config', root: '/r' };

const ROWS: [name: string, text: string, what: string, path: string][] = [
  ['an include', '[include]\n\tpath = x\n', 'include', '/r/.git/x'],
  ['one of a folder above', '[include]\n\tpath = ../x\n', 'include', '/r/x'],
  ['one of an absolute path', '[include]\n\tpath = /x\n', 'include', '/x'],
  ['one of the home folder', '[include]\n\tpath = ~/x\n', 'include', join(homedir(), 'x')],
  ['one under a condition', '[includeIf "onbranch:main"]\n\tpath = /x\n', 'include', '/x'],
  ['one in one line', '[include] path = /x\n', 'include', '/x'],
  ['one without spaces', '[include]\npath=/x', 'include', '/x'],
  ['one in capitals', '[INCLUDE]\n\tPATH = /x\n', 'include', '/x'],
  ['one in quotes', '[include]\n\tpath = "/a b"\n', 'include', '/a b'],
  ['one with quotes in the middle', '[include]\n\tpath = /a" # "b\n', 'include', '/a # b'],
  ['one with a comment behind it', '[include]\n\tpath = /x ; not this\n', 'include', '/x'],
  ['one with another comment behind it', '[include]\n\tpath = /x # not this\n', 'include', '/x'],
  ['one with an escape', '[include]\n\tpath = /a\\"b\n', 'include', '/a"b'],
  ['one over two lines', '[include]\n\tpath = /a\\\nb\n', 'include', '/ab'],
  ['one of a file with other line ends', '[include]\r\n\tpath = /x\r\n', 'include', '/x'],
  ['one behind a comment that ends in a backslash', '[include] # c \\\n\tpath = /x\n', 'include', '/x'],
  ['one with a blank in quotes', '[include]\n\tpath = "/x "  \n', 'include', '/x '],
  ['one that begins with a blank in quotes', '[include]\n\tpath = " x"\n', 'include', '/r/.git/ x'],
  ['one with a tab by its escape', '[include]\n\tpath = /a\\tb\n', 'include', '/a\tb'],
  ['hooks', '[core]\n\thooksPath = .husky\n', 'hooks', '/r/.husky'],
  ['hooks elsewhere', '[core]\n\thookspath = /h\n', 'hooks', '/h'],
  ['attributes', '[core]\n\tattributesFile = a\n', 'attributes', '/r/a'],
  ['ignored files', '[core]\n\texcludesFile = ~/e\n', 'excludes', join(homedir(), 'e')],
];

describe('where configuration leads', () => {
  it.each(ROWS)('%s', (_, text, what, path) => {
    expect(configTargets(text, at)).toEqual([{ what, path }]);
  });

  const NOTHING: [string, string][] = [
    ['an empty file', ''],
    ['an empty path', '[include]\n\tpath =\n'],
    ['an empty path in quotes', '[include]\n\tpath = ""\n'],
    ['another key', '[core]\n\tpathology = /x\n'],
    ['a key that ends so', '[core]\n\tmypath = /x\n'],
    ['a path with a NUL', '[include]\n\tpath = a\0b\n'],
  ];
  it.each(NOTHING)('%s leads nowhere', (_, text) => {
    expect(configTargets(text, at)).toEqual([]);
  });

  it('finds all of several, in order', () => {
    const text = '[include]\n\tpath = a\n\tpath = b\n[core]\n\thooksPath = c\n[includeIf "x"]\n\tpath = d\n';
    expect(configTargets(text, at).map(({ path }) => path)).toEqual(['/r/.git/a', '/r/.git/b', '/r/c', '/r/.git/d']);
  });

  it('reads a value as git writes and reads it', async () => {
    const dir = await makeRepo();
    const file = join(tempDir(), 'config');
    for (const value of ['/a b', '/a"b', '/a\\b', '/a#b', '/a;b', '/ä', "/a'b", '/a=b', '/[x]']) {
      await git(dir, 'config', '--file', file, 'include.path', value);
      expect(configTargets(readFileSync(file, 'utf8'), at)).toEqual([{ what: 'include', path: value }]);
    }
  });

  it('overlooks no setting behind a comment, which no backslash continues', () => {
    const text = '[include]\n\tpath = /x # harmless \\\n\tpath = /evil\n';
    expect(configTargets(text, at).map(({ path }) => path)).toEqual(['/x', '/evil']);
  });

  it('reads what git reads, however it is written', async () => {
    const quoted = fc.constantFrom('"a # b"', '" "', '"x; y"', '"a\\"b"', '"\\\\"');
    const plain = fc.constantFrom('a', 'é', ' ', '\\t', '\\n', '\\\\', '\\"', '=', '[', ']', "'", '\\\n', 'b c');
    const comment = fc.constantFrom('', ' # c', ';c', ' # c \\', '# "', ' ; \\"', '  ');
    const written = fc
      .tuple(fc.array(fc.oneof(quoted, plain), { maxLength: 8 }), comment)
      .map(([pieces, end]) => `/v${pieces.join('')}${end}`);
    const lines = fc.sample(written, { numRuns: 400, seed: 7 });
    const file = join(tempDir(), 'config');
    writeFileSync(file, `[include]\n${lines.map((line) => `\tpath = ${line}\n`).join('')}`);
    const theirs = (await git(tempDir(), 'config', '--file', file, '--null', '--get-all', 'include.path')).split('\0');
    expect(theirs.length).toBe(lines.length + 1);
    const ours = configTargets(readFileSync(file, 'utf8'), at).map(({ path }) => path);
    expect(ours).toEqual(theirs.slice(0, -1));
  });

  it('takes any text there is', () => {
    const piece = fc.constantFrom(
      'path',
      '=',
      '"',
      '\\',
      '\n',
      '[include]',
      '#',
      ';',
      ' ',
      '/x',
      '~/',
      '\r',
      '\0',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        for (const { path } of configTargets(pieces.join(''), at)) expect(path.startsWith('/')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
