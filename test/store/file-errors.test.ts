import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { laneRef, transcriptFile, walDir } from '../../src/store/layout.ts';
import { eachLine, wholeLines } from '../../src/store/lines.ts';
import { replaceFile, storeError, writeAll } from '../../src/store/wal/files.ts';
import { dropPayloads, keepPayloads } from '../../src/store/wal/payload-files.ts';
import { recoverFile } from '../../src/store/wal/recover-file.ts';
import { FileMoved, stampOf, WriteAheadFile } from '../../src/store/wal/write-ahead-file.ts';
import { bundle } from '../support/bundle.ts';
import { exec, git, makeRepo, tempDir } from '../support/repo.ts';
import { gitPlace, messages } from './places.ts';

const LOG = sessionLog('s000000001');
const hasStrace = (await exec('/', 'sh', ['-c', 'command -v strace'])).exitCode === 0;

test.each([
  ['ENOSPC', 'store.full', 'is on a full disk'],
  ['EDQUOT', 'store.full', 'is on a full disk'],
  ['EROFS', 'store.readonly', 'may not be written'],
  ['EACCES', 'store.readonly', 'may not be written'],
  ['EPERM', 'store.readonly', 'may not be written'],
  ['EIO', 'store.io', 'could not be written or read (EIO)'],
  ['ENFILE', 'store.io', 'could not be written or read (ENFILE)'],
  ['ENOTDIR', 'store.io', 'could not be written or read (ENOTDIR)'],
  [undefined, 'store.io', 'could not be written or read (unknown)'],
])('%s is told as %s', (errno, code, words) => {
  const cause = Object.assign(new Error('x'), errno === undefined ? {} : { code: errno });
  const error = storeError(cause, '/the/file');
  expect(error).toMatchObject({ code, cause, message: `/the/file ${words}.` });
  expect(error.hint).toMatch(/run the command again/);
});

/** Appends texts of the given lengths and says what became of each, then what the log holds. */
const APPENDER = `
  import { systemClock } from './src/clock.ts';
  import { locateRepository } from './src/git/locate.ts';
  import { openStore } from './src/store/git-store.ts';
  const store = await openStore(await locateRepository(process.argv[2]!), { clock: systemClock, redact: (text) => text });
  const said: string[] = [];
  for (const length of process.argv.slice(3)) {
    const draft = { type: 'agent-message.received', by: 'agent', data: { iteration: 1, text: 'x'.repeat(Number(length)) } };
    await store.append('sessions/s000000001', [draft]).then(([event]) => said.push(String(event.seq)), (error) => said.push(error.code));
  }
  const { events } = await store.read('sessions/s000000001');
  console.log([...said, events.map((event) => event.data.text.length).join('+')].join(' '));`;

describe('an append that fails', () => {
  test.skipIf(!hasStrace).each([
    ['ENOSPC', 'store.full'],
    ['EDQUOT', 'store.full'],
    ['EIO', 'store.io'],
  ])('%s at its sync: taken back, number and all, each time', async (errno, code) => {
    const dir = await makeRepo();
    const inject = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:error=${errno}:when=2..3`, '-o', '/dev/null'];
    const args = ['-f', '-qq', ...inject, process.execPath, await bundle(APPENDER), dir, '1', '2', '3', '4'];
    const ran = await exec(dir, 'strace', args, { ...process.env, UV_THREADPOOL_SIZE: '1' });
    expect([ran.stdout, ran.stderr]).toEqual([`1 ${code} ${code} 2 1+4\n`, '']);
  });

  test.skipIf(process.platform === 'win32')(
    'in the middle of a write: nothing of it stays, what fits goes in',
    async () => {
      const dir = await makeRepo();
      const program = await bundle(APPENDER);
      // A file may grow to 4 KiB: a write over it comes back short, the next one fails.
      const limits = `trap '' XFSZ; ulimit -f 8; exec '${process.execPath}' '${program}' '${dir}'`;
      const ran = await exec(dir, 'bash', ['-c', `POSIXLY_CORRECT=1; ${limits} 1000 1000 1500 5 3000 6`]);
      expect([ran.stdout, ran.stderr]).toEqual(['1 2 store.io 3 store.io 4 1000+1000+5+6\n', '']);
      const [name] = readdirSync(join(dir, '.git/amp/wal'));
      const lines = readFileSync(join(dir, '.git/amp/wal', name!), 'utf8').split('\n');
      expect(lines.filter(Boolean).map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3, 4]);
    },
  );

  test('a folder in the place of the file, a file in the place of the folder: told, and gone with the cause', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await store.append(LOG, messages(1));
    await store.flush(LOG);
    rmSync(walDir(place.repo), { recursive: true });
    writeFileSync(walDir(place.repo), 'in the way');
    await expect(store.append(LOG, messages(1))).rejects.toMatchObject({ code: 'store.io' });
    rmSync(walDir(place.repo));
    mkdirSync(transcriptFile(place.repo, { log: LOG, writer: store.writer }), { recursive: true });
    const line = { iteration: 1, stream: 'stdout' as const, line: 'x' };
    await expect(store.appendTranscript(LOG, [line])).rejects.toMatchObject({ code: 'store.io' });
    rmSync(walDir(place.repo), { recursive: true });
    expect((await store.append(LOG, messages(1)))[0]!.seq).toBe(2);
    expect((await store.appendTranscript(LOG, [line]))[0]!.n).toBe(1);
    await store.flush(LOG);
    expect((await (await place.open()).read(LOG)).events).toHaveLength(2);
  });
});

describe('the write-ahead file, file by file', () => {
  const fresh = () => {
    const path = join(tempDir(), 'wal.ndjson');
    return { path, file: new WriteAheadFile(path, stampOf(path)) };
  };

  test('a cut of a file that is shorter by now is refused, and leaves it', async () => {
    const { path, file } = fresh();
    await file.append(Buffer.from('one\ntwo\nthree\n'), false);
    writeFileSync(path, 'one\n');
    file.cut(4, 'k1');
    expect(readFileSync(path, 'utf8')).toBe('two\nthree\n');
    expect(readdirSync(dirname(path))).toEqual(['wal.ndjson']);
  });

  test('a cut whose new file cannot be written leaves the old one, whole', async () => {
    const { path, file } = fresh();
    await file.append(Buffer.from('one\ntwo\n'), false);
    mkdirSync(`${path}.k1.tmp`);
    expect(() => file.cut(4, 'k1')).toThrow(expect.objectContaining({ code: expect.stringMatching(/^store\./) }));
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    file.cut(4, 'k2');
    expect(readFileSync(path, 'utf8')).toBe('two\n');
    await file.append(Buffer.from('three\n'), true);
    expect([readFileSync(path, 'utf8'), file.size]).toEqual(['two\nthree\n', 10]);
    file.close();
    file.close();
    await file.append(Buffer.from('four\n'), true);
    expect(readFileSync(path, 'utf8')).toBe('two\nthree\nfour\n');
  });

  test('a file that moved is not written until it is known anew, and then is', async () => {
    const { path, file } = fresh();
    await file.append(Buffer.from('one\n'), true);
    writeFileSync(path, 'two\n', { flag: 'a' });
    for (let i = 0; i < 2; i += 1)
      await expect(file.append(Buffer.from('x\n'), true)).rejects.toBeInstanceOf(FileMoved);
    const again = new WriteAheadFile(path, stampOf(path));
    await again.append(Buffer.from('three\n'), true);
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n');
    expect(file.head(100).toString()).toBe('one\n');
  });

  test('what is written is the bytes handed over, however many', () => {
    const path = join(tempDir(), 'file');
    const bytes = Buffer.alloc(3_000_000, 'äöü');
    writeAll(openSync(path, 'w'), bytes);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    writeAll(openSync(path, 'w'), Buffer.alloc(0));
    expect(readFileSync(path).length).toBe(0);
    expect(() => writeAll(openSync(path, 'r'), Buffer.from('x'))).toThrow('EBADF');
    expect(() => replaceFile(join(tempDir(), 'none', 'x'), bytes, join(tempDir(), 'tmp'))).toThrow('ENOENT');
  });

  test('recovery that cannot keep the torn bytes does not touch the file', () => {
    const dir = tempDir();
    const path = join(dir, 'wal.ndjson');
    writeFileSync(path, '{"a":1}\ntorn');
    const options = { path, kind: 'transcript' as const, quarantineDir: join(dir, 'q'), id: 'k1' };
    writeFileSync(join(dir, 'q'), 'no folder');
    expect(() => recoverFile(options)).toThrow(expect.objectContaining({ code: 'store.io' }));
    rmSync(join(dir, 'q'));
    mkdirSync(join(dir, 'q'));
    writeFileSync(join(dir, 'q', 'wal.ndjson.k1'), 'earlier');
    expect(() => recoverFile(options)).toThrow(expect.objectContaining({ code: 'store.io' }));
    expect([readFileSync(path, 'utf8'), readFileSync(join(dir, 'q', 'wal.ndjson.k1'), 'utf8')]).toEqual([
      '{"a":1}\ntorn',
      'earlier',
    ]);
    expect(recoverFile({ ...options, id: 'k2' })).toEqual({ bytes: 4, quarantine: join(dir, 'q', 'wal.ndjson.k2') });
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
  });

  test('long strings: a half-written file of a dead process goes, one in the way is told of', () => {
    const dir = join(tempDir(), 'payloads');
    keepPayloads(dir, new Map([['aa', Buffer.from('one')]]), 'k1');
    writeFileSync(join(dir, 'bb.k0.tmp'), 'half');
    dropPayloads(dir, new Set(['aa', 'cc']));
    expect(readdirSync(dir)).toEqual(['aa']);
    mkdirSync(join(dir, 'dd.k1.tmp'));
    expect(() => keepPayloads(dir, new Map([['dd', Buffer.from('x')]]), 'k1')).toThrow(
      expect.objectContaining({ code: 'store.io' }),
    );
    expect(() => dropPayloads(join(dir, 'aa'), new Set())).toThrow(expect.objectContaining({ code: 'store.io' }));
    expect(existsSync(join(dir, 'dd'))).toBe(false);
  });
});

describe('lines', () => {
  test('are the same in one piece or around the border of a chunk, at every byte of a character', () => {
    const chunk = 1 << 20;
    for (let shift = -6; shift <= 6; shift += 1) {
      const first = 'a'.repeat(chunk + shift - 2);
      const bytes = Buffer.from(`${first}\n😀é\u2028\n${'😀'.repeat(chunk / 4)}\nlast\n`);
      const lines: (string | undefined)[] = [];
      expect(eachLine(bytes, (line) => lines.push(line))).toBe(bytes.length);
      expect(lines.map((line) => line!.length)).toEqual([first.length, 4, chunk / 2, 4]);
      expect([lines[1], lines[3]]).toEqual(['😀é\u2028', 'last']);
    }
  });

  test('whole lines up to a limit are what a plain search finds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', 'é'), maxLength: 30 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (given, limit) => {
        const bytes = Buffer.from(given);
        const expected = bytes.subarray(0, limit).toString('latin1').lastIndexOf('\n') + 1;
        expect(wholeLines(bytes, limit)).toBe(expected);
        expect(wholeLines(bytes)).toBe(bytes.toString('latin1').lastIndexOf('\n') + 1);
      }),
    );
  });
});

test('a lane whose ref nobody can move is told of, and loses nothing', async () => {
  const place = await gitPlace();
  const store = await place.open();
  const events = await store.append(LOG, messages(2));
  const ref = laneRef({ log: LOG, writer: store.writer });
  await git(place.dir, 'update-ref', `refs/amp/${LOG}`, 'HEAD');
  await expect(store.flush(LOG)).rejects.toMatchObject({
    code: expect.stringMatching(/^(branch\.blocked|git\.failed)$/),
  });
  expect((await (await place.open()).read(LOG)).events).toEqual(events);
  await git(place.dir, 'update-ref', '-d', `refs/amp/${LOG}`);
  expect(await store.flush(LOG)).toBe(true);
  expect(await git(place.dir, 'for-each-ref', '--format=%(refname)', 'refs/amp')).toBe(ref);
  expect(await git(place.dir, 'fsck', '--full', '--no-dangling')).toBe('');
});
