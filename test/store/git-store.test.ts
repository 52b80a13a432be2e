import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { type LogName, sessionLog } from '../../src/events/envelope.ts';
import { syncRef } from '../../src/store/bring-in.ts';
import { keepCode } from '../../src/store/code-ref.ts';
import { codeRef, eventsFile, laneRef, payloadDir, tipsFile, walDir } from '../../src/store/layout.ts';
import { compactTips, readTips, recordTips } from '../../src/store/tips.ts';
import { created, draft, finished } from '../support/events.ts';
import { exec, git, tempDir } from '../support/repo.ts';
import { type GitPlace, gitPlace, message, messages, testClock } from './places.ts';

const LOG = sessionLog('s000000001');

/** Brings a stranger's lines into a log, as a fetch would. */
const plant = async (place: GitPlace, writer: string, lines: string[]): Promise<void> => {
  const file = join(tempDir(), 'events-0000000001-s000000001.ndjson');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  const blob = await git(place.dir, 'hash-object', '-w', file);
  const script = `printf '100644 blob %s\\tevents-0000000001-s000000001.ndjson\\n' ${blob} | git mktree`;
  const { stdout } = await exec(place.dir, 'sh', ['-c', script]);
  const commit = await git(place.dir, 'commit-tree', '-m', 'theirs', stdout.trim());
  await git(place.dir, 'update-ref', laneRef({ log: LOG, writer }), commit);
};

describe('what is in git', () => {
  test('a flush is one commit that holds what it adds, says so, and follows the flush before', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await store.append(LOG, messages(2));
    await store.flush(LOG);
    const events = await store.append(LOG, [
      draft('session.created', created({ prompt: 'p'.repeat(70_000) })),
      message('x'),
    ]);
    const [line] = await store.appendTranscript(LOG, [{ iteration: 1, stream: 'stderr', line: 'said' }]);
    await store.flush(LOG);
    const ref = laneRef({ log: LOG, writer: store.writer });
    const { payload } = (events[0]!.data as { prompt: { payload: { sha256: string } } }).prompt;
    expect((await git(place.dir, 'ls-tree', '-r', '--name-only', ref)).split('\n')).toEqual([
      'events-0000000003-s000000001.ndjson',
      `payload-${payload.sha256}`,
      'transcript-0000000003-s000000001.ndjson',
    ]);
    const show = (name: string) => git(place.dir, 'show', `${ref}:${name}`);
    expect(await show('events-0000000003-s000000001.ndjson')).toBe(events.map(encodeEvent).join('\n'));
    expect(JSON.parse(await show('transcript-0000000003-s000000001.ndjson'))).toEqual(line);
    expect(await show(`payload-${payload.sha256}`)).toBe('p'.repeat(70_000));
    expect(await git(place.dir, 'log', '--format=%s|%(trailers:only,unfold,separator=%x2C)', ref)).toBe(
      [
        `${LOG}: events 3-4 and transcript|Amp-Log: ${LOG},Amp-Writer: ${store.writer},Amp-First-Seq: 3,Amp-Last-Seq: 4,Amp-Head: ${lineHash(encodeEvent(events.at(-1)!))}`,
        `${LOG}: events 1-2|Amp-Log: ${LOG},Amp-Writer: ${store.writer},Amp-First-Seq: 1,Amp-Last-Seq: 2,Amp-Head: ${events[0]!.prev}`,
      ].join('\n'),
    );
    expect(existsSync(eventsFile(place.repo, { log: LOG, writer: store.writer }))).toBe(false);
    expect(existsSync(payloadDir(place.repo, { log: LOG, writer: store.writer }))).toBe(false);
    expect(await git(place.dir, 'count-objects', '-v')).toMatch(/^count: 6\nsize: \d+\nin-pack: 8$/m);
  });

  test('code is kept through a chain whose second parents are the commits, each once', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const ref = codeRef('s000000001', store.writer);
    const first = await git(place.dir, 'rev-parse', 'HEAD');
    await git(place.dir, 'commit', '-q', '--allow-empty', '-m', 'second');
    const second = await git(place.dir, 'rev-parse', 'HEAD');
    await store.append(LOG, messages(1));
    await store.flush(LOG, { code: [first] });
    expect(await store.flush(LOG, { code: [first] })).toBe(false);
    await keepCode(place.repo, { session: 's000000001', writer: store.writer, commits: [first, second] });
    await keepCode(place.repo, { session: 's000000001', writer: store.writer, commits: [second] });
    const kept = await git(place.dir, 'log', '--first-parent', '--reverse', '--format=%P', ref);
    expect(kept.split('\n').map((parents) => parents.split(' ')[1] ?? '-')).toEqual(['-', first, first, second]);
    expect(await git(place.dir, 'ls-tree', '-r', ref)).toBe('');
    await git(place.dir, 'update-ref', '-d', 'refs/heads/main');
    await git(place.dir, 'reflog', 'expire', '--expire=now', '--all');
    await git(place.dir, 'gc', '-q', '--prune=now');
    expect(await git(place.dir, 'cat-file', '-t', second)).toBe('commit');
  });

  test('a lost code ref is put back as well', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const head = await git(place.dir, 'rev-parse', 'HEAD');
    await store.append(LOG, messages(1));
    await store.flush(LOG, { code: [head] });
    const ref = codeRef('s000000001', store.writer);
    const tip = await git(place.dir, 'rev-parse', ref);
    await git(place.dir, 'update-ref', '-d', ref);
    expect(await (await place.open()).recover(LOG)).toEqual([expect.stringContaining(ref)]);
    expect(await git(place.dir, 'rev-parse', ref)).toBe(tip);
  });
});

describe('events of others', () => {
  const foreign = (over: Partial<LogEvent>): LogEvent => ({
    v: 1,
    log: LOG,
    writer: 'other',
    seq: 1,
    clock: 1,
    at: '2030-01-01T00:00:00.000Z',
    by: 'agent',
    type: 'agent-message.received',
    data: { iteration: 1, text: 'hi' },
    prev: '0'.repeat(64),
    ...over,
  });

  test('unknown types and newer versions are kept as they are, in their place', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const theirs = [
      foreign({ type: 'teleport.finished', v: 3, data: { anything: [1, { deep: null }] } }),
      foreign({ seq: 2, clock: 2, v: 99, data: { iteration: 'seven' } }),
    ];
    await plant(place, 'other', theirs.map(encodeEvent));
    const ours = await store.append(LOG, messages(1));
    expect(ours[0]!.clock).toBe(3);
    await store.flush(LOG);
    expect((await store.read(LOG)).events).toEqual([...theirs, ...ours]);
    expect((await (await place.open()).read(LOG)).warnings).toEqual([]);
  });

  test('lines that are no events of this log are passed over and told of', async () => {
    const place = await gitPlace();
    const good = foreign({});
    const other = encodeEvent(foreign({ log: 'sessions/elsewhere' as LogName, seq: 2 }));
    await plant(place, 'other', [encodeEvent(good), 'nonsense', '{"v":1}', 'null', other]);
    const view = await (await place.open()).read(LOG);
    expect(view.events).toEqual([good]);
    expect(view.warnings).toEqual([expect.stringContaining('4 lines')]);
  });

  test('equal bytes of a line give the next one its prev, also when a line is not ours to write', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const [first] = await store.append(LOG, [message('ä😀 "quoted" \u2028 \ud800')]);
    await store.flush(LOG);
    const [second] = await (await place.open()).append(LOG, messages(1));
    expect(second!.prev).toBe(lineHash(encodeEvent(first!)));
    expect((await store.read(LOG)).events).toEqual([first, second]);
  });
});

describe('flushing by itself', () => {
  test('64 KiB of events go to git without being asked', async () => {
    const place = await gitPlace();
    const store = await place.open();
    for (let i = 0; i < 50; i += 1) await store.append(LOG, [message('x'.repeat(2000))]);
    const ref = laneRef({ log: LOG, writer: store.writer });
    await expect.poll(async () => (await git(place.dir, 'for-each-ref', ref)) !== '', { timeout: 10_000 }).toBe(true);
    await store.close();
    const file = eventsFile(place.repo, { log: LOG, writer: store.writer });
    expect(existsSync(file) ? statSync(file).size : 0).toBeLessThan(64 * 1024);
    expect((await (await place.open()).read(LOG)).events).toHaveLength(50);
  });

  test('more than 16 MiB become several commits, each file well below what hosts refuse', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const line = 'x'.repeat(1 << 20);
    const drafts = Array.from({ length: 35 }, () => ({ iteration: 1, stream: 'stdout' as const, line }));
    await store.appendTranscript(LOG, drafts);
    await store.flush(LOG);
    const ref = laneRef({ log: LOG, writer: store.writer });
    const sizes = (await git(place.dir, 'rev-list', ref)).split('\n').map(async (commit) => {
      const listed = await git(place.dir, 'ls-tree', '-r', '-l', commit);
      return Number(listed.split(/\s+/)[3]);
    });
    expect((await Promise.all(sizes)).map((size) => Math.round(size / (1 << 20)))).toEqual([5, 15, 15]);
    const numbers: number[] = [];
    for await (const { n } of store.transcript(LOG)) numbers.push(n);
    expect(numbers).toEqual(Array.from({ length: 35 }, (_, i) => i + 1));
  });

  test('appends go on while a flush is under way, and none is lost', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const flushes: Promise<boolean>[] = [];
    for (let i = 1; i <= 60; i += 1) {
      const appended = store.append(LOG, messages(2, i));
      if (i % 10 === 0) flushes.push(store.flush(LOG));
      await appended;
    }
    await Promise.all(flushes);
    await store.flush(LOG);
    const { events } = await store.read(LOG);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect((await (await place.open()).read(LOG)).events).toEqual(events);
  });
});

describe('another process on the same log, against the rules', () => {
  test('what it wrote to the file is seen before the next append', async () => {
    const place = await gitPlace();
    const [a, b] = [await place.open(), await place.open()];
    await a.append(LOG, messages(1));
    const view = await a.read(LOG);
    await b.append(LOG, messages(1, 2));
    await expect(a.append(LOG, messages(1, 3), view.head)).rejects.toMatchObject({ code: 'store.conflict' });
    const [event] = await a.append(LOG, messages(1, 4));
    expect(event!.seq).toBe(3);
    expect((await b.read(LOG)).events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('one after the other, each reading first, they share the log', async () => {
    const place = await gitPlace();
    const [a, b] = [await place.open(), await place.open()];
    for (const [i, store] of [a, b, a, b, b, a].entries()) {
      await store.recover(LOG);
      const { head } = await store.read(LOG);
      expect(head.seq).toBe(i);
      await store.append(LOG, messages(1, i), head);
      if (i % 2 === 0) await store.flush(LOG);
    }
    expect((await a.read(LOG)).events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

const PATH = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = PATH;
});

test('a ref that was packed in the very moment it moved is synced where it is now', async () => {
  const place = await gitPlace();
  const id = await git(place.dir, 'rev-parse', 'HEAD');
  const [ref, gone] = ['refs/amp/deep/down/x', join(place.repo.commonDir, 'refs/amp/deep')];
  await git(place.dir, 'update-ref', ref, id);
  await git(place.dir, 'pack-refs', '--all');
  expect(existsSync(gone)).toBe(false);
  syncRef(place.repo, { ref, to: id, from: null });
  syncRef(place.repo, { ref, to: id, from: id });
});

describe('the price', () => {
  /** Puts a git on PATH that notes each start. */
  const countStarts = async (): Promise<() => string[]> => {
    const dir = tempDir();
    const real = (await exec('/', 'sh', ['-c', 'command -v git'])).stdout.trim();
    const list = join(dir, 'starts');
    writeFileSync(list, '');
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin', 'git'), `#!/bin/sh\necho "$1" >> '${list}'\nexec '${real}' "$@"\n`);
    chmodSync(join(dir, 'bin', 'git'), 0o755);
    process.env['PATH'] = `${join(dir, 'bin')}${delimiter}${PATH}`;
    let seen = 0;
    return () => {
      const all = readFileSync(list, 'utf8').split('\n').filter(Boolean);
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    };
  };

  const whenPosix = process.platform === 'win32' ? test.skip : test;

  whenPosix('events, code and notes are three starts of git; looking at an unchanged log is none', async () => {
    const place = await gitPlace();
    const head = await git(place.dir, 'rev-parse', 'HEAD');
    const starts = await countStarts();
    const store = await place.open();
    await store.recover(LOG);
    const events = await store.append(LOG, [finished(1)]);
    const notes = new Map([[head, events]]);
    await store.flush(LOG, { notes, code: [head] });
    const first = starts();
    expect(first.filter((name) => name !== 'config')).toEqual(['index-pack', 'update-ref']);
    const next = await store.append(LOG, [finished(2)]);
    await store.flush(LOG, { notes: new Map([[head, next]]), code: [head] });
    expect(starts()).toEqual(['cat-file', 'index-pack', 'update-ref']);
    await store.read(LOG);
    // The reader of objects that the flush before needed is there still.
    expect(starts()).toEqual([]);
    await store.recover(LOG);
    await store.read(LOG);
    await store.logs();
    expect(starts()).toEqual([]);
    expect((await git(place.dir, 'notes', '--ref=amp', 'show', head)).split('\n')).toHaveLength(2);
  });

  test('a store that is closed can be read still', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await store.append(LOG, messages(2));
    await store.flush(LOG);
    await store.close();
    expect((await store.read(LOG)).events).toHaveLength(2);
    expect((await store.fold(LOG, 0, (count) => count + 1)).state).toBe(2);
  });

  test('a log that was never flushed is read without git', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await store.append(LOG, messages(2));
    process.env['PATH'] = tempDir();
    expect((await (await place.open()).read(LOG)).events).toHaveLength(2);
    expect(existsSync(walDir(place.repo))).toBe(true);
  });
});

describe('tips', () => {
  test('the last line of a ref stands; the file stays short', async () => {
    const place = await gitPlace();
    const id = (n: number): string => n.toString(16).padStart(40, '0');
    for (let i = 1; i <= 300; i += 1)
      recordTips(place.repo, { writer: 'w', changes: [{ ref: `refs/amp/x/${i % 5}`, id: id(i) }] });
    recordTips(place.repo, { writer: 'w', changes: [{ ref: 'refs/amp/x/0', id: null }] });
    const tips = [1, 2, 3, 4].map((n) => [`refs/amp/x/${n}`, id(295 + n)]);
    expect([...readTips(place.repo, 'w')].sort()).toEqual(tips);
    compactTips(place.repo, { writer: 'w', clock: testClock() });
    expect(readFileSync(tipsFile(place.repo, 'w'), 'utf8').split('\n')).toHaveLength(5);
    expect([...readTips(place.repo, 'w')].sort()).toEqual(tips);
  });
});
