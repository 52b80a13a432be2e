import { describe, expect, it } from 'vitest';
import type { Draft, EventData } from '../../src/events/catalogue.ts';
import { statusOf } from '../../src/session/conclusions.ts';
import { replay } from '../../src/session/evolve.ts';
import type { Session } from '../../src/session/state.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

/** A session with one iteration at c, whose base b was tested. */
const LIFE: Draft[] = [
  draft('session.created', created()),
  tested({ target: 'base', iteration: undefined, commit: ID('b') }),
  started(1),
  finished(1),
];
const BRANCH = 'refs/heads/amp/add-login/20261122-130000';
const MAIN = 'refs/heads/main';
const moved = (from: string, to: string, ref = BRANCH) => ({
  ref,
  from: ID(from),
  to: ID(to),
  worktree: null,
  shows: null,
});
const done = (operation: number, commit: string) => ({
  operation,
  commit: ID(commit),
  durationMs: 5,
  recovered: false,
});

const squashing = (over: Partial<EventData<'squash.started'>> = {}): Draft =>
  draft('squash.started', {
    operation: 1,
    moves: [moved('c', 'd')],
    mergeBase: ID('b'),
    commit: ID('d'),
    replaced: [ID('c')],
    manual: 'keep',
    rewritten: [],
    subject: 'Add a login page',
    ...over,
  });
const squashed = (over = {}): Draft => draft('squash.finished', { ...done(1, 'd'), ...over });
const rebasing = (operation = 1): Draft =>
  draft('rebase.started', {
    operation,
    moves: [moved('c', 'e')],
    onto: { name: 'release', commit: ID('f') },
    mergeBase: ID('b'),
    rewritten: [{ from: ID('c'), to: ID('e') }],
    dropped: [],
  });
const merging = (operation = 1): Draft =>
  draft('merge.started', {
    operation,
    moves: [moved('f', 'e', MAIN), moved('c', 'e')],
    target: MAIN,
    targetCommit: ID('f'),
    mode: 'fast-forward',
    commit: ID('e'),
    squash: { mergeBase: ID('b'), commit: ID('9'), replaced: [ID('c')], manual: 'keep' },
    rewritten: [{ from: ID('9'), to: ID('e') }],
    dropped: [],
    gates: [],
    skipped: [],
  });
const merged = (operation = 1): Draft =>
  draft('merge.finished', { ...done(operation, 'e'), target: MAIN, mergeCommit: ID('e') });
const undone = (operation: number, undoes: number, verb: EventData<'undo.started'>['verb']): Draft[] => [
  draft('undo.started', { operation, moves: [moved('d', 'c')], undoes, verb }),
  draft('undo.finished', { ...done(operation, 'c'), undoes, verb }),
];
const conflict = {
  onto: { name: 'main', commit: ID('f') },
  mergeBase: ID('b'),
  from: ID('c'),
  shows: ID('c'),
  rewritten: [],
  dropped: [],
  commit: ID('c'),
  parent: ID('f'),
  tree: ID('7'),
  remaining: [],
  conflicts: [{ path: 'a.txt', kind: 'content', message: 'both', stages: [] }],
};

const given = (...drafts: Draft[]): Session => {
  const session = replay(eventsOf([...LIFE, ...drafts]));
  expect([session.malformedEvents, session.unknownEvents]).toEqual([0, 0]);
  return session;
};
const BEFORE = given();

describe('an operation', () => {
  it('is open from its start to its end, and changes nothing before', () => {
    const { openOperation, operations, ...rest } = given(squashing());
    const { openOperation: _, operations: __, ...before } = BEFORE;
    expect(rest).toEqual({ ...before, events: rest.events, lastActivityAt: rest.lastActivityAt });
    expect(operations).toEqual([]);
    expect(openOperation).toEqual({
      operation: 1,
      joins: [],
      verb: 'squash',
      moves: [moved('c', 'd')],
      rewritten: [],
      squash: { commit: ID('d'), replaced: [ID('c')], mergeBase: ID('b') },
      target: null,
      iteration: null,
      undoes: null,
      startedAt: '2026-11-22T13:00:04.000Z',
      finishedAt: null,
      undone: false,
      before: { base: 'main', baseCommit: ID('b'), head: ID('c'), merged: null, baseTests: BEFORE.baseTests },
      after: { base: 'main', baseCommit: ID('b') },
    });
  });

  it('that is done moves the head and joins the others', () => {
    const session = given(squashing(), squashed());
    expect(session).toMatchObject({ head: ID('d'), openOperation: null, baseCommit: ID('b') });
    expect(session.operations).toMatchObject([
      { verb: 'squash', finishedAt: '2026-11-22T13:00:05.000Z', undone: false },
    ]);
    expect(session.baseTests).toEqual(BEFORE.baseTests);
    expect(session.iterations).toEqual(BEFORE.iterations);
  });

  it('that ends without a beginning still tells where the branch is', () => {
    expect(given(squashed())).toMatchObject({ head: ID('d'), operations: [], openOperation: null });
    expect(given(squashing(), squashed({ operation: 7 }))).toMatchObject({ head: ID('d'), operations: [] });
  });

  it('that was rolled back leaves everything as it was', () => {
    const rolledBack = given(
      squashing(),
      draft('operation.abandoned', { operation: 1, verb: 'squash', reason: 'crash' }),
    );
    expect(rolledBack).toMatchObject({ head: ID('c'), openOperation: null, operations: [] });
  });
});

describe('a rebase', () => {
  it('gives the session another base, of which no tests are known', () => {
    expect(given(rebasing(), draft('rebase.finished', done(1, 'e')))).toMatchObject({
      base: 'release',
      baseCommit: ID('f'),
      head: ID('e'),
      baseTests: null,
      operations: [{ target: { name: 'release', commit: ID('f') }, rewritten: [{ from: ID('c'), to: ID('e') }] }],
    });
  });

  it('that waits for somebody says so until it goes on or is given up', () => {
    const waiting = given(draft('rebase.conflicted', conflict));
    expect(waiting.conflict).toEqual({ ...conflict, shown: false });
    expect([statusOf(waiting), waiting.head]).toEqual(['conflicted', ID('c')]);
    const shown = [draft('rebase.conflicted', conflict), draft('conflict.shown', { parent: ID('f'), commit: ID('c') })];
    expect(given(...shown).conflict).toEqual({ ...conflict, shown: true });
    const resolved = draft('conflict.resolved', { commit: ID('c'), as: ID('e'), by: 'person' });
    expect(given(...shown, resolved).conflict).not.toBeNull();
    expect(given(...shown, resolved, rebasing(), draft('rebase.finished', done(1, 'e'))).conflict).toBeNull();
    expect(given(...shown, draft('rebase.aborted', { commit: ID('c'), reason: 'user' }))).toMatchObject({
      conflict: null,
      head: ID('c'),
    });
    expect(given(draft('conflict.shown', { parent: ID('f'), commit: ID('c') })).conflict).toBeNull();
  });

  const shown = (over: Partial<EventData<'conflict.shown'>> = {}): Draft[] => [
    draft('rebase.conflicted', conflict),
    draft('conflict.shown', { parent: ID('f'), commit: ID('c'), ...over }),
  ];
  const decided = (as: string | null): Draft =>
    draft('conflict.resolved', { commit: ID('c'), as: as && ID(as), by: as === null ? 'skip' : 'person' });

  it('remembers what lay about in the worktree when its conflict was shown', () => {
    const lying = [{ path: 'log.txt', object: ID('1') }];
    expect(given(...shown({ leftovers: lying })).leftovers).toEqual(lying);
    const left = tested({ leftovers: lying });
    expect(given(left, ...shown()).leftovers).toEqual(lying);
    expect(given(left, ...shown({ leftovers: [] })).leftovers).toEqual([]);
  });

  it('knows what was decided until the next conflict, or until it came to nothing', () => {
    expect(given(...shown(), decided('e')).conflict?.resolved).toEqual({ as: ID('e') });
    expect(given(...shown(), decided(null)).conflict?.resolved).toEqual({ as: null });
    const next = draft('rebase.conflicted', { ...conflict, commit: ID('9') });
    expect(given(...shown(), decided('e'), next).conflict).toEqual({ ...conflict, commit: ID('9'), shown: false });
    const abandoned = draft('operation.abandoned', { operation: 1, verb: 'rebase', reason: 'it moved' });
    const again = given(...shown(), decided('e'), rebasing(), abandoned).conflict;
    expect([again?.resolved, again?.shown]).toEqual([undefined, true]);
    expect(given(decided('e')).conflict).toBeNull();
  });

  it('that is being given up says so, and what is kept of it', () => {
    const leaving = draft('rebase-abort.started', { commit: ID('c'), kept: ID('5') });
    expect(given(...shown(), leaving).conflict?.leaving).toEqual({ kept: ID('5') });
    expect(statusOf(given(...shown(), leaving))).toBe('conflicted');
    expect(
      given(...shown(), leaving, draft('rebase.aborted', { commit: ID('c'), reason: 'user' })).conflict,
    ).toBeNull();
    expect(given(leaving).conflict).toBeNull();
  });

  it('whose conflict the agent resolves has its branch where it was until the rebase ends', () => {
    const trying = [started(2, { reason: 'conflict', head: ID('f') }), finished(2, { commit: ID('e') })];
    const session = given(...shown(), ...trying);
    expect([session.head, session.iterations.at(-1)?.commit]).toEqual([ID('c'), ID('e')]);
    expect(given(started(2), finished(2, { commit: ID('e') })).head).toBe(ID('e'));
  });
});

describe('a merge', () => {
  it('makes the session merged, until somebody goes on', () => {
    const session = given(merging(), merged());
    expect(session.merged).toEqual({ target: MAIN, commit: ID('e'), head: ID('e') });
    expect([statusOf(session), session.baseCommit]).toEqual(['merged', ID('f')]);
    expect(statusOf(given(merging(), merged(), started(2), finished(2, { commit: ID('8') })))).toBe('idle');
    expect(statusOf(given(merging(), merged(), draft('session.archived', {})))).toBe('archived');
  });

  it('keeps what a squash in it stood for', () => {
    expect(given(merging(), merged()).operations).toMatchObject([
      { squash: { commit: ID('9'), replaced: [ID('c')] }, target: { name: MAIN, commit: ID('f') } },
    ]);
  });
});

describe('an undo', () => {
  it('gives back what the session had, and the operation stays on record as undone', () => {
    const session = given(squashing(), squashed(), ...undone(2, 1, 'squash'));
    expect(session).toMatchObject({ head: ID('c'), baseCommit: ID('b'), openOperation: null });
    expect(session.operations).toMatchObject([
      { operation: 1, verb: 'squash', undone: true },
      { operation: 2, verb: 'undo', undoes: 1, undone: false },
    ]);
  });

  it('of a merge makes it not merged; of a rebase brings the base and its tests back', () => {
    expect(given(merging(), merged(), ...undone(2, 1, 'merge'))).toMatchObject({ merged: null, baseCommit: ID('b') });
    const back = given(rebasing(), draft('rebase.finished', done(1, 'e')), ...undone(2, 1, 'rebase'));
    expect([back.base, back.baseCommit, back.baseTests]).toEqual(['main', ID('b'), BEFORE.baseTests]);
  });

  it('of something that is not on record moves the head and nothing else', () => {
    expect(given(...undone(2, 1, 'merge'))).toMatchObject({ head: ID('c'), base: 'main', merged: null });
  });
});

describe('a rewind', () => {
  it('goes back to an iteration, and to the base it had then', () => {
    const moves = [moved('c', 'a')];
    const session = given(
      draft('rewind.started', { operation: 1, moves, iteration: 0, baseCommit: ID('a') }),
      draft('rewind.finished', done(1, 'a')),
    );
    expect(session).toMatchObject({
      head: ID('a'),
      baseCommit: ID('a'),
      operations: [{ verb: 'rewind', iteration: 0 }],
    });
    expect(session.iterations).toHaveLength(1);
  });
});

describe('a pull request', () => {
  const data = {
    url: 'https://github.com/o/r/pull/1',
    opened: true,
    host: 'github',
    remote: 'origin',
    branch: 'amp/x',
    base: 'main',
    title: 'Add a login page',
    commit: ID('c'),
  } as const;

  it('is remembered; a push alone changes nothing', () => {
    expect(given(draft('pull-request.opened', data)).pullRequest).toEqual(data);
    const pushed = given(draft('branch.pushed', { remote: 'origin', branch: 'amp/x', commit: ID('c') }));
    expect({ ...pushed, events: 0, lastActivityAt: '' }).toEqual({ ...BEFORE, events: 0, lastActivityAt: '' });
  });
});
