import { appendFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeEvent } from '../../src/events/codec.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { type Followed, type FollowFrom, follow } from '../../src/store/follow.ts';
import { eventsFile } from '../../src/store/layout.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { MemoryStore, memoryDisk } from '../../src/store/memory-store.ts';
import { gitPlace, messages, testClock } from './places.ts';

const LOG = sessionLog('s000000001');
const said = (line: string, iteration = 1) => ({ iteration, stream: 'stdout' as const, line });

/** Four events and a line behind each: the second line at the time of its event, the last one much later. */
const filled = async () => {
  let at = 0;
  const now = (): string => new Date(Date.UTC(2026, 10, 22, 13, 0, at)).toISOString();
  const store = new MemoryStore({ clock: { ...testClock(), now }, writer: 'w1', disk: memoryDisk() });
  const event = (n: number) => store.append(LOG, messages(1, n));
  const line = (iteration: number) => store.appendTranscript(LOG, [said('x', iteration)]);
  for (const [n, iteration] of [1, 1, 2, 2].entries()) {
    at += 10;
    if (n === 1) await line(iteration);
    await event(n + 1);
    if (n !== 2) at += 1;
    if (n !== 1) await line(iteration);
  }
  return store;
};

const nameOf = (one: Followed): string =>
  'event' in one ? `e${one.event.clock}` : `l${one.line.iteration}.${one.line.n}`;

/** What is told before there is nothing new. */
const heard = async (store: LogStore, from?: FollowFrom): Promise<string[]> => {
  const end = new AbortController();
  const all: string[] = [];
  const stop = store.append(sessionLog('s000000009'), messages(1)).then(() => setTimeout(() => end.abort(), 20));
  for await (const one of follow(store, LOG, { signal: end.signal, from, everyMs: 1 })) all.push(nameOf(one));
  await stop;
  return all;
};

describe('following', () => {
  test.each<[FollowFrom | undefined, string[]]>([
    [undefined, ['e1', 'l1.1', 'e2', 'l1.2', 'e3', 'l2.1', 'e4', 'l2.2']],
    [{ clock: 0 }, ['e1', 'l1.1', 'e2', 'l1.2', 'e3', 'l2.1', 'e4', 'l2.2']],
    [{ clock: 2 }, ['l1.1', 'l1.2', 'e3', 'l2.1', 'e4', 'l2.2']],
    [{ clock: 9, line: { iteration: 1, n: 1 } }, ['l1.2', 'l2.1', 'l2.2']],
    [{ clock: 9, line: { iteration: 2, n: 1 } }, ['l2.2']],
    [{ clock: 9, line: { iteration: 1, n: 99 } }, ['l2.1', 'l2.2']],
    [{ clock: 9, line: { iteration: 2, n: 2 } }, []],
  ])('in the order of time, an event before a line of its time, behind what is known: %j', async (from, expected) => {
    expect(await heard(await filled(), from)).toEqual(expected);
  });

  test('what arrives later is told whatever its clock: it comes from another clone', async () => {
    const place = await gitPlace();
    const [store, clone] = [await place.open(), await place.clone()];
    const other = await clone.open();
    await other.append(LOG, messages(2));
    await other.flush(LOG);
    await store.append(LOG, messages(4, 3));
    const end = new AbortController();
    const all: string[] = [];
    let synced: Promise<void> | undefined;
    for await (const one of follow(await place.open(), LOG, { signal: end.signal, from: { clock: 3 }, everyMs: 5 })) {
      all.push(nameOf(one));
      synced ??= clone.sync();
      if (all.length === 3) end.abort();
    }
    await synced;
    expect(all).toEqual(['e4', 'e1', 'e2']);
  });

  test('an aborted signal is an end at once; an abort while it waits ends it, however long it would wait', async () => {
    const store = await filled();
    const ended = new AbortController();
    ended.abort();
    for await (const _ of follow(store, LOG, { signal: ended.signal })) throw new Error('heard');
    const end = new AbortController();
    const from = { clock: 9, line: { iteration: 9, n: 9 } };
    setTimeout(() => end.abort(), 10);
    for await (const _ of follow(store, LOG, { signal: end.signal, everyMs: 3_600_000, from }))
      throw new Error('heard');
  });
});

describe('watching', () => {
  test('tells each thing once: appended, flushed, fetched, of a type nobody knows, torn', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const watch = (await place.open()).watch(LOG);
    expect(await watch.look()).toEqual({ events: [], lines: [] });
    const [first] = await store.append(LOG, messages(1));
    expect((await watch.look()).events).toEqual([first]);
    const kept = await store.appendTranscript(LOG, [said('a')]);
    expect(await watch.look()).toEqual({ events: [], lines: kept });
    await store.flush(LOG);
    expect(await watch.look()).toEqual({ events: [], lines: [] });
    const later = await store.append(LOG, messages(2, 2));
    await store.flush(LOG);
    expect((await watch.look()).events).toEqual(later);

    const [last] = await store.append(LOG, messages(1, 4));
    const file = eventsFile(place.repo, { log: LOG, writer: store.writer });
    const unknown = { ...last!, seq: 5, clock: 5, type: 'teleport.begun', v: 7, data: { to: ['x'] } };
    const whole = `${encodeEvent(unknown as never)}\n`;
    appendFileSync(file, whole.slice(0, 40));
    expect((await watch.look()).events).toEqual([last]);
    appendFileSync(file, whole.slice(40));
    expect((await watch.look()).events).toEqual([unknown]);
    appendFileSync(file, 'garbage\n');
    expect(await watch.look()).toEqual({ events: [], lines: [] });
    const other = (await place.open()).watch(LOG);
    expect((await other.look()).events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  });

  test('two clones that ran an iteration of the same number are both heard, line by line', async () => {
    const place = await gitPlace();
    const [store, clone] = [await place.open(), await place.clone()];
    const other = await clone.open();
    await store.append(LOG, messages(1));
    await store.appendTranscript(LOG, [said('ours 1'), said('ours 2')]);
    await other.append(LOG, messages(1, 7));
    await other.appendTranscript(LOG, [said('theirs 1'), said('theirs 2'), said('theirs 3')]);
    await other.flush(LOG);
    await clone.sync();
    const watch = (await place.open()).watch(LOG);
    const { lines: all, events: both } = await watch.look();
    expect(both).toHaveLength(2);
    expect(all.map((one) => one.line).sort()).toEqual(['ours 1', 'ours 2', 'theirs 1', 'theirs 2', 'theirs 3']);
    await store.flush(LOG);
    expect(await watch.look()).toEqual({ events: [], lines: [] });
    const read: (string | undefined)[] = [];
    for await (const one of store.transcript(LOG)) read.push(one.line);
    expect(read.sort()).toEqual(all.map((one) => one.line).sort());
  });

  test('a log is not told of another’s news', async () => {
    const place = await gitPlace();
    const store = await place.open();
    const watch = (await place.open()).watch(LOG);
    await store.append(sessionLog('s000000002'), messages(2));
    await store.appendTranscript(sessionLog('s000000002'), [said('x')]);
    expect(await watch.look()).toEqual({ events: [], lines: [] });
    await store.flush(sessionLog('s000000002'));
    expect(await watch.look()).toEqual({ events: [], lines: [] });
  });
});
