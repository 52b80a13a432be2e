import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rowsOfLog } from '../../../src/analysis/tables/rows.ts';
import { catalogue, type LogEvent } from '../../../src/events/catalogue.ts';
import { mergeEvents } from '../../../src/events/order.ts';
import { expectShape } from './shape.ts';

const LOG = 'sessions/s000000001';

/** Words that mean something in a log, so that what is made up of them hits upon something now and then. */
const words = fc.constantFrom(
  'completed',
  'failed',
  'prompt',
  'conflict',
  'iteration',
  'base',
  'merge',
  'undo',
  'w1',
  'w2',
  '',
  'a'.repeat(40),
  'b'.repeat(40),
  'm',
  '\ud800',
  'nul\0',
  '2026-11-22T13:00:00.000Z',
  '2026-02-30T00:00:00Z',
  '__proto__',
);
const strange = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    0,
    1,
    2,
    3,
    -1,
    0.5,
    1e300,
    2 ** 31,
    2 ** 53,
    [],
    {},
    [null],
    [1],
  ),
  words,
  fc.jsonValue({ maxDepth: 2 }),
);

const KEYS = [
  ...new Set(
    catalogue.flatMap(({ data }) => Object.keys((z.toJSONSchema(data) as { properties?: object }).properties ?? {})),
  ),
];

/** As much of JSON Schema as the catalogue's shapes come to. */
interface Schema {
  anyOf?: Schema[];
  enum?: unknown[];
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

/** A value of a shape of the catalogue, with something else in its place now and then. */
const ofSchema = (schema: Schema): fc.Arbitrary<unknown> => {
  const inner = (): fc.Arbitrary<unknown> => {
    if (schema.anyOf) return fc.oneof(...schema.anyOf.map(ofSchema));
    if (schema.enum) return fc.constantFrom(...schema.enum);
    switch (schema.type) {
      case 'object': {
        const properties = Object.entries(schema.properties ?? {});
        return fc.record(Object.fromEntries(properties.map(([name, one]) => [name, ofSchema(one)])), {
          requiredKeys: properties.map(([name]) => name).filter((name) => schema.required?.includes(name)),
        });
      }
      case 'array':
        return fc.array(ofSchema(schema.items ?? {}), { maxLength: 2 });
      case 'integer':
        return fc.integer({ min: 1, max: 3 });
      case 'number':
        return fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 1e6, noNaN: true }));
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return words;
    }
  };
  return fc.oneof({ weight: 60, arbitrary: inner() }, { weight: 1, arbitrary: strange });
};

const envelope = (type: fc.Arbitrary<string>, data: fc.Arbitrary<unknown>) =>
  fc.record({
    v: fc.constantFrom(1, 2, 0.5),
    log: fc.constant(LOG),
    writer: fc.constantFrom('w1', 'w1', 'w1', 'w2', 'w3'),
    seq: fc.constant(0),
    clock: fc.constant(0),
    at: fc.oneof(
      {
        weight: 9,
        arbitrary: fc
          .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
          .map((date) => date.toISOString()),
      },
      { weight: 1, arbitrary: words },
    ),
    by: fc.constantFrom('user', 'agent', 'program', 5),
    type,
    data,
    prev: words,
  });

const known = fc.oneof(
  ...catalogue.map(({ type, data }) => envelope(fc.constant(type), ofSchema(z.toJSONSchema(data) as Schema))),
);
const garbage = envelope(
  fc.oneof(fc.constantFrom(...catalogue.map(({ type }) => type)), words),
  fc.oneof(strange, fc.dictionary(fc.constantFrom(...KEYS), strange)),
);

/** Any events of one to three writers, numbered as a log has them. */
const anyLog = fc
  .array(fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: garbage }), { maxLength: 40 })
  .map((events) => {
    const seqs = new Map<string, number>();
    return mergeEvents(
      events.map((event, i) => {
        const seq = (seqs.get(event.writer) ?? 0) + 1;
        seqs.set(event.writer, seq);
        return { ...event, seq, clock: i + 1 } as unknown as LogEvent;
      }),
    );
  });

describe('rows of any log', () => {
  it('are there, whatever the log says, with every column and values of its type', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(40), (events, cut) => {
        for (const log of [events, events.slice(0, cut)]) {
          const rows = rowsOfLog(LOG, log, () => 5n);
          expectShape(rows);
          expect(rows['events']).toHaveLength(log.length);
          expect(rows['sessions']).toHaveLength(log.length > 0 ? 1 : 0);
        }
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('are the same each time, and leave the events as they are', () => {
    fc.assert(
      fc.property(anyLog, (events) => {
        const before = JSON.stringify(events);
        expect(rowsOfLog(LOG, events)).toEqual(rowsOfLog(LOG, structuredClone(events)));
        expect(JSON.stringify(events)).toBe(before);
      }),
      { numRuns: 60, seed: 6 },
    );
  });
});
