import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { eventText } from '../../src/cli/event-text.ts';
import { restoredText, snapshotsText } from '../../src/cli/snapshot-text.ts';
import { draft, eventsOf, ID } from '../support/events.ts';

const color = new Chalk({ level: 0 });
const AT = '2026-11-22T13:00:00.000Z';
const ESC = '\u001b]0;x\u0007';
const snapshot = {
  number: 3,
  commit: ID('a'),
  reason: 'rebase',
  at: AT,
  changes: 2,
  bytes: 1536,
  skipped: [] as never[],
};

describe('a list of snapshots', () => {
  it('is a table, with what each could not hold', () => {
    const skipped = [{ path: `big${ESC}`, why: 'large' }];
    const found = {
      name: 'login',
      snapshots: [
        { ...snapshot, skipped },
        { ...snapshot, number: 2, reason: 'iteration' },
      ],
    };
    const lines = snapshotsText(found, color, '2026-11-22T14:00:00.000Z').split('\n');
    expect(lines.map((line) => line.trim().replace(/ {2,}/g, ' | '))).toEqual([
      'N | COMMIT | TAKEN | WHEN | PATHS | SIZE | WITHOUT',
      expect.stringMatching(/^3 \| a{12} \| 1h ago \| before rebase \| 2 \| 1\.5 KiB \| big/),
      expect.stringMatching(/^2 \| a{12} \| 1h ago \| at the end of an iteration \| 2 \| 1\.5 KiB \| –$/),
    ]);
    expect(lines.join()).not.toContain('\u001b');
  });

  it('says when there is none', () => {
    expect(snapshotsText({ name: 'login', snapshots: [] }, color, AT)).toMatch(/^login has no snapshot here/);
  });
});

describe('what restore brought back', () => {
  const done = {
    session: 's1',
    name: 'login',
    worktree: '/r/.worktrees/s1',
    snapshot,
    written: ['a.txt', `${ESC}b`],
    removed: ['c.txt'],
    same: 1,
    nested: ['sub'],
    branchMoved: true,
    kept: 4 as number | null,
    recreated: true,
    dryRun: false,
  };

  it('is told path by path, with the way back', () => {
    const text = restoredText(done, color);
    expect(text.split('\n')).toEqual([
      `✓ snapshot 3 of login (before rebase, ${AT}) brought back`,
      '  the worktree was gone and was made again: /r/.worktrees/s1',
      '  + a.txt',
      expect.stringMatching(/^ {2}\+ .*b$/),
      '  - c.txt',
      '  1 path as in the snapshot already',
      '  ! sub is a repository of its own: no snapshot holds its files',
      "  the branch has gone on since; look with: git -C '/r/.worktrees/s1' diff",
      '  what was uncommitted before: amp-sessions restore s1 --snapshot 4',
    ]);
    expect(text).not.toContain('\u001b');
  });

  it('is short where little is to say, cut where there is much, and a wish in a dry run', () => {
    const little = { ...done, written: [], removed: [], same: 0, nested: [], branchMoved: false, kept: null };
    expect(restoredText({ ...little, recreated: false }, color).split('\n')).toHaveLength(1);
    const many = Array.from({ length: 30 }, (_, at) => `f${at}`);
    expect(restoredText({ ...done, written: many }, color)).toContain('  … 10 more; --json lists them');
    const dry = restoredText({ ...done, dryRun: true }, color);
    expect(dry).toMatch(/^dry run: would bring back snapshot 3/);
    expect(dry).toContain('would make the worktree again');
    expect(dry).not.toContain('gone on since');
  });
});

describe('events of snapshots', () => {
  const line = (...args: Parameters<typeof draft>) => eventText(eventsOf([draft(...args)])[0]!, color);
  const taken = { number: 1, commit: ID('a'), head: ID('b'), changes: 1, bytes: 2, state: 's', skipped: [] };

  it('are told in one line each', () => {
    expect(line('snapshot.taken', { ...taken, reason: 'iteration' })).toBe(
      'snapshot 1 of 1 uncommitted path, at the end of an iteration',
    );
    const skipped = [{ path: 'big', why: 'large' as const }];
    expect(line('snapshot.taken', { ...taken, reason: 'undo', changes: 2, skipped })).toBe(
      'snapshot 1 of 2 uncommitted paths, before undo, without 1 path',
    );
    const restore = { number: 1, commit: ID('a'), files: 2, removed: 1 };
    expect(line('snapshot-restore.started', { ...restore, kept: null })).toBe('bringing back snapshot 1');
    expect(line('snapshot-restore.started', { ...restore, kept: 2 })).toBe(
      'bringing back snapshot 1; what was there is snapshot 2',
    );
    expect(line('snapshot.restored', restore)).toBe('✓ snapshot 1 brought back: 2 files written, 1 removed');
  });
});
