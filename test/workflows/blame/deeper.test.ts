import { describe, expect, it } from 'vitest';
import type { Blame } from '../../../src/git/blame.ts';
import { openLines, overlaid, rangesOf } from '../../../src/workflows/blame/deeper.ts';
import { graftsOf, type Passage } from '../../../src/workflows/blame/grafts.ts';

const commit = (id: string) => ({ id, author: { name: 'n', email: 'e' }, authoredAt: '', subject: id });

const blameOf = (lines: Record<number, string | null>): Blame => ({
  lines: Object.entries(lines).map(([line, id]) => ({ line: Number(line), text: line, commit: id })),
  commits: new Map(Object.values(lines).flatMap((id) => (id === null ? [] : [[id, commit(id)]]))),
});

describe('a look deeper', () => {
  it('is at the lines of commits with other parents that were not followed yet', () => {
    const blame = blameOf({ 1: 'a', 2: 'b', 3: null, 4: 'b', 5: 'c' });
    const grafts = new Map(Object.entries({ b: ['x', 'y'], c: ['z'], unseen: ['x'] }));
    expect(openLines(blame, grafts, new Map())).toEqual([2, 4, 5]);
    expect(openLines(blame, grafts, new Map([['b', ['x', 'y']]]))).toEqual([5]);
    expect(
      openLines(
        blame,
        grafts,
        new Map([
          ['b', ['x']],
          ['c', ['z']],
        ]),
      ),
    ).toEqual([2, 4]);
    expect(openLines(blame, grafts, grafts)).toEqual([]);
  });

  it('is at ranges of lines, unless there are too many', () => {
    expect(rangesOf([2, 3, 4, 7, 9, 10])).toEqual([
      { from: 2, to: 4 },
      { from: 7, to: 7 },
      { from: 9, to: 10 },
    ]);
    const every = (count: number, step: number) => Array.from({ length: count }, (_, at) => at * step + 1);
    expect(rangesOf(every(1000, 1))).toEqual([{ from: 1, to: 1000 }]);
    expect(rangesOf(every(100, 2))).toHaveLength(100);
    expect(rangesOf(every(101, 2))).toBeUndefined();
  });

  it('leaves the other lines, and forgets commits that have none any more', () => {
    const { lines, commits } = overlaid(blameOf({ 1: 'a', 2: 'b', 3: null, 4: 'b' }), blameOf({ 2: 'c', 4: 'a' }));
    expect(lines.map((line) => line.commit)).toEqual(['a', 'c', null, 'a']);
    expect([...commits.keys()].sort()).toEqual(['a', 'c']);
  });
});

describe('other parents', () => {
  const parents: Record<string, string[]> = { root: [], a: ['root'], b: ['a'], c: ['root'], d: ['root'] };
  const graft = async (...passages: Passage[]) =>
    Object.fromEntries(await graftsOf(passages, async (id) => parents[id]));

  it('stand before a commit’s own where the files are the same, after them otherwise, each once', async () => {
    expect(await graft({ of: 'c', to: ['b'], first: true })).toEqual({ c: ['b', 'root'] });
    expect(await graft({ of: 'c', to: ['b', 'root', 'b'], first: false })).toEqual({ c: ['root', 'b'] });
    const both = await graft({ of: 'c', to: ['a'], first: false }, { of: 'c', to: ['b'], first: true });
    expect(both).toEqual({ c: ['b', 'root', 'a'] });
  });

  it('never lead in a circle, and never to a commit that is not there', async () => {
    expect(await graft({ of: 'c', to: ['c'], first: true })).toEqual({});
    const back = await graft(
      { of: 'c', to: ['b'], first: false },
      { of: 'd', to: ['c'], first: false },
      { of: 'b', to: ['d'], first: false },
    );
    expect(back).toEqual({ c: ['root', 'b'], d: ['root', 'c'] });
    expect(await graft({ of: 'c', to: ['gone', 'b'], first: true })).toEqual({ c: ['b', 'root'] });
    expect(await graft({ of: 'gone', to: ['b'], first: true })).toEqual({});
  });
});
