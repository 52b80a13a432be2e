import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/events/catalogue.ts';
import { decide, type Found, type Intent, isRefusal, nextPrompt } from '../../src/session/decide.ts';
import { replay } from '../../src/session/evolve.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

/** Given these events, when this is asked, then … */
const given = (...drafts: Draft[]) => {
  const session = replay(eventsOf(drafts));
  return { session, when: (intent: Intent) => decide(session, intent) };
};

const birth = draft('session.created', created());
const standing = draft('worktree.added', {
  path: '.worktrees/s000000001',
  branch: 'amp/add-login/20261122-130000',
  commit: ID('b'),
  copied: [],
  durationMs: 5,
  reason: 'new',
});
const start = (prompt: string | null, reason: 'prompt' | 'until-pass' = 'prompt'): Intent => ({
  do: 'startIteration',
  data: {
    prompt,
    reason,
    head: ID('b'),
    agent: { name: 'scripted', mode: null, version: null, threadId: null },
    timeoutMs: null,
    stopStrength: 'group',
  },
});
const clean: Found = { uncommitted: [], unmergedCommits: 0, branchCommit: ID('c') };
const codeOf = (decision: ReturnType<typeof decide>) => (isRefusal(decision) ? decision.refused : 'allowed');
const only = (decision: ReturnType<typeof decide>) => {
  if (isRefusal(decision)) throw new Error(decision.message);
  expect(decision).toHaveLength(1);
  return decision[0]!;
};

describe('create', () => {
  it('records what was asked for', () => {
    expect(only(given().when({ do: 'create', data: created() }))).toEqual({
      type: 'session.created',
      by: 'user',
      data: created(),
    });
  });
  it('refuses a session that exists', () => {
    expect(codeOf(given(birth).when({ do: 'create', data: created() }))).toBe('session.refused');
  });
});

describe('startIteration', () => {
  it('takes the session’s prompt for the first iteration', () => {
    expect(only(given(birth, standing).when(start(null))).data).toMatchObject({
      iteration: 1,
      prompt: 'Add a login page',
      reason: 'prompt',
    });
  });
  it('counts on and tells the agent to go on when the tests passed', () => {
    const { when } = given(birth, standing, started(1), finished(1), tested());
    expect(only(when(start(null))).data).toMatchObject({
      iteration: 2,
      prompt: 'Go on with the task.',
      reason: 'continue',
    });
  });
  it('gives the agent the failing output', () => {
    const { when } = given(
      birth,
      standing,
      started(1),
      finished(1),
      tested({ exitCode: 2, outputTail: 'AssertionError: 3 != 4\n' }),
    );
    const data = only(when(start(null, 'until-pass'))).data as { prompt: string; reason: string };
    expect(data.prompt).toContain('AssertionError: 3 != 4');
    expect(data.prompt).toContain('exit code 2');
    expect(data.prompt).toContain('npm test');
    expect(data.reason).toBe('until-pass');
  });
  it('says that the tests ran into their time limit', () => {
    const { session } = given(
      birth,
      standing,
      started(1),
      finished(1),
      tested({ exitCode: null, signal: 'SIGKILL', timedOut: true }),
    );
    expect(nextPrompt(session, null)?.prompt).toContain('time limit');
  });
  it('repeats the session’s prompt when no iteration was completed', () => {
    const { session } = given(birth, standing, started(1), finished(1, { outcome: 'interrupted', commit: undefined }));
    expect(nextPrompt(session, null)).toEqual({ prompt: 'Add a login page', reason: 'prompt' });
  });
  it('takes a prompt that was given', () => {
    const { when } = given(birth, standing, started(1), finished(1), tested({ exitCode: 1 }));
    expect(only(when(start('Use bcrypt'))).data).toMatchObject({ prompt: 'Use bcrypt', reason: 'prompt' });
  });
  it('refuses without any prompt, beside a running iteration, and after removal', () => {
    expect(codeOf(given(draft('session.created', created({ prompt: null }))).when(start(null)))).toBe(
      'session.refused',
    );
    expect(codeOf(given(birth, started(1)).when(start(null)))).toBe('session.busy');
    expect(codeOf(given(birth, draft('session.removed', {})).when(start(null)))).toBe('session.archived');
  });
  it('refuses a session without a record of its creation', () => {
    expect(codeOf(given(draft('session.renamed', { name: 'x', previous: 'y' })).when(start(null)))).toBe(
      'session.missing',
    );
  });
});

describe('rename', () => {
  it('is one event a change, and none for what is so already', () => {
    const decision = given(birth).when({
      do: 'rename',
      name: 'sign-in',
      prompt: 'Add a login page',
      test: 'make check',
    });
    expect(isRefusal(decision) ? [] : decision.map(({ type }) => type)).toEqual([
      'session.renamed',
      'test-command.replaced',
    ]);
  });
});

describe('archive and remove', () => {
  const alive = [birth, standing, started(1), finished(1)];
  it('put down the way back before anything goes', () => {
    expect(only(given(...alive).when({ do: 'archive', found: clean }))).toMatchObject({
      type: 'worktree-removal.started',
      data: { commit: ID('c'), branch: 'amp/add-login/20261122-130000', reason: 'archive' },
    });
    const removal = given(...alive).when({ do: 'remove', found: clean, anyway: false });
    expect(isRefusal(removal) ? [] : removal.map(({ type }) => type)).toEqual([
      'worktree-removal.started',
      'branch-removal.started',
    ]);
  });
  it('refuse uncommitted work, whatever is said', () => {
    const found = { ...clean, uncommitted: ['a', 'b', 'c', 'd'] };
    expect(codeOf(given(...alive).when({ do: 'archive', found }))).toBe('session.dirty');
    const removal = given(...alive).when({ do: 'remove', found, anyway: true });
    expect(isRefusal(removal) && removal.message).toContain('a, b, c, … 4 in all');
  });
  it('refuse unmerged commits unless told', () => {
    const found = { ...clean, unmergedCommits: 1 };
    const removal = given(...alive).when({ do: 'remove', found, anyway: false });
    expect(isRefusal(removal) && `${removal.refused}: ${removal.message}`).toMatch(/^session\.unmerged: .*1 commit on/);
    expect(codeOf(given(...alive).when({ do: 'remove', found, anyway: true }))).toBe('allowed');
    expect(codeOf(given(...alive).when({ do: 'archive', found }))).toBe('allowed');
  });
  it('refuse what is done already', () => {
    const gone = [
      ...alive,
      draft('worktree.removed', { path: '.worktrees/s000000001' }),
      draft('session.archived', {}),
    ];
    expect(codeOf(given(...gone).when({ do: 'archive', found: clean }))).toBe('session.archived');
    expect(
      codeOf(given(...gone, draft('session.removed', {})).when({ do: 'remove', found: clean, anyway: true })),
    ).toBe('session.archived');
  });
});
