import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { resumeText } from '../../src/cli/resume-text.ts';
import { statusText } from '../../src/cli/status-text.ts';
import { chaptersText } from '../../src/cli/timeline-text.ts';
import { draft, eventsOf, ID } from '../support/events.ts';

const plain = new Chalk({ level: 0 });

describe('what resume says', () => {
  const done = {
    session: 's000000001',
    name: 'log\u001b[2Jin',
    branch: 'amp/login/1',
    worktree: '/repo/.worktrees/s000000001',
    commit: ID('c'),
    iterations: 2,
    state: 'resumed' as const,
    branchWas: 'missing',
    thread: { agent: 'amp', id: 'T-1' },
    untrusted: [] as string[],
    dryRun: false,
  };

  it('where the session stands now, and in which thread the agent goes on', () => {
    expect(resumeText(done, plain).split('\n')).toEqual([
      '✓ login resumed after 2 iterations',
      '  branch    amp/login/1 made at cccccccc',
      '  worktree  /repo/.worktrees/s000000001',
      '  agent     amp goes on in thread T-1',
    ]);
  });

  it.each([
    [{ state: 'there' as const, branchWas: 'there' }, 'is there already after 2 iterations', 'stands at'],
    [{ branchWas: 'behind' }, 'resumed after 2 iterations', 'brought up at'],
    [{ branchWas: 'behind', dryRun: true }, 'would be resumed after', 'would be brought up at'],
    [{ branchWas: 'missing', dryRun: true, iterations: 0 }, 'would be resumed\n', 'would be made at'],
    [{ branchWas: 'ahead' }, 'resumed', 'stands at'],
  ])('of %j', (over, what, branch) => {
    const text = resumeText({ ...done, ...over }, plain);
    expect(text).toContain(what);
    expect(text).toContain(`amp/login/1 ${branch}`);
  });

  it('what has to be confirmed first, made inert', () => {
    const text = resumeText(
      { ...done, thread: { agent: 'amp', id: null }, untrusted: ['rm -rf \u001b[1m/', 'b'] },
      plain,
    );
    expect(text).toContain('  agent     amp\n');
    expect(text).toContain('`rm -rf /`, `b`');
    expect(text).toContain('amp-sessions config trust --session s000000001');
    expect(text).not.toContain('\u001b');
  });
});

const run = {
  iteration: 2,
  outcome: 'completed',
  commit: ID('c'),
  subject: 'Add it',
  files: 1,
  insertions: 1,
  deletions: 0,
  durationMs: 5,
  failure: null,
};
const status = {
  id: 's000000001',
  name: 'login',
  state: 'diverged',
  branch: 'amp/login/1',
  worktree: '/w',
  hasWorktree: true,
  base: 'main',
  baseCommit: ID('b'),
  createdAt: '2026-11-22T13:00:00.000Z',
  lastActivityAt: '2026-11-22T13:00:00.000Z',
  agent: 'amp',
  mode: null,
  agentCommand: null,
  prompt: null,
  testCommand: null,
  comparison: 'none',
  usage: { tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 0, costUsd: null },
  history: [],
  manualCommits: [],
  unknownEvents: 0,
};

it('status lists each line with what it alone has, and says how to go on', () => {
  const line = { fork: ID('a'), iterations: [], manualCommits: [] };
  const lines = [
    {
      ...line,
      writer: 'gbr9',
      host: 'laptop\u0007',
      here: false,
      commit: ID('c'),
      iterations: [{ ...run, label: '2@gbr9' }],
    },
    {
      ...line,
      writer: 'k7x2',
      host: null,
      here: true,
      commit: ID('d'),
      manualCommits: [{ commit: ID('d'), subject: 'By hand', author: { name: 'A' } }],
    },
  ];
  const text = statusText({ ...status, lines, next: 'Do this' }, plain, status.createdAt);
  expect(text.slice(text.indexOf('  Went on')).split('\n')).toEqual([
    '  Went on in 2 places apart since aaaaaaaa:',
    '',
    '  line gbr9 on laptop, at cccccccc',
    '  ✓ 2@gbr9  cccccccc Add it +1 -0 0.0s',
    '',
    '  line k7x2 (this clone), at dddddddd',
    '  ✎ dddddddd By hand A',
    '',
    '  → Do this',
  ]);
  expect(statusText(status, plain, status.createdAt)).not.toContain('apart');
});

it('the timeline has a heading for each line, and none for what all share', () => {
  const events = eventsOf([draft('session.archived', {}), draft('session.removed', {})]);
  const chapters = [
    { line: null, events: events.slice(0, 1), numbers: [1] },
    { line: { writer: 'gbr9', host: 'laptop', here: true }, events: events.slice(1), numbers: [2] },
  ];
  const text = chaptersText(chapters, plain, []);
  expect(text.split('\n').filter((line) => line.startsWith('══'))).toEqual(['══ line gbr9 on laptop (this clone)']);
  expect(text.indexOf('archived')).toBeLessThan(text.indexOf('══'));
  expect(text.indexOf('══')).toBeLessThan(text.indexOf('removed'));
});
