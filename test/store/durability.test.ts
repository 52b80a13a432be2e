import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { walDir } from '../../src/store/layout.ts';
import { ensureDir, syncDir } from '../../src/store/wal/files.ts';
import { bundle } from '../support/bundle.ts';
import { exec, makeRepo, tempDir } from '../support/repo.ts';

const LOG = sessionLog('s000000001');
const hasStrace = (await exec('/', 'sh', ['-c', 'command -v strace'])).exitCode === 0;
const CALLS =
  'openat,write,pwrite64,fsync,fdatasync,ftruncate,mkdir,rename,renameat,renameat2,link,unlink,unlinkat,execve';

/** Runs a program around the store and gives the calls it made, with the paths behind descriptors. */
const traceOf = async (dir: string, body: string): Promise<string[]> => {
  const program = await bundle(`
    import { systemClock } from './src/clock.ts';
    import { locateRepository } from './src/git/locate.ts';
    import { openStore } from './src/store/git-store.ts';
    import { codeRef, eventsFile, tipsFile } from './src/store/layout.ts';
    const repo = await locateRepository(process.argv[2]);
    const store = await openStore(repo, { clock: systemClock, redact: (text) => text });
    const message = (text) => ({ type: 'agent-message.received', by: 'agent', data: { iteration: 1, text } });
    const log = ${JSON.stringify(LOG)};
    ${body}
    await store.close();`);
  const trace = join(tempDir(), 'trace');
  const ran = await exec(dir, 'strace', [
    '-f',
    '-y',
    '-s',
    '60',
    '-e',
    `trace=${CALLS}`,
    '-o',
    trace,
    process.execPath,
    program,
    dir,
  ]);
  expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
  return readFileSync(trace, 'utf8').split('\n');
};

/** Each of these must come, the next one behind the one before. */
const expectOrder = (lines: string[], patterns: RegExp[], from = 0): number => {
  let at = from - 1;
  for (const pattern of patterns) {
    const next = lines.findIndex((line, i) => i > at && pattern.test(line));
    expect(next, `${pattern} after line ${at}: ${lines[Math.max(at, 0)]}`).toBeGreaterThan(at);
    at = next;
  }
  return at;
};

describe.skipIf(!hasStrace)('what is promised to survive a power cut is synced, in this order', () => {
  test('the first write: the writer’s name, the folders, the file, the line', async () => {
    const dir = await makeRepo();
    const lines = await traceOf(dir, `await store.append(log, [message('one')]);`);
    expectOrder(lines, [
      /mkdir\(".*\.git\/amp"/,
      /fsync\(\d+<[^>]*\.git>\)/,
      /write\(\d+<[^>]*amp\/writer-[^>]*\.tmp>/,
      /fsync\(\d+<[^>]*amp\/writer-[^>]*\.tmp>\)/,
      /link\(".*amp\/writer-[^"]*", ".*amp\/writer"/,
      /fsync\(\d+<[^>]*\.git\/amp>\)/,
      /mkdir\(".*amp\/wal"/,
      /fsync\(\d+<[^>]*\.git\/amp>\)/,
      /openat\(.*amp\/wal\/sessions\.s000000001\.[a-z0-9]+\.ndjson", .*O_EXCL.*O_APPEND|openat\(.*ndjson", .*O_APPEND/,
      /fsync\(\d+<[^>]*amp\/wal>\)/,
      /write\(\d+<[^>]*amp\/wal\/sessions[^>]*\.ndjson>, "\{/,
      /fdatasync\(\d+<[^>]*amp\/wal\/sessions[^>]*\.ndjson>\)/,
    ]);
  });

  test('a long string is safe before the line that speaks of it', async () => {
    const lines = await traceOf(await makeRepo(), `await store.append(log, [message('y'.repeat(70000))]);`);
    expectOrder(lines, [
      /mkdir\(".*wal\/payloads\/[^"]*"/,
      /fsync\(\d+<[^>]*wal\/payloads>\)/,
      /write\(\d+<[^>]*payloads\/[^>]*\.tmp>/,
      /fsync\(\d+<[^>]*payloads\/[^>]*\.tmp>\)/,
      /rename\w*\(.*payloads\/.*\.tmp"/,
      /fsync\(\d+<[^>]*payloads\/sessions[^>/]*>\)/,
      /write\(\d+<[^>]*amp\/wal\/sessions[^>]*\.ndjson>, "\{/,
    ]);
  });

  test('a flush beside appends: pack, refs with all their folders, the note, then the cut; the rest is a new file', async () => {
    const lines = await traceOf(
      await makeRepo(),
      `await store.append(log, [message('one')]);
       const flushing = store.flush(log);
       await new Promise((resolve) => setTimeout(resolve, 1));
       await store.append(log, [message('two')]);
       await flushing;`,
    );
    const wal = 'amp\\/wal\\/sessions[^>"]*\\.ndjson';
    const end = expectOrder(lines, [
      /execve\(.*"index-pack"/,
      /fsync\(\d+<[^>]*objects\/pack\/tmp_pack/,
      /execve\(.*"update-ref"/,
      /fsync\(\d+<[^>]*refs\/amp\/sessions\/s000000001\/[a-z0-9]+\.lock>/,
      /rename.*refs\/amp\/sessions\/s000000001\/[a-z0-9]+\.lock"/,
      /fsync\(\d+<[^>]*refs\/amp\/sessions\/s000000001>\)/,
      /fsync\(\d+<[^>]*refs\/amp\/sessions>\)/,
      /fsync\(\d+<[^>]*refs\/amp>\)/,
      /fsync\(\d+<[^>]*\.git\/refs>\)/,
      /unlink\w*\(.*\.keep"/,
      /write\(\d+<[^>]*amp\/tips\/[a-z0-9]+>/,
    ]);
    const isNew = lines.some((line) => new RegExp(`rename\\w*\\(.*${wal}\\.[a-z0-9]+\\.tmp"`).test(line));
    const cut = isNew
      ? [
          new RegExp(`fsync\\(\\d+<[^>]*${wal}\\.[a-z0-9]+\\.tmp>`),
          new RegExp(`rename\\w*\\(.*${wal}\\.[a-z0-9]+\\.tmp"`),
        ]
      : [new RegExp(`unlink\\w*\\(.*${wal}"`)];
    expectOrder(lines, [...cut, /fsync\(\d+<[^>]*amp\/wal>\)/], end);
  });

  test('torn bytes are safe in quarantine before they leave the file', async () => {
    const dir = await makeRepo();
    await traceOf(dir, `await store.append(log, [message('one')]);`);
    const repo = await locateRepository(dir);
    const writer = JSON.parse(readFileSync(join(repo.commonDir, 'amp', 'writer'), 'utf8')).id as string;
    writeFileSync(join(walDir(repo), `sessions.s000000001.${writer}.ndjson`), '{"torn', { flag: 'a' });
    const lines = await traceOf(dir, `await store.append(log, [message('two')]);`);
    expectOrder(lines, [
      /write\(\d+<[^>]*amp\/quarantine\/sessions[^>]*>, "\{\\"torn"/,
      /fsync\(\d+<[^>]*amp\/quarantine\/sessions/,
      /fsync\(\d+<[^>]*amp\/quarantine>\)/,
      /fsync\(\d+<[^>]*amp\/wal\/sessions[^>]*\.tmp>\)/,
      /rename\w*\(.*amp\/wal\/sessions[^"]*\.tmp"/,
      /fsync\(\d+<[^>]*amp\/wal>\)/,
    ]);
  });
});

describe('folders of ours', () => {
  test('are the owner’s only, all that are made, and those that are there stay as they are', () => {
    const top = tempDir();
    mkdirSync(join(top, 'there'), { mode: 0o755 });
    ensureDir(join(top, 'there', 'a', 'b'));
    ensureDir(join(top, 'there', 'a', 'b'));
    const mode = (...names: string[]): number => statSync(join(top, ...names)).mode & 0o777;
    if (process.platform !== 'win32')
      expect([mode('there'), mode('there', 'a'), mode('there', 'a', 'b')]).toEqual([0o755, 0o700, 0o700]);
    expect(() => ensureDir(join(top, 'there', 'a', 'b', 'c', 'd'))).not.toThrow();
    writeFileSync(join(top, 'file'), '');
    expect(() => ensureDir(join(top, 'file', 'x'))).toThrow();
  });

  test.skipIf(process.platform !== 'linux')('syncing leaves no descriptor open, also when it fails', async () => {
    const { readdirSync } = await import('node:fs');
    const count = (): number => readdirSync('/proc/self/fd').length;
    const [dir, before] = [tempDir(), count()];
    for (let i = 0; i < 50; i += 1) syncDir(dir);
    for (let i = 0; i < 50; i += 1) expect(() => syncDir(join(dir, 'none'))).toThrow('ENOENT');
    expect(count()).toBeLessThanOrEqual(before + 5);
  });
});
