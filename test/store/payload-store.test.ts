import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { laneRef, payloadDir } from '../../src/store/layout.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { extractPayloads, payloadsIn } from '../../src/store/payloads.ts';
import { git } from '../support/repo.ts';
import { type GitPlace, gitPlace, message, messages } from './places.ts';

const LOG = sessionLog('s000000001');
const KIB = 1024;
const PART = 16 * KIB * KIB;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const dirOf = (place: GitPlace, store: LogStore): string => payloadDir(place.repo, { log: LOG, writer: store.writer });
const damaged = { code: 'log.damaged', hint: expect.stringContaining('verify --repair') };

/** Whatever stands in the event: the text itself, or what the store gives for its reference. */
const textOf = async (store: LogStore, data: unknown): Promise<string> => {
  const [payload] = payloadsIn(data);
  if (!payload) return (data as { text: string }).text;
  const bytes = await store.payload(LOG, payload.sha256);
  expect(bytes.length).toBe(payload.bytes);
  return bytes.toString();
};

test('the beginning that a prompt keeps is cut nowhere but at its end', () => {
  const start = `😀 ${'é'.repeat(900)} 👍`;
  const text = `${start}${'x'.repeat(70 * KIB)}`;
  const { data } = extractPayloads({ prompt: text });
  expect(data).toMatchObject({ prompt: { preview: text.slice(0, 1000) } });
});

describe('a long string', () => {
  test('comes back whole from beside the log, from git, and in another process, at every limit', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const sizes = [64 * KIB - 1, 64 * KIB, 64 * KIB + 1, PART + 1];
    const texts = [...sizes.map((size) => 'x'.repeat(size)), `${'é'.repeat(32 * KIB)}`, `a${'é'.repeat(32 * KIB)}`];
    const events = await store.append(
      LOG,
      texts.map((text) => message(text)),
    );
    const references = events.map(({ data }) => payloadsIn(data)[0]?.parts.length ?? 0);
    expect(references).toEqual([0, 0, 1, 2, 0, 1]);
    const check = async (reader: LogStore): Promise<void> => {
      const { events: read } = await reader.read(LOG);
      for (const [at, { data }] of read.entries()) expect((await textOf(reader, data)) === texts[at]).toBe(true);
      expect(read).toHaveLength(texts.length);
    };
    await check(await place.open());
    await store.flush(LOG);
    await check(await place.open());
    const listed = await git(place.dir, 'ls-tree', '-r', '-l', laneRef({ log: LOG, writer: store.writer }));
    const largest = Math.max(...listed.split('\n').map((line) => Number(line.split(/\s+/)[3])));
    expect(largest).toBe(PART);
    expect(await git(place.dir, 'fsck', '--full', '--strict')).toBe('');
  });

  test('twice is kept once, and stays while one event beside the log still needs it', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const text = 'y'.repeat(70 * KIB);
    await store.append(LOG, [message(text), message(text)]);
    expect(readdirSync(dirOf(place, store))).toEqual([sha256(text)]);
    const other = 'z'.repeat(70 * KIB);
    const flushing = store.flush(LOG);
    await store.append(LOG, [message(other)]);
    await flushing;
    for (const one of [text, other]) expect((await store.payload(LOG, sha256(one))).toString() === one).toBe(true);
    await store.flush(LOG);
    const { events } = await (await place.open()).read(LOG);
    expect(events.map(({ data }) => payloadsIn(data)[0]?.sha256)).toEqual([text, text, other].map(sha256));
    const tree = await git(place.dir, 'log', '--format=', '--raw', '-m', laneRef({ log: LOG, writer: store.writer }));
    expect(tree).toContain(`payload-${sha256(text)}`);
  });

  test('of which a part is lost or not the one that was written is damage, never another text', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const text = `${'p'.repeat(PART)}tail`;
    await store.append(LOG, [message(text)]);
    const dir = dirOf(place, store);
    const tail = join(dir, sha256('tail'));
    writeFileSync(tail, 'tale');
    await expect(store.payload(LOG, sha256(text))).rejects.toMatchObject(damaged);
    rmSync(tail);
    await expect(store.payload(LOG, sha256(text))).rejects.toMatchObject({
      ...damaged,
      message: expect.stringContaining(sha256('tail')),
    });
    writeFileSync(tail, 'tail');
    expect((await store.payload(LOG, sha256(text))).equals(Buffer.from(text))).toBe(true);
    await store.flush(LOG);
    expect((await store.payload(LOG, sha256(text))).equals(Buffer.from(text))).toBe(true);
  });

  test('half in git and half beside the log is one text (a process died while it cleared up)', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const text = `${'q'.repeat(PART)}tail`;
    await store.append(LOG, [message(text)]);
    const first = readFileSync(join(dirOf(place, store), sha256('q'.repeat(PART))));
    await store.flush(LOG);
    const events = await store.append(LOG, [message(text)]);
    rmSync(join(dirOf(place, store), sha256('tail')));
    expect(readdirSync(dirOf(place, store))).toEqual([sha256(first.toString())]);
    expect((await textOf(await place.open(), events[0]!.data)) === text).toBe(true);
    await store.flush(LOG);
    expect((await textOf(await place.open(), events[0]!.data)) === text).toBe(true);
  });

  test('nobody spoke of is missing, whatever it is called', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await store.append(LOG, [message('z'.repeat(70 * KIB)), ...messages(1)]);
    const odd = ['', 'x', '../../../config', 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(64)}\n`];
    for (const name of [...odd, sha256('never')]) await expect(store.payload(LOG, name)).rejects.toMatchObject(damaged);
  });
});
