import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue, definitionOf } from '../../src/events/catalogue.ts';
import { decodeEvent, encodeEvent, lineHash } from '../../src/events/codec.ts';
import type { Envelope } from '../../src/events/envelope.ts';
import { compareEvents, mergeEvents } from '../../src/events/order.ts';
import { upcast } from '../../src/events/upcast.ts';
import { created, draft, eventsOf, finished, started, tested } from '../support/events.ts';

const events = eventsOf([draft('session.created', created()), started(1), finished(1), tested()]);

describe('a line', () => {
  it('is the same bytes for the same event, whatever the order of keys', () => {
    const event = events[0]!;
    const shuffled = Object.fromEntries(Object.entries(event).reverse()) as unknown as Envelope;
    expect(encodeEvent(shuffled)).toBe(encodeEvent(event));
    expect(encodeEvent(event)).not.toContain('\n');
  });
  it('reads back as it was, also of unknown type and newer version', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 99 }), fc.jsonValue(), (type, v, data) => {
        const event = { ...events[0]!, type, v, data: JSON.parse(JSON.stringify(data)) };
        expect(decodeEvent(encodeEvent(event))).toEqual(event);
      }),
    );
  });
  it('that is no event gives nothing', () => {
    for (const line of [
      '',
      '{',
      '[]',
      'null',
      '42',
      '{"v":1}',
      encodeEvent(events[0]!).replace('"seq":1', '"seq":1.5'),
    ])
      expect(decodeEvent(line)).toBeUndefined();
  });
  it('chains to the one before', () => {
    expect(events[1]!.prev).toBe(lineHash(encodeEvent(events[0]!)));
    expect(events[1]!.prev).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('upcast', () => {
  const steps = {
    'thing.made': {
      1: (data: unknown) => ({ ...(data as object), b: 1 }),
      2: (data: unknown) => ({ ...(data as object), c: 2 }),
    },
  };
  const old = { ...events[0]!, type: 'thing.made', v: 1, data: { a: 0 } };
  it('takes every step to the newest shape and leaves the original alone', () => {
    expect(upcast(old, steps)).toMatchObject({ v: 3, data: { a: 0, b: 1, c: 2 } });
    expect(old).toMatchObject({ v: 1, data: { a: 0 } });
  });
  it('leaves newer versions and unknown types as they are', () => {
    expect(upcast({ ...old, v: 9 }, steps)).toMatchObject({ v: 9, data: { a: 0 } });
    expect(upcast({ ...old, type: 'other.made' }, steps)).toMatchObject({ v: 1 });
  });
});

describe('order', () => {
  const anyEvents = fc.array(
    fc.record({
      writer: fc.constantFrom('wa', 'wb', 'wc'),
      seq: fc.integer({ min: 1, max: 9 }),
      clock: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 30 },
  );
  const toEvents = (rows: { writer: string; seq: number; clock: number }[]) =>
    rows.map((row) => ({ ...events[0]!, ...row }));
  it('is the same whatever the order of arrival', () => {
    fc.assert(
      fc.property(anyEvents, fc.infiniteStream(fc.nat()), (rows, chance) => {
        // One line a (writer, seq), as single-writer refs guarantee.
        const unique = [...new Map(rows.map((row) => [`${row.writer} ${row.seq}`, row])).values()];
        const shuffled = unique
          .map((row) => [chance.next().value, row] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, row]) => row);
        expect(mergeEvents(toEvents(shuffled))).toEqual(mergeEvents(toEvents(unique)));
      }),
    );
  });
  it('merges without loss, without duplicates, and again without change', () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, (a, b) => {
        const once = mergeEvents([...toEvents(a), ...toEvents(b)]);
        expect(new Set(once.map(({ writer, seq }) => `${writer} ${seq}`)).size).toBe(once.length);
        expect(mergeEvents([...once, ...toEvents(b)])).toEqual(once);
        for (let i = 1; i < once.length; i++) expect(compareEvents(once[i - 1]!, once[i]!)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('the catalogue', () => {
  it('names facts in the past tense, once each, with a sentence', () => {
    expect(new Set(catalogue.map(({ type }) => type)).size).toBe(catalogue.length);
    for (const { type, sentence } of catalogue) {
      expect(type).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(ed|en|un|own|ound|ade)$|\.(found|begun|made|added)$/);
      expect(type).not.toMatch(/\.(updated|changed)$/);
      expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  });
  it('admits the shapes the program writes and refuses others', () => {
    for (const event of events)
      expect(definitionOf(event.type)!.data.safeParse(event.data).success, event.type).toBe(true);
    expect(definitionOf('session.created')!.data.safeParse({ name: 'x' }).success).toBe(false);
    expect(definitionOf('nothing.happened')).toBeUndefined();
  });
  it('turns into JSON Schema', () => {
    for (const { data } of catalogue) expect(z.toJSONSchema(data)).toMatchObject({ type: 'object' });
  });
});
