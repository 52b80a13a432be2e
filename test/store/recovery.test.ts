import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeEvent, encodeEvent, lineHash } from '../../src/events/codec.ts';
import { type LogName, sessionLog } from '../../src/events/envelope.ts';
import { eventsFile, laneRef, quarantineDir, tipsFile, transcriptFile, walDir } from '../../src/store/layout.ts';
import type { LogStore, TranscriptLine } from '../../src/store/log-store.ts';
import { sortOut } from '../../src/store/wal/recover-file.ts';
import { git } from '../support/repo.ts';
import { type GitPlace, gitPlace, messages } from './places.ts';

const LOG = sessionLog('s000000001');

const fileOf = (place: GitPlace, store: LogStore, log: LogName = LOG): string =>
  eventsFile(place.repo, { log, writer: store.writer });

const quarantined = (place: GitPlace, log: LogName): Buffer[] => {
  const dir = quarantineDir(place.repo);
  const names = existsSync(dir) ? readdirSync(dir) : [];
  return names
    .filter((name) => name.startsWith(`${log.replace('/', '.')}.`))
    .map((name) => readFileSync(join(dir, name)));
};

describe('a torn write-ahead file', { timeout: 240_000 }, () => {
  test('at every byte of the last line: the lines before stay, the rest is set aside, the log goes on', async () => {
    const place = await gitPlace();
    const first = await place.open();
    const events = await first.append(LOG, messages(3));
    await first.close();
    const file = fileOf(place, first);
    const whole = readFileSync(file);
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let end = lastLine; end <= whole.length; end += 1) {
      const log = sessionLog(`torn${end}`);
      // The chain does not hold the log's name, so one file's bytes do for many logs once the name is replaced.
      const bytes = Buffer.from(whole.toString().replaceAll(LOG, log));
      const shift = 2 * (log.length - LOG.length);
      const torn = bytes.subarray(0, end === whole.length ? bytes.length : end + shift);
      writeFileSync(fileOf(place, first, log), torn);
      const store = await place.open();
      const complete = torn.at(-1) === 10 ? decodedCount(torn) : 2;
      expect((await store.read(log)).events).toHaveLength(complete);
      const rest = torn.subarray(torn.lastIndexOf(10) + 1);
      const [added] = await store.append(log, messages(1, 9));
      expect(added!.seq).toBe(complete + 1);
      const { events: after } = await (await place.open()).read(log);
      expect(after.map(({ seq }) => seq)).toEqual([...Array(complete + 1).keys()].map((i) => i + 1));
      expect(added!.prev).toBe(lineHash(lineAt(torn, complete - 1)));
      expect(quarantined(place, log)).toEqual(rest.length === 0 ? [] : [rest]);
      await store.close();
    }
    expect(events).toHaveLength(3);
  });

  test('recovery tells of it once, with figures, and flushes what is whole', async () => {
    const place = await gitPlace();
    const first = await place.open();
    await first.append(LOG, messages(2));
    await first.close();
    writeFileSync(fileOf(place, first), Buffer.alloc(512), { flag: 'a' });
    const store = await place.open();
    const recovery = await store.recoverLog(LOG);
    expect(recovery.tornBytes).toEqual([
      { bytes: 512, quarantine: expect.stringMatching(/^amp\/quarantine\/sessions\./) },
    ]);
    expect(recovery.warnings).toEqual([expect.stringContaining('512 bytes')]);
    expect(readFileSync(join(place.repo.commonDir, recovery.tornBytes[0]!.quarantine))).toEqual(Buffer.alloc(512));
    expect(await store.recoverLog(LOG)).toEqual({ warnings: [], tornBytes: [] });
    expect(existsSync(fileOf(place, first))).toBe(false);
    expect((await store.read(LOG)).events).toHaveLength(2);
  });

  test('a transcript loses nothing but the torn line', async () => {
    const place = await gitPlace();
    const first = await place.open();
    const kept = await first.appendTranscript(
      LOG,
      ['a', 'b'].map((line) => ({ iteration: 1, stream: 'stdout', line })),
    );
    await first.close();
    const file = transcriptFile(place.repo, { log: LOG, writer: first.writer });
    truncateSync(file, statSync(file).size - 1);
    const store = await place.open();
    expect((await store.recoverLog(LOG)).tornBytes).toHaveLength(1);
    const lines: TranscriptLine[] = [];
    for await (const line of store.transcript(LOG)) lines.push(line);
    expect(lines).toEqual(kept.slice(0, 1));
  });

  test('lines that were acknowledged behind a spoiled one stay', () => {
    const isLine = (line: string): boolean => decodeEvent(line) !== undefined;
    const line = (seq: number): string =>
      `${encodeEvent({ v: 1, log: LOG, writer: 'w', seq, clock: seq, at: '', by: 'user', type: 't', data: {}, prev: '' })}\n`;
    const spoiled = '\0\0\0{"v":1,\n';
    expect(sortOut(Buffer.from(line(1) + spoiled + line(3)), isLine)).toEqual({
      good: Buffer.from(line(1) + line(3)),
      bad: Buffer.from(spoiled),
    });
  });
});

const lineAt = (bytes: Buffer, at: number): string => bytes.toString().split('\n')[at]!;
const decodedCount = (bytes: Buffer): number => bytes.toString().split('\n').length - 1;

describe('what a dead process left', () => {
  test('lines that are in git already are not there twice, and are not flushed twice', async () => {
    const place = await gitPlace();
    const first = await place.open();
    const events = await first.append(LOG, messages(3));
    await first.appendTranscript(LOG, [{ iteration: 1, stream: 'stdout', line: 'x' }]);
    const names = ['events', 'transcript'].map((kind) =>
      (kind === 'events' ? eventsFile : transcriptFile)(place.repo, { log: LOG, writer: first.writer }),
    );
    const bytes = names.map((name) => readFileSync(name));
    await first.flush(LOG);
    await first.close();
    // As if it had died between its ref and its cut.
    for (const [i, name] of names.entries()) writeFileSync(name, bytes[i]!);
    const tip = await git(place.dir, 'rev-parse', laneRef({ log: LOG, writer: first.writer }));
    const second = await place.open();
    expect((await second.read(LOG)).events).toEqual(events);
    expect(await second.recover(LOG)).toEqual([]);
    const lines: TranscriptLine[] = [];
    for await (const line of second.transcript(LOG)) lines.push(line);
    expect(lines).toHaveLength(1);
    events.push(...(await second.append(LOG, messages(2, 4))));
    await second.flush(LOG);
    expect((await second.read(LOG)).events).toEqual(events);
    const ref = laneRef({ log: LOG, writer: first.writer });
    // The transcript line was flushed once more, the events were not; then came two new ones.
    const added = await git(place.dir, 'log', '--format=%s', `${tip}..${ref}`);
    expect(added.split('\n')).toEqual([`${LOG}: events 4-5`, `${LOG}: transcript after event 3`]);
  });

  test('leftover temporary files go, those of others stay', async () => {
    const place = await gitPlace();
    const first = await place.open();
    await first.append(LOG, messages(1));
    await first.close();
    const mine = `${fileOf(place, first)}.k123.tmp`;
    const other = join(walDir(place.repo), 'sessions.other.w9.ndjson.k123.tmp');
    for (const path of [mine, other]) writeFileSync(path, 'half');
    const store = await place.open();
    await store.recover(LOG);
    expect([existsSync(mine), existsSync(other)]).toEqual([false, true]);
    expect((await store.logs()).map(({ log }) => log)).toEqual([LOG]);
  });
});

test('the protection of a pack whose maker died goes with the next recovery, that of others stays', async () => {
  const place = await gitPlace();
  const store = await place.open();
  await store.append(LOG, messages(1));
  await store.flush(LOG);
  const pack = readdirSync(join(place.repo.commonDir, 'objects', 'pack')).find((name) => name.endsWith('.pack'))!;
  const keep = join(place.repo.commonDir, 'objects', 'pack', pack.replace('.pack', '.keep'));
  for (const [reason, stays] of [
    [`amp ${LOG} ${store.writer}`, false],
    ['somebody else', true],
  ] as const) {
    writeFileSync(keep, `${reason}\n`);
    await (await place.open()).recover(LOG);
    expect(existsSync(keep)).toBe(stays);
  }
});

describe('a ref of ours that another hand moved', () => {
  const prepare = async () => {
    const place = await gitPlace();
    const store = await place.open();
    const ref = laneRef({ log: LOG, writer: store.writer });
    const events = await store.append(LOG, messages(2));
    await store.flush(LOG);
    const older = await git(place.dir, 'rev-parse', ref);
    events.push(...(await store.append(LOG, messages(2, 3))));
    await store.flush(LOG);
    const newer = await git(place.dir, 'rev-parse', ref);
    await store.close();
    return { place, ref, events, older, newer };
  };

  test.each(['gone', 'moved back', 'moved elsewhere'])('%s: noticed in logs, put back by recover', async (how) => {
    const { place, ref, events, older, newer } = await prepare();
    if (how === 'gone') await git(place.dir, 'update-ref', '-d', ref);
    if (how === 'moved back') await git(place.dir, 'update-ref', ref, older);
    if (how === 'moved elsewhere') await git(place.dir, 'update-ref', ref, 'HEAD');
    const store = await place.open();
    expect((await store.logs()).map(({ log, lost }) => [log, lost])).toEqual([[LOG, true]]);
    expect(await store.recover(LOG)).toEqual([expect.stringContaining(`put back to ${newer}`)]);
    expect((await store.read(LOG)).events).toEqual(events);
    expect((await store.logs())[0]).not.toHaveProperty('lost');
    expect(await store.recover(LOG)).toEqual([]);
  });

  test('an append alone puts it back too: numbers are never given out twice', async () => {
    const { place, ref, events } = await prepare();
    await git(place.dir, 'update-ref', '-d', ref);
    const store = await place.open();
    const [added] = await store.append(LOG, messages(1, 5));
    expect(added!.seq).toBe(5);
    expect((await store.read(LOG)).events).toEqual([...events, added]);
  });

  test('further on than remembered (a crash before it was noted) is fine', async () => {
    const { place, ref, older, newer } = await prepare();
    const store = await place.open();
    writeFileSync(tipsFile(place.repo, store.writer), `${older} ${ref}\n`);
    expect(await store.recover(LOG)).toEqual([]);
    expect(readFileSync(tipsFile(place.repo, store.writer), 'utf8')).toContain(newer);
    expect(await git(place.dir, 'rev-parse', ref)).toBe(newer);
  });

  test('with its commits gone, nothing is added before somebody brings them back', async () => {
    const { place, ref } = await prepare();
    await git(place.dir, 'update-ref', '-d', ref);
    await git(place.dir, 'gc', '-q', '--prune=now');
    const store = await place.open();
    await expect(store.append(LOG, messages(1))).rejects.toMatchObject({
      code: 'log.damaged',
      message: expect.stringContaining(ref),
    });
    const other = sessionLog('s000000002');
    await expect(store.append(other, messages(1))).resolves.toHaveLength(1);
  });
});

describe('a damaged repository', () => {
  test('one damaged log is named, the others are read', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const other = sessionLog('s000000002');
    for (const log of [LOG, other]) {
      await store.append(log, messages(2));
      await store.flush(log);
    }
    const ref = laneRef({ log: LOG, writer: store.writer });
    const missing = 'd'.repeat(40);
    mkdirSync(join(place.repo.commonDir, ref, '..'), { recursive: true });
    writeFileSync(join(place.repo.commonDir, ref), `${missing}\n`);
    const reader = await place.open();
    await expect(reader.read(LOG)).rejects.toMatchObject({
      code: 'log.damaged',
      message: expect.stringContaining(LOG),
    });
    const folded = await reader.foldMany([LOG, other], 0, (count) => count + 1);
    expect(folded.map(({ damaged, state }) => [damaged?.code, state])).toEqual([
      ['log.damaged', 0],
      [undefined, 2],
    ]);
  });
});
