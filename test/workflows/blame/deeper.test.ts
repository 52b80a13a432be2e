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
  const commits: Record<string, { parents: string[]; committedAt: number }> = {
    root: { parents: [], committedAt: 1 },
    a: { parents: ['root'], committedAt: 2 },
    b: { parents: ['a'], committedAt: 3 },
    c: { parents: ['root'], committedAt: 4 },
    d: { parents: ['root'], committedAt: 5 },
    shallow: { parents: ['gone'], committedAt: 6 },
  };
  const asked: string[] = [];
  /** As git finds it, by walking. */
  const leads = async (from: string, to: string, grafts: Map<string, string[]>): Promise<boolean> => {
    asked.push(`${from} ${to}`);
    const seen = new Set<string>();
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (!seen.has(at)) open.push(...(grafts.get(at) ?? commits[at]?.parents ?? []));
      seen.add(at);
    }
    return seen.has(to);
  };
  const graft = async (...passages: Passage[]) => {
    asked.length = 0;
    return Object.fromEntries(await graftsOf(passages, async (id) => commits[id], leads));
  };

  it('stand before a commit’s own where the files are the same, after them otherwise, each once', async () => {
    expect(await graft({ of: 'c', to: ['b'], first: true })).toEqual({ c: ['b', 'root'] });
    expect(await graft({ of: 'c', to: ['b', 'root', 'b'], first: false })).toEqual({ c: ['root', 'b'] });
    const both = await graft({ of: 'c', to: ['a'], first: false }, { of: 'c', to: ['b'], first: true });
    expect(both).toEqual({ c: ['b', 'root', 'a'] });
    expect(asked).toEqual([]);
  });

  it('never lead in a circle: ways to older commits are sure, others are looked at, with all that is taken', async () => {
    expect(await graft({ of: 'c', to: ['c'], first: true })).toEqual({});
    const back = await graft(
      { of: 'b', to: ['d'], first: false },
      { of: 'c', to: ['b'], first: false },
      { of: 'd', to: ['c'], first: false },
    );
    expect(back).toEqual({ c: ['root', 'b'], d: ['root', 'c'] });
    expect(asked).toEqual(['d b']);
    expect(await graft({ of: 'a', to: ['b'], first: false })).toEqual({});
    expect(await graft({ of: 'b', to: ['c'], first: false })).toEqual({ b: ['a', 'c'] });
    const mutual = [
      { of: 'b', to: ['c'], first: false },
      { of: 'a', to: ['d', 'c'], first: false },
      { of: 'c', to: ['a'], first: true },
    ];
    expect(await graft(...mutual)).toEqual({ a: ['root', 'd'], b: ['a', 'c'], c: ['a', 'root'] });
  });

  it('never lead to a commit that is not there', async () => {
    expect(await graft({ of: 'c', to: ['gone', 'b'], first: true })).toEqual({ c: ['b', 'root'] });
    expect(await graft({ of: 'gone', to: ['b'], first: true })).toEqual({});
    expect(await graft({ of: 'shallow', to: ['b'], first: false })).toEqual({ shallow: ['b'] });
  });
});
