import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { compareEvents, mergeEvents } from '../../src/events/order.ts';
import { mergeLanes, type Segment } from '../../src/store/merge-lanes.ts';

const event = (writer: string, seq: number, clock: number): LogEvent => ({
  v: 1,
  log: 'sessions/s1',
  writer,
  seq,
  clock,
  at: '2026-11-22T13:00:00.000Z',
  by: 'program',
  type: 'session.archived',
  data: {},
  prev: '',
});

/** Writers that number without a gap and whose clocks rise, as ours do. */
const lanes = fc
  .uniqueArray(fc.constantFrom('w1', 'w2', 'w3', 'W4'), { minLength: 1 })
  .chain((writers) =>
    fc.tuple(
      ...writers.map((writer) =>
        fc.tuple(fc.constant(writer), fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 })),
      ),
    ),
  )
  .map((all) =>
    all.map(([writer, steps]) => {
      let clock = 0;
      return steps.map((step, i) => {
        clock += step;
        return event(writer, i + 1, clock);
      });
    }),
  );

/** Each lane cut into pieces, some of them twice, in any order: blobs and write-ahead files as they are found. */
const pieces = (all: LogEvent[][]): fc.Arbitrary<Segment[]> =>
  fc
    .tuple(...all.map((lane) => fc.array(fc.tuple(fc.nat(lane.length), fc.nat(lane.length)), { maxLength: 4 })))
    .chain((cuts) => {
      const segments = all.flatMap((lane, i) => [
        lane,
        ...cuts[i]!.map(([a, b]) => lane.slice(Math.min(a, b), Math.max(a, b))),
      ]);
      return fc.shuffledSubarray(segments, { minLength: segments.length });
    });

describe('mergeLanes', () => {
  test('has one order, whatever the order of arrival and whatever came twice', () => {
    fc.assert(
      fc.property(
        lanes.chain((all) => fc.tuple(fc.constant(all), pieces(all))),
        ([all, segments]) => {
          expect(mergeLanes(segments)).toEqual(all.flat().sort(compareEvents));
        },
      ),
    );
  });

  test('agrees with a plain sort also on logs that no writer of ours makes', () => {
    const anyEvent = fc
      .tuple(fc.constantFrom('w1', 'w2'), fc.integer({ min: 1, max: 8 }))
      .chain(([writer, seq]) => fc.integer({ min: 1, max: 8 }).map((clock) => ({ writer, seq, clock })));
    fc.assert(
      fc.property(
        fc.uniqueArray(anyEvent, { selector: ({ writer, seq }) => `${writer} ${seq}` }),
        fc.array(fc.nat(3)),
        (drawn, sizes) => {
          const events = drawn.map(({ writer, seq, clock }) => event(writer, seq, clock));
          const segments: Segment[] = [];
          const rest = [...events];
          for (const size of sizes) segments.push(rest.splice(0, size));
          segments.push(rest);
          expect(mergeLanes(segments)).toEqual(mergeEvents(events));
        },
      ),
    );
  });

  test('nothing, and empty segments, are no events', () => {
    expect(mergeLanes([])).toEqual([]);
    expect(mergeLanes([[], []])).toEqual([]);
  });
});
