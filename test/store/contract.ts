import { describe, expect, test } from 'vitest';
import type { Draft, LogEvent } from '../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { GENESIS, sessionLog } from '../../src/events/envelope.ts';
import { follow } from '../../src/store/follow.ts';
import type { LogStore, TranscriptLine } from '../../src/store/log-store.ts';
import { isPayloadReference, type PayloadReference } from '../../src/store/payloads.ts';
import { created, draft, ID } from '../support/events.ts';
import { message, messages, type Place } from './places.ts';

const LOG = sessionLog('s000000001');
const OTHER = sessionLog('s000000002');

const transcriptOf = async (store: LogStore, iteration?: number): Promise<TranscriptLine[]> => {
  const lines: TranscriptLine[] = [];
  for await (const line of store.transcript(LOG, iteration)) lines.push(line);
  return lines;
};

const texts = (events: LogEvent[]): unknown[] => events.map(({ data }) => (data as { text: string }).text);

/** Every writer's events carry the hash of its line before. */
const expectChain = (events: LogEvent[]): void => {
  const last = new Map<string, { seq: number; hash: string }>();
  for (const event of events) {
    const before = last.get(event.writer) ?? { seq: 0, hash: GENESIS };
    expect(event).toMatchObject({ seq: before.seq + 1, prev: before.hash });
    last.set(event.writer, { seq: event.seq, hash: lineHash(encodeEvent(event)) });
  }
};

/** What every implementation of LogStore holds to. */
export const storeContract = (name: string, makePlace: () => Promise<Place>): void => {
  describe(name, () => {
    test('an empty log reads as one that has not begun', async () => {
      const store = await (await makePlace()).open();
      expect(await store.read(LOG)).toEqual({
        log: LOG,
        events: [],
        head: { seq: 0, prev: GENESIS, clock: 0 },
        warnings: [],
      });
      expect(await store.logs()).toEqual([]);
      expect(await transcriptOf(store)).toEqual([]);
    });

    test('appended facts are events in order, chained, and the head names the last', async () => {
      const store = await (await makePlace()).open();
      const events = [
        ...(await store.append(LOG, [draft('session.created', created())])),
        ...(await store.append(LOG, messages(3))),
      ];
      expect(events.map(({ seq, clock, v }) => [seq, clock, v])).toEqual([
        [1, 1, 1],
        [2, 2, 1],
        [3, 3, 1],
        [4, 4, 1],
      ]);
      expectChain(events);
      const view = await store.read(LOG);
      expect(view.events).toEqual(events);
      expect(view.head).toEqual({ seq: 4, prev: lineHash(encodeEvent(events[3]!)), clock: 4 });
      expect(new Set(events.map(({ writer }) => writer))).toEqual(new Set([store.writer]));
    });

    test('what was flushed and what was not reads the same, also by another process', async () => {
      const place = await makePlace();
      const store = await place.open();
      const events = await store.append(LOG, messages(3));
      expect(await store.flush(LOG)).toBe(true);
      expect(await store.flush(LOG)).toBe(false);
      events.push(...(await store.append(LOG, messages(2, 4))));
      expect((await store.read(LOG)).events).toEqual(events);
      expect((await (await place.open()).read(LOG)).events).toEqual(events);
      expect(await store.flush(LOG)).toBe(true);
      events.push(...(await store.append(LOG, messages(1, 6))));
      const view = await store.read(LOG);
      expect(view.events).toEqual(events);
      expectChain(view.events);
    });

    test('the next process goes on where the last one stopped', async () => {
      const place = await makePlace();
      const first = await place.open();
      const events = await first.append(LOG, messages(2));
      await first.flush(LOG);
      events.push(...(await first.append(LOG, messages(2, 3))));
      await first.close();
      const second = await place.open();
      expect(await second.recover(LOG)).toEqual([]);
      events.push(...(await second.append(LOG, messages(2, 5))));
      expectChain(events);
      expect((await second.read(LOG)).events).toEqual(events);
      expect(second.writer).toBe(first.writer);
    });

    test('appending is compare-and-swap when a head is named', async () => {
      const store = await (await makePlace()).open();
      const { head } = await store.read(LOG);
      await store.append(LOG, messages(1), head);
      await expect(store.append(LOG, messages(1, 2), head)).rejects.toMatchObject({ code: 'store.conflict' });
      const next = await store.read(LOG);
      await store.append(LOG, messages(1, 3), next.head);
      expect(texts((await store.read(LOG)).events)).toEqual(['message 1', 'message 3']);
    });

    test('calls made at once keep their order, and one that is refused hurts no other', async () => {
      const store = await (await makePlace()).open(async (text) => text);
      const stale = { seq: 7, prev: ID('a'), clock: 7 };
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => store.append(LOG, messages(1, i), i === 5 ? stale : undefined)),
      );
      expect(results.map(({ status }) => status === 'fulfilled')).toEqual(results.map((_, i) => i !== 5));
      const { events } = await store.read(LOG);
      expect(texts(events)).toEqual([...Array(20).keys()].filter((i) => i !== 5).map((i) => `message ${i}`));
      expectChain(events);
    });

    test('an invalid draft is a bug: refused, and nothing is written', async () => {
      const store = await (await makePlace()).open();
      const bad = { type: 'agent-message.received', by: 'agent', data: { iteration: 0 } } as unknown as Draft;
      const unknown = { type: 'tea.made', by: 'agent', data: {} } as unknown as Draft;
      for (const one of [bad, unknown]) {
        const error = await store.append(LOG, [message('fine'), one]).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toHaveProperty('code');
      }
      expect((await store.read(LOG)).events).toEqual([]);
    });

    test('every string value is redacted before it is kept, keys are not', async () => {
      const store = await (await makePlace()).open((text) => text.replaceAll('hunter2', '[REDACTED]'));
      const line = { iteration: 1, stream: 'stdout' as const };
      const returned = await store.append(LOG, [
        draft('session.created', created({ prompt: 'use hunter2', author: { name: 'hunter2', email: 'a@b' } })),
      ]);
      const bytes = Buffer.from([0xff, ...Buffer.from(' hunter2 '), 0xfe]).toString('base64');
      const lines = await store.appendTranscript(LOG, [
        { ...line, line: 'say hunter2' },
        { ...line, bytes },
      ]);
      await store.flush(LOG);
      const { events } = await store.read(LOG);
      expect(events).toEqual(returned);
      expect(events[0]!.data).toMatchObject({ prompt: 'use [REDACTED]', author: { name: '[REDACTED]' } });
      expect(lines[0]!.line).toBe('say [REDACTED]');
      expect(Buffer.from(lines[1]!.bytes!, 'base64').toString('latin1')).toBe('\xff [REDACTED] \xfe');
      expect(await transcriptOf(store)).toEqual(lines);
    });

    test('a string over 64 KiB stands apart, whole, and a prompt keeps its beginning', async () => {
      const store = await (await makePlace()).open();
      const long = 'ä€😀x'.repeat(20_000);
      const atLimit = 'y'.repeat(64 * 1024);
      const events = await store.append(LOG, [
        draft('session.created', created({ prompt: long, test: long, setup: atLimit })),
      ]);
      const read = async (from: LogStore): Promise<void> => {
        const data = (await from.read(LOG)).events[0]!.data as Record<string, PayloadReference | string>;
        expect(data).toEqual(events[0]!.data);
        const prompt = data['prompt'] as PayloadReference;
        expect(isPayloadReference(prompt)).toBe(true);
        expect(prompt.preview).toBe(long.slice(0, 1000));
        expect(data['test']).toEqual({ payload: prompt.payload });
        expect(data['setup']).toBe(atLimit);
        expect(prompt.payload.bytes).toBe(Buffer.byteLength(long));
        expect((await from.payload(LOG, prompt.payload.sha256)).toString()).toBe(long);
      };
      await read(store);
      await store.flush(LOG);
      await read(store);
      await store.append(LOG, [draft('session.renamed', { name: long, previous: 'a' })]);
      await store.flush(LOG);
      await read(store);
      await expect(store.payload(LOG, 'f'.repeat(64))).rejects.toMatchObject({ code: 'log.damaged' });
    });

    test('transcript lines are numbered within their iteration and come back as they were', async () => {
      const store = await (await makePlace()).open();
      const line = (iteration: number, text: string) => ({ iteration, stream: 'stdout' as const, line: text });
      const kept = await store.appendTranscript(LOG, [line(1, 'one'), line(1, 'two')]);
      await store.flush(LOG);
      kept.push(
        ...(await store.appendTranscript(LOG, [{ iteration: 1, stream: 'stderr', bytes: '//4=', more: true }])),
      );
      await store.flush(LOG);
      kept.push(...(await store.appendTranscript(LOG, [line(2, ''), line(2, 'a\nb "c" 😀')])));
      expect(kept.map(({ iteration, n }) => [iteration, n])).toEqual([
        [1, 1],
        [1, 2],
        [1, 3],
        [2, 1],
        [2, 2],
      ]);
      expect(await transcriptOf(store)).toEqual(kept);
      expect(await transcriptOf(store, 2)).toEqual(kept.slice(3));
      expect((await store.read(LOG)).events).toEqual([]);
    });

    test('numbers of transcript lines go on in the next process, in whatever iteration', async () => {
      const place = await makePlace();
      const first = await place.open();
      const line = (iteration: number) => ({ iteration, stream: 'stdout' as const, line: 'x' });
      await first.appendTranscript(LOG, [line(1), line(1)]);
      await first.flush(LOG);
      await first.appendTranscript(LOG, [line(2)]);
      await first.flush(LOG);
      await first.appendTranscript(LOG, [line(3)]);
      await first.close();
      const second = await place.open();
      const kept = await second.appendTranscript(LOG, [line(3), line(1), line(2), line(4)]);
      expect(kept.map(({ iteration, n }) => [iteration, n])).toEqual([
        [3, 2],
        [1, 3],
        [2, 2],
        [4, 1],
      ]);
    });

    test('logs are listed with their tips, and whether something waits for git', async () => {
      const store = await (await makePlace()).open();
      await store.append(LOG, messages(1));
      await store.append(OTHER, messages(1));
      await store.flush(OTHER);
      const logs = await store.logs();
      expect(logs.map(({ log, pending }) => [log, pending])).toEqual([
        [LOG, true],
        [OTHER, false],
      ]);
      expect(logs[0]!.tips.size).toBe(0);
      expect([...logs[1]!.tips.keys()]).toEqual([store.writer]);
      const folded = await store.foldMany([OTHER, LOG, sessionLog('s000000003')], 0, (count) => count + 1);
      expect(folded.map(({ log, state }) => [log, state])).toEqual([
        [OTHER, 1],
        [LOG, 1],
        [sessionLog('s000000003'), 0],
      ]);
    });

    test('a fold sees what a read sees, one writer or two, flushed or not', async () => {
      const place = await makePlace();
      const store = await place.open();
      const expectSame = async (): Promise<void> => {
        const view = await store.read(LOG);
        const folded = await store.fold(LOG, [] as LogEvent[], (events, event) => [...events, event]);
        expect(folded).toEqual({ state: view.events, head: view.head, warnings: [] });
      };
      await expectSame();
      await store.append(LOG, messages(2));
      await expectSame();
      await store.flush(LOG);
      await store.append(LOG, messages(2, 3));
      await expectSame();
      await store.flush(LOG);
      await store.append(LOG, messages(1, 5));
      await expectSame();
      const clone = await place.clone();
      const there = await clone.open();
      await there.append(LOG, messages(2, 6));
      await there.flush(LOG);
      await store.flush(LOG);
      await clone.sync();
      await expectSame();
    });

    test('two clones: after a sync both see the same events in the same order, and write on behind them', async () => {
      const place = await makePlace();
      const here = await place.open();
      const clone = await place.clone();
      const there = await clone.open();
      expect(there.writer).not.toBe(here.writer);
      await here.append(LOG, messages(2));
      await there.append(LOG, messages(3, 11));
      await here.flush(LOG);
      await there.flush(LOG);
      await clone.sync();
      const [a, b] = [await here.read(LOG), await there.read(LOG)];
      expect(a.events).toEqual(b.events);
      expect(a.events).toHaveLength(5);
      expect(a.head).toMatchObject({ seq: 2 });
      expect(b.head).toMatchObject({ seq: 3 });
      const highest = Math.max(...a.events.map(({ clock }) => clock));
      expect(a.head.clock).toBe(highest);
      const [next] = await here.append(LOG, messages(1, 3), a.head);
      expect(next).toMatchObject({ seq: 3, clock: highest + 1 });
      const { events } = await here.read(LOG);
      expect(events.at(-1)).toEqual(next);
      expectChain(events);
    });

    test('a follower hears of everything once, in whatever process it was written', async () => {
      const place = await makePlace();
      const store = await place.open();
      await store.append(LOG, messages(2));
      await store.flush(LOG);
      const end = new AbortController();
      const heard: string[] = [];
      const following = (async () => {
        const options = { signal: end.signal, from: { clock: 1 }, everyMs: 5 };
        for await (const news of follow(await place.open(), LOG, options)) {
          heard.push('event' in news ? (news.event.data as { text: string }).text : `line ${news.line.line}`);
          if (heard.length === 6) end.abort();
        }
      })();
      await expect.poll(() => heard.length).toBe(1);
      await store.append(LOG, messages(1, 3));
      await store.appendTranscript(LOG, [{ iteration: 1, stream: 'stdout', line: 'a' }]);
      await expect.poll(() => heard.length).toBe(3);
      await store.append(LOG, messages(1, 4));
      await store.appendTranscript(LOG, [{ iteration: 1, stream: 'stdout', line: 'b' }]);
      await store.flush(LOG);
      await expect.poll(() => heard.length).toBe(5);
      await store.append(LOG, messages(1, 5));
      await following;
      expect([...heard].sort()).toEqual(['line a', 'line b', 'message 2', 'message 3', 'message 4', 'message 5']);
    });
  });
};
