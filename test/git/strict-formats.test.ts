import { describe, expect, it } from 'vitest';
import { assertFullRef, assertId, branchRef, isFullRef, isId } from '../../src/git/ids.ts';
import { parseRaw, putBackInstructions, type StagedChange, selectLeftOut } from '../../src/git/leave-out.ts';
import { joinNul, pathFromBytes, pathToBytes, splitNul } from '../../src/git/paths.ts';
import { exec, tempDir } from '../support/repo.ts';

const ID = 'a1'.repeat(20);
const LONG = 'b2'.repeat(32);

describe('ids and refs', () => {
  it.each([ID, LONG])('%s is an id', (id) => {
    expect(isId(id)).toBe(true);
    expect(() => assertId(id)).not.toThrow();
  });

  it.each([
    '',
    'HEAD',
    ID.slice(1),
    `${ID}0`,
    `x${ID}`,
    `-${ID}`,
    `${ID}\n`,
    `\n${ID}`,
    `${ID} `,
    ID.toUpperCase(),
    `${ID}\n${ID}`,
    LONG.slice(1),
  ])('%j is none, and reaches no process', (text) => {
    expect(isId(text)).toBe(false);
    expect(() => assertId(text)).toThrow(
      expect.objectContaining({ code: 'ref.missing', message: expect.stringContaining(JSON.stringify(text)) }),
    );
  });

  const names = [
    'refs/heads/main',
    'refs/heads/a/b',
    'refs/amp/s/1',
    'refs/x',
    'refs/@',
    'refs/a@b',
    'refs/{',
    'refs/a.b',
    'refs/a-',
    'refs/-a',
    'refs/ä',
    "refs/'",
    'refs/a"b',
    'refs/a.lockx',
    'refs/heads/@',
    'HEAD',
    'heads/main',
    'xrefs/heads/a',
    '/refs/heads/a',
    '-refs/a',
    'refs/',
    'refs',
    'refs//a',
    'refs/a/',
    'refs/a.',
    'refs/.a',
    'refs/a/.b',
    'refs/a..b',
    'refs/a.lock',
    'refs/a.lock/b',
    'refs/a@{b',
    'refs/a b',
    'refs/a\tb',
    'refs/a\nb',
    'refs/a~',
    'refs/a^',
    'refs/a:b',
    'refs/a?',
    'refs/a*',
    'refs/a[b',
    'refs/a\\b',
    'refs/a\u007fb',
    'refs/./a',
    'refs/a/./b',
    'refs/a./b',
    'refs/../a',
    'refs/a\n',
    'refs/a\u2028..b',
    'refs/a\u2028b',
  ];
  it('full refs are what git takes for such', async () => {
    const dir = tempDir();
    for (const name of names) {
      const { exitCode } = await exec(dir, 'git', ['check-ref-format', name]);
      const isRef = exitCode === 0 && name.startsWith('refs/');
      // Git takes a dot at the end of a folder's name; such a name is nobody's, and Windows cannot keep it.
      expect([name, isFullRef(name)]).toEqual([name, isRef && !name.includes('./')]);
      if (isFullRef(name)) expect(() => assertFullRef(name)).not.toThrow();
      else expect(() => assertFullRef(name)).toThrow(expect.objectContaining({ code: 'ref.missing' }));
    }
    expect([branchRef('a'), branchRef('refs/heads/a'), branchRef('heads/a')]).toEqual([
      'refs/heads/a',
      'refs/heads/a',
      'refs/heads/heads/a',
    ]);
  });
});

describe('names of bytes', () => {
  it.each<[string, number[], string]>([
    ['two bytes', [0xc3, 0xa9], 'é'],
    ['the first and last of two', [0xc2, 0x80, 0xdf, 0xbf], '\u0080\u07ff'],
    ['the first and last of three', [0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf], '\u0800\uffff'],
    ['the first and last of four', [0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf], '\u{10000}\u{10ffff}'],
    ['overlong', [0xc0, 0x80, 0xc1, 0xbf, 0xe0, 0x9f, 0xbf], '\udcc0\udc80\udcc1\udcbf\udce0\udc9f\udcbf'],
    ['overlong four', [0xf0, 0x8f, 0xbf, 0xbf], '\udcf0\udc8f\udcbf\udcbf'],
    ['too large', [0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
    ['no lead byte', [0xf5, 0x80, 0x80, 0x80, 0xff, 0xfe], '\udcf5\udc80\udc80\udc80\udcff\udcfe'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    ['cut short', [0xe6, 0x97], '\udce6\udc97'],
    ['a replacement character', [0xef, 0xbf, 0xbd], '\ufffd'],
  ])('%s: what is valid is itself, beside what is not', (_, bytes, text) => {
    const given = Buffer.from(bytes);
    expect(pathFromBytes(given)).toBe(text);
    for (const around of ['é', '日本', '😀', 'a\ufffd']) {
      const mixed = Buffer.concat([Buffer.from(around), given, Buffer.of(0xff), Buffer.from(around)]);
      expect(pathFromBytes(mixed)).toBe(`${around}${text}\udcff${around}`);
      expect(pathToBytes(pathFromBytes(mixed)).equals(mixed)).toBe(true);
    }
  });

  it('surrogates that stand for no byte are written as such, and lists keep bytes', () => {
    expect(pathToBytes('\udc7f')).toEqual(Buffer.from('\ufffd'));
    expect(pathToBytes('\udd00')).toEqual(Buffer.from('\ufffd'));
    expect(pathToBytes('\udc80\udcff')).toEqual(Buffer.of(0x80, 0xff));
    const list = [Buffer.of(0xff, 0x0a), Buffer.from('b')];
    expect(splitNul(joinNul(list))).toEqual(list);
    expect(joinNul(['\udcff', Buffer.of(0xfe)])).toEqual(Buffer.of(0xff, 0, 0xfe, 0));
  });
});

describe('what is left out of a commit', () => {
  const zeros = '0'.repeat(40);
  const raw = (...lines: [meta: string, path: string][]): Buffer =>
    Buffer.from(lines.map(([meta, path]) => `:${meta}\0${path}\0`).join(''));

  it('is read from what git says of the index', () => {
    const bytes = raw(
      [`100644 100755 ${ID} ${ID} M`, 'mode'],
      [`000000 120000 ${zeros} ${ID} A`, 'new\nline'],
      [`160000 000000 ${ID} ${zeros} D`, 'sub'],
      [`100644 120000 ${ID} ${'c'.repeat(40)} T`, 'tab\there'],
    );
    expect(parseRaw(bytes)).toEqual([
      { path: 'mode', oldMode: '100644', oldId: ID, newId: ID },
      { path: 'new\nline', oldMode: '000000', oldId: zeros, newId: ID },
      { path: 'sub', oldMode: '160000', oldId: ID, newId: null },
      { path: 'tab\there', oldMode: '100644', oldId: ID, newId: 'c'.repeat(40) },
    ]);
    expect(parseRaw(Buffer.alloc(0))).toEqual([]);
  });

  const was = (path: string, newId: string | null, oldMode = '100644'): StagedChange => ({
    path,
    newId,
    oldMode,
    oldId: oldMode === '000000' ? zeros : ID,
  });

  it('is put back as it was: links and repositories with their modes, new files not at all, and these first', () => {
    const changes = [
      was('link', LONG, '120000'),
      was('new', LONG, '000000'),
      was('sub', LONG, '160000'),
      was('gone', null),
      was('\udcff', LONG, '000000'),
    ];
    const lines = splitNul(putBackInstructions(changes)).map((line) => line.toString('latin1'));
    expect(lines).toEqual([
      `0 ${zeros}\tnew`,
      `0 ${zeros}\t\u00ff`,
      `120000 ${ID}\tlink`,
      `160000 ${ID}\tsub`,
      `100644 ${ID}\tgone`,
    ]);
  });

  const left = (changes: StagedChange[], wanted: Record<string, string | null>): string[] =>
    selectLeftOut(
      changes,
      Object.entries(wanted).map(([path, object]) => ({ path, object })),
    ).map(({ path }) => path);

  it('is what has exactly the content it had, deletions too', () => {
    const changes = [was('same', LONG), was('other', LONG), was('gone', null), was('back', LONG), was('unasked', LONG)];
    expect(left(changes, { same: LONG, other: ID, gone: null, back: null, never: LONG })).toEqual(['same', 'gone']);
  });

  it('does not stand in the way of what is committed', () => {
    // A folder is committed where a left-out deletion would put a file or a link back.
    for (const mode of ['100644', '120000', '160000'])
      expect(left([was('a', null, mode), was('a/b/c', ID, '000000')], { a: null })).toEqual([]);
    // A file is committed where a left-out deletion would put the files of a folder back.
    expect(
      left([was('a', ID, '000000'), was('a/b/c', null), was('a/d', null)], { 'a/b/c': null, 'a/d': null }),
    ).toEqual([]);
    // Beside it all is free, and a left-out new file needs no room.
    expect(left([was('a', null), was('ab/c', ID, '000000'), was('a-b', ID)], { a: null })).toEqual(['a']);
    expect(left([was('a/b', LONG, '000000'), was('a', null)], { 'a/b': LONG, a: null })).toEqual(['a/b', 'a']);
    expect(left([was('a/b', LONG, '000000'), was('a', null)], { 'a/b': LONG })).toEqual(['a/b']);
  });
});
