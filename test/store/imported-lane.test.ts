import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { type Envelope, GENESIS } from '../../src/events/envelope.ts';
import { encodeCommit, encodeTree } from '../../src/store/objects/encode.ts';
import { IMPORTED, relateImported } from '../../src/store/sync/imported-lane.ts';

const REF = 'refs/amp/sessions/one/w1';

/** One writer's lines; each proves those before it. */
const linesOf = (count: number, say = (seq: number): string => `word ${seq}`): string[] => {
  const lines: string[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const event: Envelope = {
      v: 1,
      log: 'sessions/one',
      writer: 'w1',
      seq,
      clock: seq,
      at: '2026-11-22T10:00:00.000Z',
      by: 'agent',
      type: 'future.said',
      data: { text: say(seq) },
      prev: lines.length > 0 ? lineHash(lines.at(-1)!) : GENESIS,
    };
    lines.push(encodeEvent(event));
  }
  return lines;
};

interface Flush {
  /** Of its first line. */
  first?: number;
  lines?: string[];
  files?: Record<string, string>;
}

/** Objects as git keeps them, in memory. */
const world = (format: 'sha1' | 'sha256' = 'sha1') => {
  const objects = new Map<string, { type: string; bytes: Buffer }>();
  const put = (type: string, bytes: Buffer): string => {
    const id = createHash(format).update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
    objects.set(id, { type, bytes });
    return id;
  };
  const blob = (name: string, text: string) => ({ mode: '100644', name, id: put('blob', Buffer.from(text)) });
  const flush = ({ first = 1, lines = [], files = {} }: Flush, parent: string | undefined, message: string): string => {
    const entries = Object.entries(files).map(([name, text]) => blob(name, text));
    const name = `events-${String(first).padStart(10, '0')}-one.ndjson`;
    if (lines.length > 0) entries.push(blob(name, lines.map((line) => `${line}\n`).join('')));
    const tree = put('tree', encodeTree(entries));
    const parents = parent === undefined ? [] : [parent];
    return put('commit', encodeCommit({ tree, parents, at: '2026-11-22T10:00:00.000Z', message }));
  };
  /** The last commit of a chain. */
  const chain = (message: string, ...flushes: Flush[]): string =>
    flushes.reduce<string | undefined>((tip, one) => flush(one, tip, message), undefined)!;
  const relate = (now: string, id: string, ref = REF) =>
    relateImported({ object: async (one) => objects.get(one) }, { ref, now, id });
  return { objects, chain, relate };
};

const OURS = `sessions/one: events\n\nAmp-Log: sessions/one\n${IMPORTED}`;
const THEIRS = 'sessions/one: events\n\nAmp-Log: sessions/one';

describe.each(['sha1', 'sha256'] as const)('an imported lane, %s', (format) => {
  const lines = linesOf(6);
  const { chain, relate } = world(format);
  const ours = chain(OURS, { lines: lines.slice(0, 4) });

  it.each([
    ['the same lines', [{ lines: lines.slice(0, 4) }]],
    ['the same lines, piece by piece', lines.slice(0, 4).map((line, at) => ({ first: at + 1, lines: [line] }))],
    ['more lines', [{ lines: lines.slice(0, 3) }, { first: 4, lines: lines.slice(3) }]],
    ['other files beside them', [{ lines: lines.slice(0, 4), files: { 'transcript-0000000004-one.ndjson': '{}\n' } }]],
  ])('gives way to %s', async (_, flushes) => {
    expect(await relate(ours, chain(THEIRS, ...flushes))).toBe('behind');
    expect(await relate(ours, chain(OURS, { files: { note: 'x' } }, ...flushes))).toBe('behind');
  });

  it('stays where it has more', async () => {
    for (const count of [1, 2, 3])
      expect(await relate(ours, chain(THEIRS, { lines: lines.slice(0, count) }))).toBe('ahead');
  });

  it.each([
    ['another line at its end', linesOf(4, (seq) => (seq === 4 ? 'no' : `word ${seq}`))],
    ['another line at its beginning', linesOf(6, (seq) => (seq === 1 ? 'no' : `word ${seq}`))],
    ['fewer lines, and one of them another', linesOf(2, (seq) => (seq === 2 ? 'no' : `word ${seq}`))],
    ['a line left out', [lines[0]!, ...lines.slice(2)]],
    ['a line changed, and those after it as they were', [lines[0]!.replace('word', 'weird'), ...lines.slice(1)]],
    ['a line twice', [lines[0]!, ...lines]],
    ['what is no event', [...lines.slice(0, 4), '{}']],
    ['a line of another writer', [lines[0]!.replace('"w1"', '"w2"'), ...lines.slice(1)]],
    ['a line of another log', [lines[0]!.replace('sessions/one', 'sessions/two'), ...lines.slice(1)]],
  ])('does not give way to %s', async (_, other) => {
    expect(await relate(ours, chain(THEIRS, { lines: other }))).toBe('diverged');
  });

  it('does not give way to the end of a lane alone, whose last line is right', async () => {
    expect(await relate(ours, chain(THEIRS, { first: 4, lines: lines.slice(3) }))).toBe('diverged');
    expect(await relate(ours, chain(THEIRS, { lines: [lines[0]!] }, { first: 4, lines: lines.slice(3) }))).toBe(
      'diverged',
    );
  });

  it('does not give way to a chain without lines, or whose lines have another log’s name', async () => {
    expect(await relate(ours, chain(THEIRS, { files: { readme: 'x' } }))).toBe('diverged');
    const text = lines.map((line) => `${line}\n`).join('');
    const files = { 'events-0000000001-two.ndjson': text };
    expect(await relate(ours, chain(THEIRS, { files }))).toBe('diverged');
  });
});

describe('what lines do not prove', () => {
  const lines = linesOf(3);
  const { chain, relate } = world();
  const files = { [`payload-${'a'.repeat(64)}`]: 'long', 'transcript-0000000002-one.ndjson': '{}\n' };

  it('has to be there too', async () => {
    const ours = chain(OURS, { lines, files });
    expect(await relate(ours, chain(THEIRS, { lines }))).toBe('diverged');
    const [payload] = Object.keys(files);
    expect(await relate(ours, chain(THEIRS, { lines, files: { [payload!]: 'long' } }))).toBe('diverged');
    expect(await relate(ours, chain(THEIRS, { lines, files: { ...files, [payload!]: 'other' } }))).toBe('diverged');
    expect(await relate(ours, chain(THEIRS, { files }, { lines }))).toBe('behind');
  });
});

describe('a lane that was not imported', () => {
  const lines = linesOf(4);
  const { chain, relate } = world();
  const theirs = chain(THEIRS, { lines });

  it('has diverged, whatever its lines are', async () => {
    const message = 'sessions/one: events\n\nAmp-Log: sessions/one\nAmp-Imported: no';
    expect(await relate(chain(message, { lines: lines.slice(0, 2) }), theirs)).toBe('diverged');
    const subject = `${IMPORTED} sessions/one\n\nAmp-Log: sessions/one`;
    expect(await relate(chain(subject, { lines: lines.slice(0, 2) }), theirs)).toBe('diverged');
  });

  it('is no lane at all: code, archives and snapshots have no lines', async () => {
    const ours = chain(OURS, { lines: lines.slice(0, 2) });
    for (const ref of ['refs/amp/code/one/w1', 'refs/amp/snapshots/one', 'refs/amp/archive/w1/2026-11', 'refs/heads/x'])
      expect(await relate(ours, theirs, ref)).toBe('diverged');
    expect(await relate(ours, theirs)).toBe('behind');
  });
});

describe('what is not all here', () => {
  const lines = linesOf(4);

  it('is not taken', async () => {
    const { objects, chain, relate } = world();
    const ours = chain(OURS, { lines: lines.slice(0, 2) });
    const before = new Set(objects.keys());
    const theirs = chain(THEIRS, { lines: [lines[0]!] }, { first: 2, lines: lines.slice(1) });
    expect(await relate(ours, theirs)).toBe('behind');
    for (const [id, object] of [...objects].filter(([one]) => !before.has(one))) {
      objects.delete(id);
      expect(await relate(ours, theirs)).toBe('diverged');
      objects.set(id, object);
    }
    expect(await relate(ours, theirs)).toBe('behind');
  });

  it('of ours is left as it is', async () => {
    const { objects, chain, relate } = world();
    const theirs = chain(THEIRS, { lines });
    const before = new Set(objects.keys());
    const ours = chain(OURS, { lines: lines.slice(0, 2) });
    for (const id of [...objects.keys()].filter((one) => !before.has(one))) {
      const object = objects.get(id)!;
      objects.delete(id);
      expect(await relate(ours, theirs)).toBe('diverged');
      objects.set(id, object);
    }
  });
});
