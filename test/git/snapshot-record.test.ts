import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot, type SnapshotRecord, stateOf } from '../../src/git/snapshot-record.ts';

const id = fc.stringMatching(/^[0-9a-f]{40}$/);
const count = fc.nat();
const text = fc.string({ unit: 'binary' }).filter((one) => !/\p{Surrogate}/u.test(one));
const record: fc.Arbitrary<SnapshotRecord> = fc.record({
  number: count,
  oldest: count,
  session: fc.stringMatching(/^[a-z0-9]{10}$/),
  reason: fc.constantFrom('iteration', 'rebase', 'rm'),
  at: fc.constant('2026-11-22T13:00:00.000Z'),
  changes: count,
  bytes: count,
  totalBytes: count,
  state: fc.stringMatching(/^[0-9a-f]{32}$/),
  skipped: fc.array(fc.record({ path: text, why: fc.constantFrom('large', 'special', 'nested') })),
  formerly: fc.array(id, { maxLength: 3 }),
});

describe('a snapshot as a commit', () => {
  it('comes back as it was, whatever the names of the paths that it could not hold', () => {
    fc.assert(
      fc.property(record, id, id, fc.option(id), (said, tree, head, previous) => {
        const found = decodeSnapshot('c', encodeSnapshot(said, { tree, head, previous }));
        expect(found).toEqual({ ...said, commit: 'c', tree, head, previous });
      }),
      { numRuns: 200 },
    );
  });

  it('any other commit is none', () => {
    const [said] = fc.sample(record, 1);
    const id40 = 'a'.repeat(40);
    const whole = encodeSnapshot(said!, { tree: id40, head: id40, previous: id40 });
    const others = [
      '',
      'tree x\n\nplain',
      whole.replace('Amp-Snapshot: {', 'Amp-Snapshot: '),
      whole.replace('"number":', '"other":'),
      whole.replace('"skipped":[', '"skipped":{},"x":['),
      whole.replaceAll(/^parent .*\n/gm, ''),
      whole.replace(/^author/m, `parent ${id40}\nauthor`),
    ];
    for (const other of others) expect(decodeSnapshot('c', other), other).toBeUndefined();
  });

  it('its state tells paths and contents, in whatever order they come', () => {
    const a = { path: 'a', object: '1' };
    const b = { path: 'b', object: null };
    expect(stateOf([a, b])).toBe(stateOf([b, a]));
    const different = [
      [],
      [a],
      [b],
      [a, b],
      [{ ...a, object: null }, b],
      [{ path: 'a 1', object: '' }],
      [{ path: 'a', object: '2' }],
    ];
    expect(new Set(different.map((one) => stateOf(one as never))).size).toBe(different.length);
  });
});
