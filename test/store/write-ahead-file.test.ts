import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { appendLines, compactLines, readText } from '../../src/store/wal/append-file.ts';
import { ensureDir, readIfThere, replaceFile, storeError } from '../../src/store/wal/files.ts';
import { dropPayloads, keepPayloads, readPayloadPart } from '../../src/store/wal/payload-files.ts';
import { recoverFile } from '../../src/store/wal/recover-file.ts';
import { FileMoved, sameStamp, stampOf, WriteAheadFile } from '../../src/store/wal/write-ahead-file.ts';
import { tempDir } from '../support/repo.ts';

const newPath = (): string => join(tempDir(), 'deep', 'wal', 'log.ndjson');
const open = (path: string): WriteAheadFile => new WriteAheadFile(path, stampOf(path));
const text = (path: string): string => readFileSync(path, 'utf8');

describe('WriteAheadFile', () => {
  test('makes file and folders with the first append, and adds at the end', async () => {
    const path = newPath();
    const file = open(path);
    expect([file.size, existsSync(dirname(path))]).toEqual([0, false]);
    await file.append(Buffer.from('one\n'), true);
    await file.append(Buffer.from('two\n'), false);
    expect([text(path), file.size]).toEqual(['one\ntwo\n', 8]);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    file.close();
    const again = open(path);
    await again.append(Buffer.from('three\n'), true);
    expect(text(path)).toBe('one\ntwo\nthree\n');
    again.close();
  });

  test.each([
    ['grew', (path: string) => appendFileSync(path, 'theirs\n')],
    ['was cut', (path: string) => writeFileSync(path, '')],
    ['was replaced by one of the same size', (path: string) => replaceFile(path, readFileSync(path), `${path}.tmp`)],
    ['went away', (path: string) => renameSync(path, `${path}.gone`)],
  ])('a file that %s under our hands is not written to', async (_, change) => {
    const path = newPath();
    const file = open(path);
    await file.append(Buffer.from('ours\n'), true);
    change(path);
    const before = readIfThere(path);
    await expect(file.append(Buffer.from('more\n'), true)).rejects.toBeInstanceOf(FileMoved);
    expect(readIfThere(path)).toEqual(before);
  });

  test('a file that came up where there was none is not written to either', async () => {
    const path = newPath();
    const file = open(path);
    ensureDir(dirname(path));
    writeFileSync(path, 'theirs\n');
    await expect(file.append(Buffer.from('ours\n'), true)).rejects.toBeInstanceOf(FileMoved);
    expect(text(path)).toBe('theirs\n');
  });

  test('gives its first whole lines up to a limit, one line at least', async () => {
    const file = open(newPath());
    expect(file.head(100).length).toBe(0);
    await file.append(Buffer.from('aaaa\nbb\ncc\n'), false);
    expect([3, 5, 7, 8, 100].map((limit) => file.head(limit).toString())).toEqual([
      'aaaa\n',
      'aaaa\n',
      'aaaa\n',
      'aaaa\nbb\n',
      'aaaa\nbb\ncc\n',
    ]);
    file.close();
  });

  test('is cut at the front: the rest stays in a new file, nothing left is no file', async () => {
    const path = newPath();
    const file = open(path);
    await file.append(Buffer.from('one\ntwo\n'), true);
    const inode = statSync(path).ino;
    file.cut(0, 'k1');
    expect(statSync(path).ino).toBe(inode);
    file.cut(4, 'k1');
    expect([text(path), file.size]).toEqual(['two\n', 4]);
    await file.append(Buffer.from('three\n'), true);
    expect(text(path)).toBe('two\nthree\n');
    file.cut(10, 'k2');
    expect([existsSync(path), file.size]).toEqual([false, 0]);
    await file.append(Buffer.from('four\n'), true);
    expect(text(path)).toBe('four\n');
    expect(readdirSync(dirname(path))).toEqual(['log.ndjson']);
    file.close();
  });

  test('stamps tell files and sizes apart', () => {
    const path = newPath();
    expect(stampOf(path)).toBeNull();
    ensureDir(dirname(path));
    writeFileSync(path, 'x');
    const stamp = stampOf(path);
    expect(sameStamp(stamp, stampOf(path))).toBe(true);
    expect(sameStamp(null, null)).toBe(true);
    expect(sameStamp(stamp, null)).toBe(false);
    appendFileSync(path, 'y');
    expect(sameStamp(stamp, stampOf(path))).toBe(false);
  });
});

describe('errors of files', () => {
  const failing = (code: string): Error => Object.assign(new Error(code), { code });

  test.each([
    ['ENOSPC', 'store.full'],
    ['EDQUOT', 'store.full'],
    ['EROFS', 'store.readonly'],
    ['EACCES', 'store.readonly'],
    ['EIO', 'store.io'],
    ['EMFILE', 'store.io'],
  ])('%s is %s, names the path and says what to do', (errno, code) => {
    const error = storeError(failing(errno), '/some/path');
    expect(error).toMatchObject({ code, exit: 1, message: expect.stringContaining('/some/path') });
    expect(error.hint).toMatch(/\.$/);
    expect(storeError(error, '/other')).toBe(error);
  });

  test('a failed replacement leaves the old file and no temporary one', () => {
    const dir = tempDir();
    const path = join(dir, 'file');
    writeFileSync(path, 'old');
    mkdirSync(join(dir, 'taken'));
    expect(() => replaceFile(path, Buffer.from('new'), join(dir, 'taken'))).toThrow();
    expect([text(path), readdirSync(dir).includes('file')]).toEqual(['old', true]);
    replaceFile(path, Buffer.from('new'), join(dir, 'tmp'));
    expect([text(path), readdirSync(dir).includes('tmp')]).toEqual(['new', false]);
  });

  test('a folder where a file should be is told of, not taken for none', () => {
    expect(() => readIfThere(tempDir())).toThrow(expect.objectContaining({ code: 'store.io' }));
    expect(() => appendLines(tempDir(), 'x\n')).toThrow(expect.objectContaining({ code: 'store.io' }));
  });
});

test('lines are appended and compacted whole', () => {
  const path = newPath();
  expect(readText(path)).toBe('');
  appendLines(path, 'a\nb\n');
  appendLines(path, 'c\n');
  expect(readText(path)).toBe('a\nb\nc\n');
  compactLines(path, 'c\n', 'k1');
  expect([readText(path), readdirSync(dirname(path))]).toEqual(['c\n', ['log.ndjson']]);
});

describe('payload files', () => {
  test('are kept until no line needs them, and the folder goes with the last', () => {
    const dir = join(tempDir(), 'payloads', 'lane');
    keepPayloads(dir, new Map(), 'k0');
    expect(existsSync(dir)).toBe(false);
    dropPayloads(dir, new Set());
    keepPayloads(
      dir,
      new Map([
        ['aa', Buffer.from('one')],
        ['bb', Buffer.from('two')],
      ]),
      'k1',
    );
    keepPayloads(dir, new Map([['aa', Buffer.from('one')]]), 'k2');
    expect(readdirSync(dir).sort()).toEqual(['aa', 'bb']);
    expect(readPayloadPart(dir, 'bb')?.toString()).toBe('two');
    dropPayloads(dir, new Set(['bb']));
    expect(readPayloadPart(dir, 'aa')).toBeUndefined();
    expect(readdirSync(dir)).toEqual(['bb']);
    dropPayloads(dir, new Set());
    expect(existsSync(dir)).toBe(false);
  });
});

describe('recoverFile', () => {
  const recover = (path: string, kind: 'events' | 'transcript' = 'transcript') =>
    recoverFile({ path, kind, quarantineDir: join(dirname(path), 'quarantine'), id: 'k1' });

  test('leaves a sound file, and none, alone', () => {
    const path = newPath();
    expect(recover(path)).toBeUndefined();
    ensureDir(dirname(path));
    writeFileSync(path, '{"iteration":1}\n');
    const before = stampOf(path);
    expect(recover(path)).toBeUndefined();
    expect(sameStamp(before, stampOf(path))).toBe(true);
    expect(readdirSync(dirname(path))).toEqual(['log.ndjson']);
  });

  test.each([
    ['a torn line', '{"iteration":1}\n{"iter', '{"iter'],
    ['a block of NUL', `{"iteration":1}\n${'\0'.repeat(100)}`, '\0'.repeat(100)],
    ['garbage with newlines', '{"iteration":1}\nx\ny\n', 'x\ny\n'],
    ['a line that is no object', '{"iteration":1}\n7\n', '7\n'],
  ])('%s goes into quarantine, byte for byte', (_, content, bad) => {
    const path = newPath();
    ensureDir(dirname(path));
    writeFileSync(path, content);
    const aside = recover(path);
    expect(aside?.bytes).toBe(bad.length);
    expect(text(aside!.quarantine)).toBe(bad);
    expect(text(path)).toBe('{"iteration":1}\n');
    expect(recover(path)).toBeUndefined();
  });

  test('what is an event decides for events', () => {
    const path = newPath();
    ensureDir(dirname(path));
    writeFileSync(path, '{"iteration":1}\n');
    expect(recover(path, 'events')?.bytes).toBe(16);
    expect(text(path)).toBe('');
  });
});
