import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { historySizeText, inventoryText, uninstallPlanText } from '../../src/cli/history-text.ts';

const color = new Chalk({ level: 0 });
const trace = (kind: string, name: string, bytes: number | null = null, what = 'w') => ({ kind, name, bytes, what });
const ESC = '\u001b[31m';

describe('the list of traces', () => {
  const items = [
    trace('sessions', 'refs/amp/sessions/s1/w1'),
    trace('sessions', 'refs/amp/sessions/s2/w1'),
    trace('notes', 'refs/notes/amp'),
    trace('branch', 'refs/heads/amp/x/1'),
    trace('worktree', '/r/.worktrees/s1', 2048),
    trace('worktree', '/r/.worktrees/s2', 1024),
    trace('file', '/r/.git/amp/cache', 10),
    trace('outside', '/home/u/.cache/amp-sessions', 0),
  ];

  it('is one line a kind of ref, with files by name', () => {
    expect(
      inventoryText(items, color, false)
        .split('\n')
        .map((line) => line.replace(/ {2,}/g, ' | ')),
    ).toEqual([
      'KIND | COUNT | ON DISK | WHERE | WHAT',
      'sessions | 2 | – | refs/amp/sessions/… | w',
      'notes | 1 | – | refs/notes/amp | w',
      'branch | 1 | – | refs/heads/… | w',
      'worktree | 2 | 3.0 KiB | worktrees | w',
      'file | 1 | 10 B | /r/.git/amp/cache | w',
      'outside | 1 | 0 B | /home/u/.cache/amp-sessions | w',
    ]);
  });

  it('is one line each when asked for in full', () => {
    const lines = inventoryText(items, color, true).split('\n');
    expect(lines).toHaveLength(items.length + 1);
    for (const { name } of items) expect(lines.some((line) => line.includes(name))).toBe(true);
  });

  it('shows nothing raw, and is a title alone when there is nothing', () => {
    expect(inventoryText([trace('branch', `refs/heads/${ESC}x`)], color, true)).not.toContain('\u001b');
    expect(inventoryText([], color, false).split('\n')).toHaveLength(1);
  });
});

describe('what history costs', () => {
  const size = {
    kinds: [
      { kind: 'sessions', refs: 2, bytes: 4096 },
      { kind: 'branches', refs: 0, bytes: 0 },
    ],
    refs: { all: 2, loose: 1 as number | null },
    bytes: 4096,
    files: { wal: 10, cache: 20, all: 100 },
    fetch: { bytes: 4000, withoutCode: 300 },
    advertisedBytes: 168,
    sessions: [{ session: 's1', name: `${ESC}login`, bytes: 4000 }],
  };

  it('is told by kind, in sum, and by the biggest logs', () => {
    const text = historySizeText(size, color);
    expect(text).toContain('in git           4.0 KiB that nothing else leads to, 2 refs, 1 loose');
    expect(text).toContain('in .git/amp      100 B, of it 10 B on the way into git, 20 B cache');
    expect(text).toContain('a first sync     3.9 KiB, history alone 300 B');
    expect(text).toContain("others' fetches  168 B more to list, each time");
    expect(text).toMatch(/s1 .*login .*3\.9 KiB$/);
    expect(text).not.toContain('\u001b');
  });

  it('says nothing of loose refs where there are none to count, nor of logs that are not', () => {
    const text = historySizeText({ ...size, refs: { all: 1, loose: null }, sessions: [] }, color);
    expect(text).toContain('leads to, 1 ref\n');
    expect(text).not.toContain('BIGGEST');
  });
});

describe('what uninstall would remove', () => {
  const plan = {
    keepHistory: false,
    worktrees: ['/r/.worktrees/s1'],
    branches: ['refs/heads/amp/a/1', 'refs/heads/amp/b/1', 'refs/heads/amp/c/1', 'refs/heads/amp/d/1'],
    refs: [] as string[],
    files: ['/r/.git/amp'],
    lines: ['/.worktrees/'],
    losses: [] as { session: string; name: string; what: string }[],
  };

  it('names the first few of each kind, and what would be lost', () => {
    const losses = [{ session: 's1', name: `a${ESC}`, what: '1 commit in no other branch' }];
    const text = uninstallPlanText({ ...plan, losses }, color);
    expect(text.split('\n')).toEqual([
      'to be removed, with the whole history:',
      '  worktrees /r/.worktrees/s1',
      '  branches  refs/heads/amp/a/1, refs/heads/amp/b/1, refs/heads/amp/c/1, … 4 in all',
      '  files     /r/.git/amp',
      '  lines     /.worktrees/',
      'would be lost:',
      expect.stringMatching(/^ {2}✗ s1 \(a.*\): 1 commit in no other branch$/),
    ]);
    expect(text).not.toContain('\u001b');
  });

  it('says that history stays, or that there is nothing', () => {
    expect(uninstallPlanText({ ...plan, keepHistory: true }, color)).toMatch(/^to be removed, the history stays:/);
    const none = { ...plan, worktrees: [], branches: [], files: [], lines: [] };
    expect(uninstallPlanText(none, color)).toBe('nothing of the program is in this repository');
  });
});
