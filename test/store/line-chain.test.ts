import { describe, expect, it } from 'vitest';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { type Envelope, GENESIS } from '../../src/events/envelope.ts';
import { lineAt } from '../../src/store/lanes/line-at.ts';
import { LineChain, NO_LINES } from '../../src/store/lanes/line-chain.ts';
import type { StoredLane } from '../../src/store/lanes/read-lanes.ts';

const event = (seq: number, prev: string, over: Partial<Envelope> = {}): Envelope => ({
  v: 1,
  log: 'sessions/one',
  writer: 'w1',
  seq,
  clock: seq * 2,
  at: '2026-11-22T10:00:00.000Z',
  by: 'program',
  type: 'some.thing-happened',
  data: { seq },
  prev,
  ...over,
});

const chainOf = (count: number): string[] => {
  const lines: string[] = [];
  for (let seq = 1; seq <= count; seq += 1)
    lines.push(encodeEvent(event(seq, lines.length ? lineHash(lines.at(-1)!) : GENESIS)));
  return lines;
};

describe('the chain of a writer', () => {
  it('follows lines to their end', () => {
    const chain = new LineChain(NO_LINES);
    const lines = chainOf(3);
    for (const line of lines) expect(chain.add(JSON.parse(line) as Envelope, line)).toBeUndefined();
    expect(chain.end).toEqual({ seq: 3, hash: lineHash(lines[2]!), clock: 6 });
  });

  it('goes on from where lines before ended', () => {
    const lines = chainOf(5);
    const chain = new LineChain({ seq: 3, hash: lineHash(lines[2]!), clock: 6 });
    for (const line of lines.slice(3)) expect(chain.add(JSON.parse(line) as Envelope, line)).toBeUndefined();
    expect(chain.end.seq).toBe(5);
  });

  it.each([
    ['a number twice', { seq: 2 }, 'event 2 comes after event 2'],
    ['a number left out', { seq: 4 }, 'event 3 is missing'],
    [
      'another hash',
      { prev: 'f'.repeat(64) },
      'event 3 does not follow from event 2 as that is: one of them was changed',
    ],
    ['a clock that stands', { clock: 4 }, 'the clock of event 3 does not rise'],
  ])('tells of %s, and does not move', (_, over, wrong) => {
    const lines = chainOf(2);
    const chain = new LineChain(NO_LINES);
    for (const line of lines) chain.add(JSON.parse(line) as Envelope, line);
    const next = event(3, lineHash(lines[1]!), over);
    expect(chain.add(next, encodeEvent(next))).toBe(wrong);
    expect(chain.end.seq).toBe(2);
    const right = event(3, lineHash(lines[1]!));
    expect(chain.add(right, encodeEvent(right))).toBeUndefined();
  });
});

describe('a line by its number', () => {
  const lines = chainOf(9);
  const bytes = (from: number, to: number): Buffer =>
    Buffer.from(
      lines
        .slice(from - 1, to)
        .map((line) => `${line}\n`)
        .join(''),
    );
  const blobs: Record<string, Buffer> = { a: bytes(1, 3), b: bytes(4, 6) };
  const reader = {
    object: async (id: string) => (blobs[id] ? { type: 'blob', bytes: blobs[id] } : undefined),
  };
  const lane: StoredLane = {
    log: 'sessions/one',
    writer: 'w1',
    segments: [
      { id: 'a', name: 'events-0000000001-one.ndjson' },
      { id: 'b', name: 'events-0000000004-one.ndjson' },
    ],
    payloads: new Map(),
    // A dead process left two lines in both places.
    loose: bytes(5, 9),
  };
  const expected = (seq: number) => ({ seq, hash: lineHash(lines[seq - 1]!), clock: seq * 2 });

  it('is found in git and in the write-ahead file', async () => {
    for (let seq = 1; seq <= 9; seq += 1) expect(await lineAt(reader, lane, seq)).toEqual(expected(seq));
  });

  it('without a number is the last', async () => {
    expect(await lineAt(reader, lane)).toEqual(expected(9));
    expect(await lineAt(reader, { ...lane, loose: Buffer.alloc(0) })).toEqual(expected(6));
  });

  it('that comes later is the last there is', async () => {
    expect(await lineAt(reader, { ...lane, loose: Buffer.alloc(0) }, 8)).toEqual(expected(6));
  });

  it('of a lane without lines is none', async () => {
    expect(await lineAt(reader, { ...lane, segments: [], loose: Buffer.alloc(0) })).toEqual(NO_LINES);
  });

  it('whose blob is gone is damage', async () => {
    const broken = {
      ...lane,
      segments: [{ id: 'gone', name: 'events-0000000001-one.ndjson' }],
      loose: Buffer.alloc(0),
    };
    await expect(lineAt(reader, broken)).rejects.toMatchObject({ code: 'log.damaged' });
  });
});
