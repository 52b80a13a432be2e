import { describe, expect, it } from 'vitest';
import { encodeEvent } from '../../src/events/codec.ts';
import { uniteNotes } from '../../src/store/notes/note-lines.ts';
import type { ObjectReader } from '../../src/store/notes/plan-notes.ts';
import { encodeCommit } from '../../src/store/objects/encode.ts';
import { relateChains } from '../../src/store/sync/relate-chains.ts';
import { parseSyncRef } from '../../src/store/sync/sync-refs.ts';

const id = (name: string): string => Buffer.from(name.padEnd(20, '.')).toString('hex');

/** Commits by name, each with its parents; what is read is counted. */
const chain = (commits: Record<string, string[]>): ObjectReader & { reads: number } => {
  const objects = new Map(
    Object.entries(commits).map(([name, parents]) => {
      const fields = { tree: id('tree'), parents: parents.map(id), at: '2026-11-22T00:00:00.000Z', message: name };
      return [id(name), { type: 'commit', bytes: encodeCommit(fields) }];
    }),
  );
  return {
    reads: 0,
    async object(wanted) {
      this.reads += 1;
      return wanted === id('blob') ? { type: 'blob', bytes: Buffer.alloc(0) } : objects.get(wanted);
    },
  };
};

describe('two ends of a chain', () => {
  const reader = chain({ a: [], b: ['a'], c: ['b'], d: ['c'], x: ['b'], m: ['x', 'd'], r: [], torn: ['gone'] });
  it.each([
    ['d', 'd', 'same'],
    ['d', 'a', 'ahead'],
    ['a', 'd', 'behind'],
    ['d', 'x', 'diverged'],
    ['d', 'r', 'diverged'],
    ['r', 'd', 'diverged'],
    ['d', 'missing', 'unknown'],
    ['d', 'blob', 'unknown'],
    ['d', 'torn', 'diverged'],
    // Only a first parent is a way back: another end must not be smuggled in beside it.
    ['d', 'm', 'diverged'],
  ] as const)('%s to %s is %s', async (ours, theirs, relation) => {
    expect(await relateChains(reader, id(ours), id(theirs))).toBe(relation);
  });

  it('takes as long as they differ, not as long as they are', async () => {
    const long = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`n${n}`, n === 0 ? [] : [`n${n - 1}`]]));
    const counted = chain(long);
    expect(await relateChains(counted, id('n4999'), id('n4995'))).toBe('ahead');
    expect(counted.reads).toBeLessThan(20);
    expect(await relateChains(counted, id('n0'), id('n4999'))).toBe('behind');
  });
});

describe('names that travel', () => {
  it.each([
    ['refs/amp/sessions/abc/w1', 'log'],
    ['refs/amp/batches/b-1/w_2', 'log'],
    ['refs/amp/code/abc/w1', 'code'],
    ['refs/amp/snapshots/abc', 'snapshot'],
  ])('%s', (ref, kind) => expect(parseSyncRef(ref)).toMatchObject({ ref, kind }));

  it.each([
    'refs/amp/snapshots/-x',
    'refs/amp/snapshots/abc/w1',
    'refs/amp/sessions/abc',
    'refs/amp/sessions/-x/w',
    'refs/amp/sessions/a/b/c',
    'refs/amp/code/--output=x/w',
    'refs/amp/sessions/a\u202eb/w',
    'refs/amp/sessions/abc/w1\n',
    'refs/heads/main',
    'xrefs/amp/sessions/abc/w1',
  ])('%j stays', (ref) => expect(parseSyncRef(ref)).toBeUndefined());
});

describe('two notes on one commit', () => {
  const line = (writer: string, seq: number, clock: number, name = 'x'): string =>
    encodeEvent({
      v: 1,
      log: 'sessions/abc',
      writer,
      seq,
      clock,
      at: '2026-11-22T00:00:00.000Z',
      by: 'user',
      type: 'session.renamed',
      data: { name, previous: 'y' },
      prev: '0'.repeat(64),
    } as never);
  const note = (...lines: string[]): Buffer => Buffer.from(lines.map((text) => `${text}\n`).join(''));

  it('become one with the lines of both, either way round', () => {
    const one = note('a word of mine', line('w1', 1, 1), line('w1', 2, 4));
    const other = note(line('w2', 1, 2), line('w1', 1, 1), 'another word');
    const both = note('a word of mine', 'another word', line('w1', 1, 1), line('w2', 1, 2), line('w1', 2, 4));
    expect(uniteNotes(one, other).toString()).toBe(both.toString());
    expect(uniteNotes(other, one).toString()).toBe(both.toString());
    expect(uniteNotes(both, one)).toEqual(both);
    expect(uniteNotes(both, both)).toEqual(both);
  });

  it('say each event once, at its fullest', () => {
    const [short, long] = [line('w1', 1, 1, 'n'), line('w1', 1, 1, 'name')];
    expect(uniteNotes(note(short), note(long))).toEqual(note(long));
    expect(uniteNotes(note(long), note(short))).toEqual(note(long));
  });

  it('stay within what is read in a terminal, the oldest going first', () => {
    const lines = (writer: string) => Array.from({ length: 12 }, (_, n) => line(writer, n + 1, n + 1));
    const united = uniteNotes(note(...lines('w1')), note('stays', ...lines('w2')));
    expect(united.length).toBeLessThanOrEqual(4096);
    expect(united.toString().startsWith('stays\n')).toBe(true);
    expect(united.toString()).toContain(line('w2', 12, 12));
    expect(united.toString()).not.toContain(line('w1', 1, 1));
    expect(uniteNotes(united, note(...lines('w1')))).toEqual(united);
  });
});
