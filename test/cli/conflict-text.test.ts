import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { conflictFilesText, rebaseText } from '../../src/cli/conflict-text.ts';
import { eventText } from '../../src/cli/event-text.ts';
import { draft, eventsOf, ID } from '../support/events.ts';

const plain = new Chalk({ level: 0 });
const hunk = (startLine: number, endLine: number) => ({ startLine, endLine });
const done = {
  session: 's000000001',
  name: 'add-login',
  branch: 'amp/add-login/1',
  state: 'rebased',
  commit: ID('e'),
  previous: ID('c'),
  onto: { name: 'main', commit: ID('f') },
  rewritten: 2,
  dropped: [],
};

describe('the files of a conflict', () => {
  it('stand in columns, with the lines between markers', () => {
    const files = [
      { path: 'a.txt', kind: 'content', hunks: [hunk(2, 6), hunk(9, 9)] },
      { path: 'src/longer.txt', kind: 'modify/delete', hunks: [] },
    ];
    expect(conflictFilesText(files, plain)).toEqual([
      '  ✗ a.txt           content        lines 2-6, 9',
      '  ✗ src/longer.txt  modify/delete',
    ]);
  });

  it('with many places have the first ones named', () => {
    const hunks = Array.from({ length: 9 }, (_, at) => hunk(at * 10 + 1, at * 10 + 4));
    const [line] = conflictFilesText([{ path: 'a', kind: 'content', hunks }], plain);
    expect(line).toBe('  ✗ a  content  lines 1-4, 11-14, 21-24, 31-34, 41-44, 51-54, … 9 in all');
  });

  it('are inert, whatever their names', () => {
    const [line] = conflictFilesText([{ path: 'a\u001b[31m\nb', kind: 'content', hunks: [] }], plain);
    expect(line).not.toMatch(/[\u001b\n]/);
  });
});

describe('what a rebase came to', () => {
  const text = (over: Partial<Parameters<typeof rebaseText>[0]>) => rebaseText({ ...done, ...over }, plain);

  it('is told with the way back', () => {
    expect(text({ dropped: [ID('1')] })).toBe(
      [
        '✓ add-login rebased onto main ffffffff: 2 commits made anew, 1 there already or left out',
        '  amp/add-login/1: cccccccc → eeeeeeee',
        '  back: amp-sessions undo s000000001',
      ].join('\n'),
    );
    expect(text({ rewritten: 0, dropped: [ID('1'), ID('2')] })).toContain(
      'nothing of its own is left, 2 commits there already or left out',
    );
    expect(text({ state: 'up-to-date' })).toBe('✓ add-login stands on main ffffffff already');
  });

  it('names in full what keeps the work that was put away', () => {
    expect(text({ state: 'aborted', kept: ID('9') })).toBe(
      `✓ rebase of add-login given up; it is as before\n  what the worktree showed is kept in commit ${ID('9')}`,
    );
    expect(text({ kept: ID('9') })).toContain(`kept in commit ${ID('9')}`);
    expect(text({ state: 'aborted' })).not.toContain('kept');
  });

  it('or waits for: the commit, the files, where, and what comes after', () => {
    const files = [{ path: 'a.txt', kind: 'content', hunks: [hunk(2, 6)] }];
    const stop = {
      state: 'conflicted',
      conflicting: ID('c'),
      subject: 'Add\u0007 it',
      files,
      remaining: 1,
      worktree: '/w',
    };
    expect(text(stop)).toBe(
      [
        '● add-login waits on its way onto main ffffffff: cccccccc Add it, 1 commit after it',
        '  ✗ a.txt  content  lines 2-6',
        '  in /w; the branch is where it was',
      ].join('\n'),
    );
  });
});

describe('a line of the timeline', () => {
  const line = (...args: Parameters<typeof draft>) => eventText(eventsOf([draft(...args)])[0]!, plain);

  it('tells what is kept of a rebase that is given up, or of a commit that is left out', () => {
    expect(line('rebase-abort.started', { commit: ID('c'), kept: ID('9') })).toContain(
      'giving the rebase up; what the worktree showed is kept in 99999999',
    );
    expect(line('rebase-abort.started', { commit: ID('c'), kept: null })).not.toContain('kept');
    expect(line('conflict.resolved', { commit: ID('c'), as: null, by: 'skip', kept: ID('9') })).toContain(
      'cccccccc left out; what the worktree showed is kept in 99999999',
    );
    expect(line('conflict.resolved', { commit: ID('c'), as: ID('e'), by: 'agent', iteration: 3 })).toContain(
      'resolved by the agent in iteration 3',
    );
  });
});
