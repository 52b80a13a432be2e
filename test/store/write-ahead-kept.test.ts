import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileMoved, stampOf, WriteAheadFile } from '../../src/store/wal/write-ahead-file.ts';
import { sh, tempDir } from '../support/repo.ts';

const MIB = 1024 * 1024;
const opened: WriteAheadFile[] = [];
const open = (path: string): WriteAheadFile => {
  const file = new WriteAheadFile(path, stampOf(path));
  opened.push(file);
  return file;
};
afterEach(() => {
  for (const file of opened.splice(0)) file.close();
});

const text = (path: string): string => readFileSync(path, 'utf8');
const written = async (...lines: string[]) => {
  const path = join(tempDir(), 'wal/log.ndjson');
  const file = open(path);
  for (const line of lines) await file.append(Buffer.from(line), false);
  return { path, file };
};

describe('a write-ahead file that somebody else reached', () => {
  const DAMAGES: [name: string, damage: (path: string) => unknown][] = [
    ['is gone', (path) => rmSync(path)],
    ['is gone with its folder', (path) => rmSync(dirname(path), { recursive: true })],
    ['is empty', (path) => writeFileSync(path, '')],
    ['is shorter', (path) => truncateSync(path, 5)],
    ['says something else of the same length', (path) => writeFileSync(path, 'forge\nforge\n'.slice(0, 8))],
    ['is a link to another', (path) => sh(dirname(path), `rm ${path}; echo theirs > other; ln -s other ${path}`)],
    ['is a pipe', (path) => sh(dirname(path), `rm ${path}; mkfifo ${path}`)],
    ['is a link in a circle', (path) => sh(dirname(path), `rm ${path}; ln -s ${path} ${path}`)],
    ['is a device', (path) => sh(dirname(path), `rm ${path}; ln -s /dev/zero ${path}`)],
    ['is huge and holes', (path) => sh(dirname(path), `rm ${path}; truncate -s 100G ${path}`)],
  ];
  it.each(DAMAGES)('and that %s is written again as we wrote it, and goes on', async (_name, damage) => {
    const { path, file } = await written('one\n', 'two\n');
    await damage(path);
    expect(file.mend('k1')).toBe(true);
    expect([text(path), file.size, file.isMoved, file.mend('k2')]).toEqual(['one\ntwo\n', 8, false, false]);
    await file.append(Buffer.from('three\n'), true);
    expect(text(path)).toBe('one\ntwo\nthree\n');
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps what another process added behind ours', async () => {
    const { path, file } = await written('one\n');
    appendFileSync(path, 'theirs\n');
    expect([file.isMoved, file.mend('k1'), text(path)]).toEqual([true, false, 'one\ntheirs\n']);
    // Still another file than ours: it has to be read before it is written to.
    await expect(file.append(Buffer.from('two\n'), false)).rejects.toBeInstanceOf(FileMoved);
  });

  it('keeps all there is behind ours, however much: nothing of it is read', async () => {
    const { path, file } = await written('one\n');
    truncateSync(path, 100 * 2 ** 30);
    expect(file.mend('k1')).toBe(false);
    expect(statSync(path).size).toBe(100 * 2 ** 30);
  });

  it('has nothing to mend where it never said anything, or all was cut', async () => {
    const { path, file } = await written();
    expect([file.mend('k1'), existsSync(path)]).toEqual([false, false]);
    await file.append(Buffer.from('one\n'), false);
    file.cut(4, 'k2');
    writeFileSync(path, 'theirs\n');
    expect([file.mend('k3'), text(path)]).toEqual([false, 'theirs\n']);
  });

  it('says first what we wrote and cuts by it, whatever it says now', async () => {
    const { path, file } = await written('one\n', 'two\n', 'three\n');
    writeFileSync(path, 'x\nforged\n');
    expect(file.head(8).toString()).toBe('one\ntwo\n');
    file.cut(8, 'k1');
    expect(text(path)).toBe('three\n');
    await file.append(Buffer.from('four\n'), false);
    expect([text(path), file.head(100).toString()]).toEqual(['three\nfour\n', 'three\nfour\n']);
  });
});

describe('a write-ahead file beyond what is kept in memory', () => {
  const line = (letter: string) => Buffer.from(`${letter.repeat(MIB - 1)}\n`);

  it('is read from the disk, cut there, and is kept again once it is short', async () => {
    const { path, file } = await written();
    for (const letter of 'abcdefghi') await file.append(line(letter), false);
    expect(file.size).toBe(9 * MIB);
    expect(file.head(2 * MIB).equals(Buffer.concat([line('a'), line('b')]))).toBe(true);
    expect(file.mend('k1')).toBe(false);
    file.cut(7 * MIB, 'k2');
    expect(readFileSync(path).equals(Buffer.concat([line('h'), line('i')]))).toBe(true);
    rmSync(path);
    expect([file.mend('k3'), statSync(path).size]).toEqual([true, 2 * MIB]);
  });

  it('is not mended by half of what it said, and one that lost its end is not cut', async () => {
    const path = join(tempDir(), 'log.ndjson');
    writeFileSync(path, Buffer.concat([...'abcdefghi'].map(line)));
    const file = open(path);
    truncateSync(path, 8 * MIB);
    expect(file.mend('k1')).toBe(false);
    expect(() => file.cut(7 * MIB, 'k2')).toThrow(expect.objectContaining({ code: 'store.io' }));
    expect(statSync(path).size).toBe(8 * MIB);
  });
});

describe('a write-ahead file that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('on a full disk says so, counts nothing of it, and is read again', async () => {
    const path = join(tempDir(), 'log.ndjson');
    symlinkSync('/dev/full', path);
    const file = open(path);
    await expect(file.append(Buffer.from('one\n'), true)).rejects.toMatchObject({ code: 'store.full' });
    expect([file.size, file.head(100).length]).toEqual([0, 0]);
    rmSync(path);
    await expect(file.append(Buffer.from('one\n'), true)).rejects.toBeInstanceOf(FileMoved);
    expect(existsSync(path)).toBe(false);
  });

  it('for a folder in the way of the new one stays as it was when it is cut', async () => {
    const { path, file } = await written('one\n', 'two\n');
    mkdirSync(`${path}.k1.tmp`);
    expect(() => file.cut(4, 'k1')).toThrow(expect.objectContaining({ code: 'store.io' }));
    expect([text(path), file.size, file.head(100).toString()]).toEqual(['one\ntwo\n', 8, 'one\ntwo\n']);
    await file.append(Buffer.from('three\n'), false);
    file.cut(4, 'k2');
    expect(text(path)).toBe('two\nthree\n');
  });
});
