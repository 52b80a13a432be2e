import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { checksText } from '../../src/cli/checks-text.ts';
import { diffStatText, patchText } from '../../src/cli/diff-text.ts';
import { listText } from '../../src/cli/list-text.ts';
import { landedText, pruneText } from '../../src/cli/prune-text.ts';
import { putAwayText } from '../../src/cli/put-away-text.ts';
import { newText, runText } from '../../src/cli/run-text.ts';
import { statusText } from '../../src/cli/status-text.ts';

const plain = new Chalk({ level: 0 });
const colored = new Chalk({ level: 1 });
const NOW = '2026-11-22T14:00:00.000Z';
const EVIL = 'x\u001b]52;c;ZXZpbA==\u0007\u001b[2Jy';
const usage = {
  tokensInput: 1000,
  tokensOutput: 2000,
  tokensCacheRead: 30_000,
  tokensCacheWrite: 4000,
  costUsd: null as number | null,
};

describe('list', () => {
  const item = {
    id: 'k000000001',
    name: EVIL,
    state: 'idle',
    branch: 'amp/x/1',
    iterations: 2,
    lastActivityAt: '2026-11-22T13:00:00.000Z',
    costUsd: null,
    tests: 'passed',
  };
  it('is a table, inert, with unknown cost as a dash', () => {
    const text = listText([item], plain, NOW);
    expect(text.split('\n')).toHaveLength(2);
    expect(text).toMatch(/k000000001 +xy +idle +2 +passed +– +1h/);
    expect(text).not.toContain('\u001b');
  });
  it('shows known money and the repository where there are many', () => {
    const text = listText([{ ...item, costUsd: 1.5, repository: '/srv/repo' }], plain, NOW);
    expect(text).toContain('$1.50');
    expect(text).toContain('/srv/repo');
  });
});

describe('a run', () => {
  const run = {
    iteration: 1,
    outcome: 'completed',
    commit: 'abcdef0123',
    subject: `amp: ${EVIL}`,
    files: 1,
    insertions: 3,
    deletions: 1,
    durationMs: 65_000,
    usage,
  };
  it('says commit, size, time, tokens, unknown cost and the verdict against the base', () => {
    const text = runText({ ...run, tests: { exitCode: 1, durationMs: 900, verdict: 'newly-failing' } }, plain);
    expect(text).toContain('✓ iteration 1 completed: abcdef01 amp: xy');
    expect(text).toContain('1 file +3 -1, 1m 05s, 37.0k tokens, cost unknown');
    expect(text).toContain('✗ tests fail, and passed on the base');
  });
  it('says when nothing changed', () => {
    expect(runText({ ...run, commit: undefined, outcome: 'interrupted' }, plain)).toContain(
      '● iteration 1 interrupted: nothing changed',
    );
    expect(runText({ ...run, commit: undefined, files: 0 }, plain)).not.toContain('0 files');
  });
  it('names a new session’s worktree', () => {
    expect(
      newText({ id: 'k1', name: 'n', branch: 'amp/n/1', worktree: '/w', base: null, baseCommit: 'abcdef0123' }, plain),
    ).toContain('an empty repository abcdef01');
  });
});

describe('status', () => {
  const status = {
    id: 'k1',
    name: 'n',
    state: 'idle',
    branch: 'b',
    worktree: '/w',
    hasWorktree: true,
    base: 'main',
    baseCommit: 'abcdef0123',
    createdAt: NOW,
    lastActivityAt: NOW,
    agent: 'amp',
    mode: 'high',
    agentCommand: null,
    prompt: EVIL,
    testCommand: 'npm test',
    comparison: 'newly-failing',
    usage,
    lastTests: {
      exitCode: 1,
      outputTail: `${Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n')}\n${EVIL}\n`,
    },
    history: [
      {
        iteration: 1,
        outcome: 'completed',
        commit: 'abcdef0123',
        subject: 'amp: did',
        files: 1,
        insertions: 1,
        deletions: 0,
        durationMs: 1000,
        failure: null,
        tests: { verdict: 'newly-failing' },
      },
      {
        iteration: 2,
        outcome: 'failed',
        files: 0,
        insertions: 0,
        deletions: 0,
        durationMs: 10,
        failure: { message: 'Out of credits' },
      },
      { iteration: 3, outcome: null, files: 0, insertions: 0, deletions: 0, durationMs: null, failure: null },
    ],
    manualCommits: [{ commit: '1234567890', subject: 'mine', author: { name: 'Ann' } }],
    unknownEvents: 1,
  };
  it('shows everything once, inert, and only the end of failing output', () => {
    const text = statusText(status, plain, NOW);
    for (const part of [
      'amp (high)',
      'abcdef01 amp: did',
      'tests fail, and passed on the base',
      'Out of credits',
      '… 3  running',
      '1 manual commit:',
      '12345678 mine Ann',
      'line 39',
      '1 event of a newer version',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('line 20\n');
    expect(text).not.toContain('\u001b');
  });
  it('names what the agent runs, inert', () => {
    const text = statusText({ ...status, agent: 'command', mode: null, agentCommand: `make ${EVIL}` }, plain, NOW);
    expect(text).toMatch(/^agent {5}command: make /m);
    expect(text).not.toContain('\u001b');
  });
  it('has no heading over output that is empty', () => {
    const silent = { ...status, lastTests: { exitCode: 1, outputTail: '\n' } };
    expect(statusText(silent, plain, NOW)).not.toContain('The end of');
  });
  it('does not show the output of tests that passed', () => {
    expect(statusText({ ...status, comparison: 'passed' }, plain, NOW)).not.toContain('line 39');
  });
});

describe('diff', () => {
  const files = [
    { path: 'a.txt', status: 'modified', insertions: 100, deletions: 50 },
    { path: 'b.bin', status: 'added', insertions: null, deletions: null },
    { path: 'new name.txt', previousPath: 'old.txt', status: 'renamed', insertions: 0, deletions: 1 },
  ];
  it('adds up, names binary files and renames', () => {
    const text = diffStatText(files, plain);
    expect(text).toContain('b.bin');
    expect(text).toContain('binary');
    expect(text).toContain('old.txt → new name.txt');
    expect(text.split('\n').at(-1)).toBe('3 files, +100 -51');
    expect(diffStatText([], plain)).toBe('No changes.');
  });
  it('colours a patch after making it inert', () => {
    const patch = `diff --git a/x b/x\n@@ -1 +1 @@\n-old\n+${EVIL}\n context\n`;
    const text = patchText(patch, colored);
    expect(text).toContain('\u001b[32m+xy');
    expect(text).not.toContain('\u001b]52');
    expect(patchText(patch, plain)).toBe('diff --git a/x b/x\n@@ -1 +1 @@\n-old\n+xy\n context\n');
  });
});

describe('putting away', () => {
  const done = {
    session: 'k1',
    name: 'n',
    worktree: '/w',
    branch: 'b',
    commit: 'abcdef0123',
    landed: null,
    dryRun: false,
  };
  it('says what went, and what would', () => {
    expect(putAwayText(done, plain)).toContain('✓ removed the branch b (was abcdef01)');
    expect(putAwayText({ ...done, dryRun: true }, plain)).toContain('would remove the worktree /w');
    expect(putAwayText({ ...done, worktree: null, branch: null }, plain)).toContain('nothing was left to remove');
  });
  it('rm says where the work is, and nothing of it where the branch stays', () => {
    const landed = { how: 'squash-merged', into: 'main\u001b[31m' };
    expect(putAwayText({ ...done, landed }, plain)).toContain('  its work stays: squash-merged into main\n');
    expect(putAwayText({ ...done, landed, branch: null }, plain)).not.toContain('its work');
  });
  it('prune adds sizes up and says why the rest stays', () => {
    const item = { session: 'k1', name: 'n', reason: 'merged', into: 'main', worktree: '/w', branch: 'b', bytes: 2048 };
    const text = pruneText(
      [item, { ...item, session: 'k2', reason: 'empty', into: null }],
      [{ session: 'k3', name: 'm', why: '2 unmerged commits' }],
      plain,
    );
    expect(text).toMatch(/goes +k1 +n +2\.0 KiB +merged into main\n/);
    expect(text).toContain('its iterations changed nothing');
    expect(text).toMatch(/stays +k3 +m +2 unmerged commits/);
    expect(text).toContain('2 sessions can go, 4.0 KiB');
    expect(pruneText([], [], plain)).toBe('Nothing is safe to remove.');
  });
  it.each([
    ['merged', 'merged into main'],
    ['squash-merged', 'squash-merged into main'],
    ['rebased', 'rebased onto main'],
    ['same-content', 'main has the same content'],
    ['gone', 'its branch is gone already'],
    ['of-a-later-version', 'of-a-later-version'],
  ])('%s is “%s”', (how, words) => expect(landedText(how, 'main')).toBe(words));
});

describe('checks', () => {
  it('line up, with the next step only where one is needed', () => {
    const text = checksText(
      [
        { name: 'git', status: 'ok', detail: '2.39.5', hint: 'never shown' },
        { name: 'agent amp', status: 'failed', detail: EVIL, hint: 'Install it.' },
      ],
      plain,
    );
    expect(text).toBe('✓ git        2.39.5\n✗ agent amp  xy\n             → Install it.');
  });
});
