import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/events/catalogue.ts';
import { decide, type Found, type Intent, isRefusal, nextPrompt } from '../../src/session/decide.ts';
import { replay } from '../../src/session/evolve.ts';
import { initialSession } from '../../src/session/state.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

const birth = draft('session.created', created());
const WHERE = { path: '.worktrees/s000000001', branch: 'amp/add-login/20261122-130000' };
const added = draft('worktree.added', { ...WHERE, commit: ID('b'), copied: [], durationMs: 5, reason: 'new' });
const removed = draft('session.removed', {});
const archived = draft('session.archived', {});
const dropped = draft('worktree.removed', { path: WHERE.path });
const found = (over: Partial<Found> = {}): Found => ({
  uncommitted: [],
  unmergedCommits: 0,
  branchCommit: ID('c'),
  ...over,
});
const START = {
  prompt: null,
  reason: 'prompt',
  head: ID('b'),
  agent: { name: 'scripted', mode: null, version: null, threadId: null },
  timeoutMs: 5,
  stopStrength: 'group',
} as const;
const start: Intent = { do: 'startIteration', data: START };

const given = (...drafts: Draft[]) => {
  const session = replay(eventsOf(drafts));
  const when = (intent: Intent) => decide(session, intent);
  return {
    session,
    allowed: (intent: Intent): Draft[] => {
      const decision = when(intent);
      if (isRefusal(decision)) throw new Error(decision.message);
      return decision;
    },
    refused: (intent: Intent) => {
      const decision = when(intent);
      if (!isRefusal(decision)) throw new Error('it was allowed');
      return decision;
    },
  };
};

describe('whatever is asked', () => {
  const INTENTS: Intent[] = [
    { do: 'rename', name: 'x' },
    start,
    { do: 'archive', found: found() },
    { do: 'remove', found: found(), anyway: true },
  ];
  it.each(INTENTS)('a session without a record refuses to $do, by its id', (intent) => {
    expect(given(draft('session.renamed', { name: 'x', previous: 'y' })).refused(intent)).toMatchObject({
      refused: 'session.missing',
      message: 'Session s000000001 has no record of its creation.',
      hint: expect.stringContaining('list'),
    });
  });
  it('a second birth is refused, a first one is the user’s', () => {
    const create: Intent = { do: 'create', data: created() };
    expect(decide(initialSession, create)).toEqual([birth].map((it) => ({ ...it, by: 'user' })));
    expect(given(birth).refused(create)).toMatchObject({
      refused: 'session.refused',
      message: expect.stringMatching(/s000000001.*exists/),
    });
  });
  it('a refusal says what and what next, each a sentence', () => {
    const dirty = found({ uncommitted: ['a'] });
    const refusals = [
      given(birth, removed).refused(start),
      given(birth, started(1)).refused(start),
      given(draft('session.created', created({ prompt: null }))).refused(start),
      given(birth, added, archived, dropped).refused({ do: 'archive', found: found() }),
      given(birth, added).refused({ do: 'archive', found: dirty }),
      given(birth, added).refused({ do: 'remove', found: found({ unmergedCommits: 2 }), anyway: false }),
      given(birth, removed).refused({ do: 'remove', found: found(), anyway: true }),
    ];
    expect(refusals.map(({ refused }) => refused)).toEqual([
      'session.archived',
      'session.busy',
      'session.refused',
      'session.archived',
      'session.dirty',
      'session.unmerged',
      'session.archived',
    ]);
    for (const { message, hint } of refusals) {
      expect(message).toMatch(/^Session add-login .*\.$/);
      expect(hint).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('an iteration', () => {
  it('carries what was asked for, is the user’s, and its number follows the last one', () => {
    expect(given(birth, added).allowed(start)).toEqual([
      {
        type: 'iteration.started',
        by: 'user',
        data: { ...START, iteration: 1, prompt: 'Add a login page', reason: 'prompt' },
      },
    ]);
    const later = given(birth, added, started(4), finished(4));
    expect(later.allowed(start)[0]!.data).toMatchObject({ iteration: 5 });
  });
  it('may begin in an archived session, whose worktree comes back', () => {
    expect(given(birth, added, started(1), finished(1), dropped, archived).allowed(start)).toHaveLength(1);
  });
  it('keeps its own reason with --until-pass, and a given prompt is a prompt', () => {
    const again: Intent = { do: 'startIteration', data: { ...START, reason: 'until-pass' } };
    const { allowed } = given(birth, added, started(1), finished(1));
    expect(allowed(again)[0]!.data).toMatchObject({ reason: 'until-pass' });
    expect(allowed(start)[0]!.data).toMatchObject({ reason: 'continue' });
    expect(allowed({ ...start, data: { ...START, prompt: 'Now' } })[0]!.data).toMatchObject({
      prompt: 'Now',
      reason: 'prompt',
    });
  });
});

describe('the next prompt', () => {
  const followUp = (...drafts: Draft[]) => nextPrompt(given(birth, added, ...drafts).session, null);
  const failedOnce = [started(1), finished(1), tested({ exitCode: 1, outputTail: ' boom \n' })];

  it('is the session’s own until an iteration was completed', () => {
    const own = { prompt: 'Add a login page', reason: 'prompt' };
    for (const outcome of ['failed', 'interrupted', 'timed-out'] as const)
      expect(followUp(started(1), finished(1, { outcome })), outcome).toEqual(own);
    expect(followUp(started(1), finished(1), started(2), finished(2, { outcome: 'failed' }))?.reason).toBe('continue');
  });
  it('is null when there is none at all, and a given one counts then too', () => {
    const { session } = given(draft('session.created', created({ prompt: null })), added);
    expect(nextPrompt(session, null)).toBeNull();
    expect(nextPrompt(session, 'Do')).toEqual({ prompt: 'Do', reason: 'prompt' });
  });
  it('names the command, how it failed, and ends with the output, trimmed', () => {
    expect(followUp(...failedOnce)).toEqual({
      reason: 'continue',
      prompt: 'The tests (`npm test`) failed with exit code 1. Make them pass.\n\nThe end of their output:\n\nboom\n',
    });
  });
  it.each([
    [{ exitCode: null, signal: 'SIGSEGV' }, 'failed with exit code SIGSEGV'],
    [{ exitCode: 0, timedOut: true }, 'ran into their time limit'],
    [{ exitCode: 124, timedOut: true }, 'ran into their time limit'],
  ])('of tests that ended with %j says they %s', (end, how) => {
    expect(followUp(started(1), finished(1), tested(end))?.prompt).toContain(how);
  });
  it('does not repeat the output of an iteration before the last', () => {
    expect(followUp(...failedOnce, started(2), finished(2))?.prompt).toBe('Go on with the task.');
    expect(followUp(...failedOnce, started(2), finished(2), tested({ iteration: 2 }))?.prompt).toBe(
      'Go on with the task.',
    );
  });
  it('does not give the agent what another command said', () => {
    for (const test of [null, 'make check'])
      expect(followUp(...failedOnce, draft('test-command.replaced', { test }))?.prompt).toBe('Go on with the task.');
  });
  it('says so when the tests printed nothing', () => {
    expect(followUp(started(1), finished(1), tested({ exitCode: 1, outputTail: ' \n' }))?.prompt).toContain(
      'They printed nothing.',
    );
  });
});

describe('rename', () => {
  const { allowed } = given(birth);
  const own = { name: 'scripted', mode: null };
  it('makes one event a change, each with its data', () => {
    const agent = { name: 'command', mode: null, command: 'make' };
    expect(allowed({ do: 'rename', name: 'n', prompt: 'p', test: null, agent })).toEqual([
      { type: 'session.renamed', by: 'user', data: { name: 'n', previous: 'add-login' } },
      { type: 'prompt.replaced', by: 'user', data: { prompt: 'p' } },
      { type: 'test-command.replaced', by: 'user', data: { test: null } },
      { type: 'agent.replaced', by: 'user', data: { agent } },
    ]);
  });
  it('says nothing about what stays', () => {
    expect(allowed({ do: 'rename' })).toEqual([]);
    expect(
      allowed({ do: 'rename', name: 'add-login', prompt: 'Add a login page', test: 'npm test', agent: own }),
    ).toEqual([]);
  });
  it.each([
    ['another mode', { ...own, mode: 'deep' }],
    ['a program', { ...own, command: 'x.yaml' }],
    ['another agent', { ...own, name: 'amp' }],
  ])('sees %s', (_, agent) => expect(allowed({ do: 'rename', agent })).toHaveLength(1));
});

describe('archive and rm', () => {
  const alive = [birth, added, started(1), finished(1)];
  const way = { ...WHERE, commit: ID('c') };
  const drop = (reason: 'archive' | 'rm') => ({
    type: 'worktree-removal.started',
    by: 'user',
    data: { ...way, reason },
  });

  it('announce what goes, with the way back', () => {
    expect(given(...alive).allowed({ do: 'archive', found: found() })).toEqual([drop('archive')]);
    expect(given(...alive).allowed({ do: 'remove', found: found(), anyway: false })).toEqual([
      drop('rm'),
      {
        type: 'branch-removal.started',
        by: 'user',
        data: { branch: WHERE.branch, commit: ID('c'), unmergedCommits: 0 },
      },
    ]);
    const [, branch] = given(...alive).allowed({ do: 'remove', found: found({ unmergedCommits: 3 }), anyway: true });
    expect(branch!.data).toMatchObject({ unmergedCommits: 3 });
  });
  it('announce nothing that is gone already', () => {
    const nothing = found({ branchCommit: null });
    expect(given(...alive).allowed({ do: 'archive', found: nothing })).toEqual([]);
    expect(given(...alive).allowed({ do: 'remove', found: nothing, anyway: false })).toEqual([]);
    const away = given(...alive, dropped, archived);
    expect(away.allowed({ do: 'remove', found: found(), anyway: false }).map(({ type }) => type)).toEqual([
      'branch-removal.started',
    ]);
    const bare = given(...alive, draft('branch.removed', { branch: WHERE.branch, commit: ID('c') }));
    expect(bare.allowed({ do: 'remove', found: found(), anyway: false }).map(({ type }) => type)).toEqual([
      'worktree-removal.started',
    ]);
  });
  it('archive again when the worktree stands although the record says archived', () => {
    expect(given(...alive, archived).allowed({ do: 'archive', found: found() })).toEqual([drop('archive')]);
  });
  it('uncommitted work comes before unmerged commits, and no word allows to lose it', () => {
    const both = found({ uncommitted: ['x'], unmergedCommits: 1 });
    for (const anyway of [true, false])
      expect(given(...alive).refused({ do: 'remove', found: both, anyway }).refused).toBe('session.dirty');
  });
  it('the message names at most three files and counts the rest', () => {
    const message = (count: number, verb: 'archive' | 'remove') => {
      const uncommitted = ['a', 'b', 'c', 'd', 'e'].slice(0, count);
      return given(...alive).refused({ do: verb, found: found({ uncommitted }), anyway: false } as Intent).message;
    };
    expect(message(1, 'archive')).toMatch(/archiving would lose: a\.$/);
    expect(message(3, 'archive')).toMatch(/: a, b, c\.$/);
    expect(message(4, 'remove')).toMatch(/removing would lose: a, b, c, … 4 in all\.$/);
  });
  it.each([
    [1, '1 commit on'],
    [2, '2 commits on'],
  ])('%i unmerged is “%s …”', (unmergedCommits, words) => {
    const refusal = given(...alive).refused({ do: 'remove', found: found({ unmergedCommits }), anyway: false });
    expect(refusal.message).toContain(words);
  });
  it('whatever the world: dirty is never removed, unmerged never without the word, and a removal names its commit', () => {
    const world = fc.record({
      uncommitted: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      unmergedCommits: fc.nat(2),
      branchCommit: fc.constantFrom(null, ID('c')),
    });
    const lives = fc.subarray([added, started(1), finished(1), dropped, archived]);
    fc.assert(
      fc.property(world, lives, fc.boolean(), (seen, life, anyway) => {
        const decision = decide(replay(eventsOf([birth, ...life])), { do: 'remove', found: seen, anyway });
        const allowed = seen.uncommitted.length === 0 && (anyway || seen.unmergedCommits === 0);
        expect(isRefusal(decision)).toBe(!allowed);
        if (!isRefusal(decision))
          for (const { data } of decision) expect(data).toMatchObject({ commit: seen.branchCommit });
      }),
    );
  });
});
