import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { GENESIS, sessionLog } from '../../src/events/envelope.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { openStore } from '../../src/store/git-store.ts';
import { bundle } from '../support/bundle.ts';
import { exec, git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { gitPlace, messages, testClock } from './places.ts';

const LOG = sessionLog('s000000001');

let appender = '';
beforeAll(async () => {
  // Appends and flushes until it is killed; says on stdout what was acknowledged, a line each.
  appender = await bundle(`
    import { writeSync } from 'node:fs';
    import { systemClock } from './src/clock.ts';
    import { locateRepository } from './src/git/locate.ts';
    import { openStore } from './src/store/git-store.ts';
    const [dir, log, count, every] = process.argv.slice(2);
    const repo = await locateRepository(dir!);
    const store = await openStore(repo, { clock: systemClock, redact: (text) => text });
    await store.recover(log);
    await store.read(log);
    for (let i = 0; i < Number(count); i += 1) {
      const drafts = Array.from({ length: 1 + (i % 3) }, () => ({
        type: 'agent-message.received', by: 'agent', data: { iteration: 1, text: 'x'.repeat(i % 700) },
      }));
      const appending = store.append(log, drafts).then((events) => {
        for (const { seq, prev } of events) writeSync(1, seq + ' ' + prev + '\\n');
      });
      const line = { iteration: 1, stream: 'stdout', line: 'line ' + i };
      await Promise.all([appending, store.appendTranscript(log, [line])]);
      if (i % Number(every) === Number(every) - 1) await store.flush(log);
    }
    await store.flush(log);
    await store.close();
    writeSync(1, 'done\\n');
  `);
});

const openAt = async (dir: string) =>
  openStore(await locateRepository(dir), { clock: testClock(), redact: (text) => text });

const acknowledged = (output: string): Map<number, string> =>
  new Map(
    output
      .split('\n')
      .filter((line) => /^\d+ [0-9a-f]{64}$/.test(line))
      .map((line) => [Number(line.split(' ')[0]), line.split(' ')[1]!]),
  );

/** One writer's log, whole: numbered without a gap, chained, and every acknowledged event in it. */
const expectWhole = (events: LogEvent[], acks: Map<number, string>): void => {
  let prev = GENESIS;
  for (const [i, event] of events.entries()) {
    expect(event).toMatchObject({ seq: i + 1, prev });
    prev = lineHash(encodeEvent(event));
  }
  expect(events.length).toBeGreaterThanOrEqual(Math.max(0, ...acks.keys()));
  for (const [seq, hash] of acks) expect(events[seq - 1]).toMatchObject({ seq, prev: hash });
};

/** Starts the appender with its output in a file, so that nothing acknowledged hides in a pipe. */
const startAppender = (dir: string, file: string, count: number, every: number) => {
  const out = openSync(file, 'a');
  const child = spawn(process.execPath, [appender, dir, LOG, String(count), String(every)], {
    stdio: ['ignore', out, 'inherit'],
  });
  closeSync(out);
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return { child, ended };
};

/** These run real processes by the dozen; a busy machine takes its time. */
const PATIENT = { timeout: 240_000 };

describe('SIGKILL at any moment', PATIENT, () => {
  test('no acknowledged event is missing, the log goes on, the repository is sound', async () => {
    const dir = await makeRepo();
    const acks = join(tempDir(), 'acks');
    writeFileSync(acks, '');
    for (let round = 0; round < 12; round += 1) {
      const before = readFileSync(acks).length;
      const { child, ended } = startAppender(dir, acks, 100_000, 1 + (round % 4) * 5);
      while (readFileSync(acks).length === before && child.exitCode === null) await sleep(5);
      await sleep((round * 37) % 180);
      child.kill('SIGKILL');
      await ended;
      const store = await openAt(dir);
      expectWhole((await store.read(LOG)).events, acknowledged(readFileSync(acks, 'utf8')));
      await store.close();
    }
    // What git children of the last one still do must be over before it is looked at.
    await sleep(300);
    const store = await openAt(dir);
    const warnings = await store.recover(LOG);
    expect(warnings.filter((warning) => !warning.includes('no whole line'))).toEqual([]);
    const view = await store.read(LOG);
    expectWhole(view.events, acknowledged(readFileSync(acks, 'utf8')));
    const numbers = new Set<number>();
    for await (const { n } of store.transcript(LOG)) numbers.add(n);
    expect([...numbers]).toEqual([...numbers].map((_, i) => i + 1));
    await store.append(LOG, messages(1), view.head);
    await store.flush(LOG);
    expect(await git(dir, 'fsck', '--full')).not.toMatch(/missing|broken|corrupt/);
    expect(await git(dir, 'status', '--porcelain')).toBe('');
  });
});

describe('a reader beside a writer', PATIENT, () => {
  test('never sees less than was acknowledged before it looked, nor anything twice', async () => {
    const dir = await makeRepo();
    const acks = join(tempDir(), 'acks');
    const { child, ended } = startAppender(dir, acks, 60, 3);
    const reader = await openAt(dir);
    let looks = 0;
    while (child.exitCode === null) {
      const before = acknowledged(readFileSync(acks, 'utf8'));
      const fresh = looks % 2 === 0 ? reader : await openAt(dir);
      expectWhole((await fresh.read(LOG)).events, before);
      const numbers: number[] = [];
      for await (const { n } of fresh.transcript(LOG)) numbers.push(n);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      looks += 1;
    }
    await ended;
    expect(looks).toBeGreaterThan(5);
  });
});

describe('beside git gc', PATIENT, () => {
  test('a loop of gc --prune=now takes nothing that was acknowledged', async () => {
    const dir = await makeRepo();
    const acks = join(tempDir(), 'acks');
    const { child, ended } = startAppender(dir, acks, 120, 2);
    let rounds = 0;
    while (child.exitCode === null && child.signalCode === null) {
      await exec(dir, 'git', ['gc', '-q', '--prune=now']);
      await exec(dir, 'git', ['pack-refs', '--all']);
      rounds += 1;
    }
    await ended;
    expect(rounds).toBeGreaterThan(2);
    expect(readFileSync(acks, 'utf8')).toMatch(/done\n$/);
    const store = await openAt(dir);
    const { events, warnings } = await store.read(LOG);
    expect(warnings).toEqual([]);
    expectWhole(events, acknowledged(readFileSync(acks, 'utf8')));
    expect(await git(dir, 'fsck', '--full')).not.toMatch(/missing|broken|corrupt/);
    await git(dir, 'gc', '-q', '--prune=now');
    expect((await (await openAt(dir)).read(LOG)).events).toEqual(events);
    expect(await sh(join(dir, '.git/objects/pack'), 'ls *.keep 2>/dev/null')).toMatchObject({ stdout: '' });
  });
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
const whenRoot = canMount ? test : test.skip;
const why = canMount ? '' : ' (SKIP: needs root on Linux to mount a small disk)';

describe('a disk that has no room', () => {
  /** A repository whose `amp` folder lies on a disk of so many KiB. */
  const onSmallDisk = async (
    kib: number,
    work: (place: Awaited<ReturnType<typeof gitPlace>>, disk: string) => Promise<void>,
  ) => {
    const place = await gitPlace();
    const disk = join(place.repo.commonDir, 'amp');
    mkdirSync(disk);
    const mounted = await exec('/', 'mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', disk]);
    expect(mounted.stderr).toBe('');
    try {
      await work(place, disk);
    } finally {
      await exec('/', 'umount', ['-l', disk]);
    }
  };

  whenRoot(`an append either is there whole or not at all, and says which file${why}`, async () => {
    await onSmallDisk(64, async (place, disk) => {
      const store = await place.open();
      const kept: LogEvent[] = [];
      let refused: unknown;
      for (let i = 1; i < 400 && !refused; i += 1) {
        try {
          kept.push(...(await store.append(LOG, messages(3, i))));
        } catch (error) {
          refused = error;
        }
      }
      expect(refused).toMatchObject({ code: 'store.full', message: expect.stringContaining(disk) });
      expect((await store.read(LOG)).events).toEqual(kept);
      expect((await (await place.open()).read(LOG)).events).toEqual(kept);
      await expect(store.append(LOG, messages(300))).rejects.toMatchObject({ code: 'store.full' });
      await exec('/', 'mount', ['-o', 'remount,size=4m', disk]);
      kept.push(...(await store.append(LOG, messages(2))));
      await store.flush(LOG);
      expectWhole((await store.read(LOG)).events, new Map(kept.map(({ seq, prev }) => [seq, prev])));
      expect((await store.read(LOG)).events).toEqual(kept);
      await store.close();
    });
  });

  whenRoot(`a read-only disk is read, and refuses to be written${why}`, async () => {
    await onSmallDisk(1024, async (place, disk) => {
      const first = await place.open();
      const events = await first.append(LOG, messages(2));
      await first.close();
      await exec('/', 'mount', ['-o', 'remount,ro', disk]);
      const store = await place.open();
      expect((await store.read(LOG)).events).toEqual(events);
      await expect(store.append(LOG, messages(1))).rejects.toMatchObject({
        code: 'store.readonly',
        hint: expect.any(String),
      });
      expect((await store.read(LOG)).events).toEqual(events);
      await store.close();
    });
  });
});

const strace = (await exec('/', 'sh', ['-c', 'command -v strace'])).exitCode === 0;
const whenTraced = strace ? test : test.skip;

describe('a disk that fails', () => {
  whenTraced(
    `a sync that fails takes back its append; the next one works${strace ? '' : ' (SKIP: no strace)'}`,
    async () => {
      const dir = await makeRepo();
      const program = await bundle(`
      import { systemClock } from './src/clock.ts';
      import { locateRepository } from './src/git/locate.ts';
      import { openStore } from './src/store/git-store.ts';
      const store = await openStore(await locateRepository(process.argv[2]!), { clock: systemClock, redact: (text) => text });
      const said: string[] = [];
      for (const text of ['one', 'two', 'three']) {
        const draft = { type: 'agent-message.received', by: 'agent', data: { iteration: 1, text } };
        await store.append(process.argv[3], [draft]).then(() => said.push('ok'), (error) => said.push(error.code));
      }
      const { events } = await store.read(process.argv[3]);
      console.log(said.join(' '), events.map((event) => event.data.text).join(' '));
    `);
      const inject = 'inject=fdatasync:error=EIO:when=2';
      const args = [
        '-f',
        '-qq',
        '-e',
        'trace=fdatasync',
        '-e',
        inject,
        '-o',
        '/dev/null',
        process.execPath,
        program,
        dir,
        LOG,
      ];
      const ran = await exec(dir, 'strace', args, { ...process.env, UV_THREADPOOL_SIZE: '1' });
      expect([ran.stdout, ran.stderr]).toEqual(['ok store.io ok one three\n', '']);
      const { events } = await (await openAt(dir)).read(LOG);
      expectWhole(events, new Map());
      expect(events).toHaveLength(2);
    },
  );
});

describe('the order of writes', () => {
  whenTraced(`acknowledged after the sync, flushed as promised${strace ? '' : ' (SKIP: no strace)'}`, async () => {
    const dir = await makeRepo();
    const trace = join(tempDir(), 'trace');
    const calls = 'trace=openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,unlink,unlinkat,execve';
    const args = ['-f', '-y', '-s', '100', '-e', calls, '-o', trace, process.execPath, appender, dir, LOG, '1', '1'];
    const ran = await exec(dir, 'strace', args);
    expect(ran.stdout).toMatch(/^1 0{64}\ndone\n$/);
    const lines = readFileSync(trace, 'utf8').split('\n');
    const at = (pattern: RegExp, after = 0): number => {
      const found = lines.findIndex((line, i) => i >= after && pattern.test(line));
      expect(found, String(pattern)).toBeGreaterThanOrEqual(0);
      return found;
    };
    const wal = /amp\/wal\/sessions\.s000000001\.[a-z0-9]+\.ndjson/.source;
    const written = at(new RegExp(`write\\(\\d+<[^>]*${wal}>, "\\{\\\\"v\\\\":1`));
    const synced = at(new RegExp(`fdatasync\\(\\d+<[^>]*${wal}>`), written);
    const folder = at(/fsync\(\d+<[^>]*amp\/wal>\)/);
    const ack = at(/write\(1<[^>]*>, "1 0000/);
    expect(ack).toBeGreaterThan(synced);
    expect(ack).toBeGreaterThan(folder);

    const indexPack = at(/execve\(.*"index-pack"/, ack);
    const packSynced = at(/fsync\(\d+<[^>]*objects\/pack\/tmp_pack/, indexPack);
    const packNamed = at(/(link|rename)\(.*objects\/pack\/pack-[0-9a-f]+\.(idx|pack)"/, packSynced);
    const refSynced = at(/fsync\(\d+<[^>]*refs\/amp\/sessions\/s000000001\/[a-z0-9]+\.lock>/, packNamed);
    const refMoved = at(/rename.*refs\/amp\/sessions\/s000000001\/[a-z0-9]+\.lock"/, refSynced);
    const refFolder = at(/fsync\(\d+<[^>]*refs\/amp\/sessions\/s000000001>\)/, refMoved);
    const keepGone = at(/unlink.*\.keep"/, refFolder);
    const cut = at(new RegExp(`(unlink|rename).*${wal}"`), ack);
    expect(cut).toBeGreaterThan(keepGone);
    at(/fsync\(\d+<[^>]*amp\/wal>\)/, cut);
  });
});
