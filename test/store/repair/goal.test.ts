import { describe, expect, test } from 'vitest';
import { encodeEvent, lineHash } from '../../../src/events/codec.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { type FoundLine, linesOf } from '../../../src/store/repair/chain.ts';
import { type Evidence, findGoal } from '../../../src/store/repair/goal.ts';
import { created, draft, eventsOf } from '../../support/events.ts';

const LANE = { log: sessionLog('s000000001'), writer: 'w000000001' };

const textOf = (count: number, word = 'name'): string =>
  eventsOf([
    draft('session.created', created()),
    ...Array.from({ length: count - 1 }, (_, at) =>
      draft('session.renamed', { name: `${word} ${at}`, previous: `${word} ${at - 1}` }),
    ),
  ])
    .map((event) => `${encodeEvent(event)}\n`)
    .join('');

/** The true lines, as they lie here (null) or with somebody else. */
const lines = (count: number, source: string | null = null, word = 'name'): FoundLine[] =>
  linesOf(Buffer.from(textOf(count, word)), LANE, source).lines;

const TRUE = lines(10);

/** A line with other content; its successor, if there is one, tells on it. */
const changed = (line: FoundLine, source: string | null = null): FoundLine => {
  const bytes = Buffer.from(line.bytes.toString().replace('name', 'NAME'));
  return { ...line, bytes, hash: lineHash(bytes), source };
};

const evidence = (over: Partial<Evidence>): Evidence => ({
  lines: [],
  heads: [],
  torn: Buffer.alloc(0),
  last: 0,
  ...over,
});

const goalOf = (over: Partial<Evidence>) => {
  const { lines: found, lost } = findGoal(evidence(over));
  return { hashes: found.map(({ hash }) => hash), sources: found.map(({ source }) => source), lost };
};

const hashes = TRUE.map(({ hash }) => hash);
const without = (...seqs: number[]): FoundLine[] => TRUE.filter(({ seq }) => !seqs.includes(seq));
const theirs = lines(10, 'them');

describe('lines that are whole', () => {
  test('are the goal, wherever they lie and in whatever order', () => {
    expect(goalOf({ lines: TRUE })).toMatchObject({ hashes, lost: null });
    expect(goalOf({ lines: [...TRUE].reverse() })).toMatchObject({ hashes, lost: null });
    expect(goalOf({ lines: [...theirs, ...TRUE] }).sources).toEqual(Array(10).fill(null));
  });

  test('nothing is a goal of nothing', () => {
    expect(goalOf({})).toEqual({ hashes: [], sources: [], lost: null });
  });
});

describe('a line that is gone', () => {
  test.each([[[1]], [[5]], [[9]], [[4, 5, 6]], [[1, 2, 3, 4, 5, 6, 7, 8, 9]]])(
    '%j is taken where the next one calls for it, through any number of them',
    (gone) => {
      const found = goalOf({ lines: [...without(...gone), ...theirs] });
      expect(found).toMatchObject({ hashes, lost: null });
      expect(found.sources.flatMap((source, at) => (source === null ? [] : [at + 1]))).toEqual(gone);
    },
  );

  test('is lost when nobody has it', () => {
    expect(goalOf({ lines: without(5) }).lost).toEqual({ from: 5, to: 10 });
    expect(goalOf({ lines: without(10), last: 10 }).lost).toEqual({ from: 10, to: 10 });
  });

  test('is not replaced by one that looks like it', () => {
    const alike = [changed(theirs[4]!, 'them')];
    expect(goalOf({ lines: [...without(5), ...alike] })).toMatchObject({ lost: { from: 5 } });
    expect(goalOf({ lines: [...without(5), ...alike, ...theirs] })).toMatchObject({ hashes, lost: null });
  });

  test('at the end comes back only where a commit, or its own torn beginning, calls for it', () => {
    const rest = without(10);
    expect(goalOf({ lines: [...rest, theirs[9]!] }).hashes).toHaveLength(9);
    const head = { seq: 10, hash: hashes[9]!, source: 'them' };
    expect(goalOf({ lines: [...rest, theirs[9]!], heads: [head] }).hashes).toEqual(hashes);
    const torn = TRUE[9]!.bytes.subarray(0, 230);
    expect(goalOf({ lines: [...rest, theirs[9]!], torn }).hashes).toEqual(hashes);
    expect(goalOf({ lines: [...rest, theirs[9]!], torn: torn.subarray(0, 50) }).hashes).toHaveLength(9);
    expect(
      goalOf({ lines: [...rest, changed(theirs[9]!, 'them')], torn: TRUE[9]!.bytes.subarray(0, 330) }).hashes,
    ).toHaveLength(9);
  });
});

describe('a line that was changed', () => {
  test('gives way to the one that the next line calls for', () => {
    for (let at = 1; at < 9; at++) {
      const spoiled = TRUE.with(at, changed(TRUE[at]!));
      expect(goalOf({ lines: [...spoiled, ...theirs] })).toMatchObject({ hashes, lost: null });
      expect(goalOf({ lines: spoiled }).lost).toMatchObject({ from: at + 1 });
    }
  });

  test('at the end gives way to the one that its commit calls for, and else stays', () => {
    const spoiled = TRUE.with(9, changed(TRUE[9]!));
    const head = { seq: 10, hash: hashes[9]!, source: null };
    expect(goalOf({ lines: [...spoiled, ...theirs], heads: [head] })).toMatchObject({ hashes, lost: null });
    expect(goalOf({ lines: spoiled, heads: [head] }).lost).toEqual({ from: 10, to: 10 });
    expect(goalOf({ lines: [...spoiled, ...theirs] }).hashes.at(-1)).toBe(spoiled[9]!.hash);
  });

  test('whose `prev` is another calls for nothing that is believed', () => {
    const bytes = Buffer.from(TRUE[5]!.bytes.toString().replace(/"prev":"./, '"prev":"x'));
    const [broken] = linesOf(Buffer.concat([bytes, Buffer.from('\n')]), LANE, null).lines;
    expect(goalOf({ lines: [...TRUE.with(5, broken!), ...theirs] })).toMatchObject({ hashes, lost: null });
  });
});

describe('another history', () => {
  test('of somebody else never takes the place of our lines, even where commits vouch for it', () => {
    const other = lines(12, 'them', 'other');
    const heads = other.map(({ seq, hash }) => ({ seq, hash, source: 'them' }));
    expect(goalOf({ lines: [...TRUE, ...other], heads }).hashes).toEqual(hashes);
    expect(goalOf({ lines: [...without(5), ...other], heads }).lost).toMatchObject({ from: 5 });
  });

  test('that goes on from ours is taken as far as its commits vouch for it', () => {
    const longer = lines(14, 'them');
    const heads = [{ seq: 12, hash: longer[11]!.hash, source: 'them' }];
    expect(goalOf({ lines: [...TRUE, ...longer], heads }).hashes).toHaveLength(12);
    expect(goalOf({ lines: [...TRUE, ...longer] }).hashes).toHaveLength(10);
  });
});

describe('reading lines', () => {
  test('strangers, torn ones and bytes that are no text are counted, never taken', () => {
    const good = textOf(3);
    const stranger = good.split('\n')[0]!.replace('w000000001', 'w000000002');
    const bytes = Buffer.concat([
      Buffer.from(`${good}${stranger}\n{}\n\n`),
      Buffer.from([0x7b, 0xff, 0x7d, 10]),
      Buffer.from('{"seq":4'),
    ]);
    const found = linesOf(bytes, LANE, null);
    expect([found.lines.length, found.strange]).toEqual([3, 5]);
    expect(linesOf(Buffer.alloc(0), LANE, null)).toEqual({ lines: [], strange: 0 });
  });
});
