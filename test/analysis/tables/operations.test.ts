import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/analysis/tables/table.ts';
import type { Draft } from '../../../src/events/catalogue.ts';
import { created, draft, finished, ID, started } from '../../support/events.ts';
import {
  abandoned,
  at,
  BRANCH,
  conflicted,
  done,
  MAIN,
  merge,
  placed,
  rebase,
  resolved,
  rewind,
  rowsOf,
  squash,
  undo,
} from './landing.ts';

/** A session with one iteration at c; what is given after it begins with event 4. */
const LIFE: Draft[] = [draft('session.created', created()), started(1), finished(1)];
const operations = (...drafts: Draft[]): Row[] => rowsOf('git_operations', [...LIFE, ...drafts]);

/** A row that begins with this event and says nothing but its verb. */
const row = (seq: number, verb: string, more: Row): Row => ({
  ...placed(seq),
  operation: null,
  verb,
  started_at: at(seq),
  finished_at: null,
  duration_ms: null,
  outcome: 'open',
  detail: null,
  target: null,
  mode: null,
  from_commit: null,
  to_commit: null,
  conflicts: null,
  paths: null,
  kinds: null,
  commits_squashed: null,
  commits_rewritten: null,
  commits_dropped: null,
  gates_failed: null,
  gates_skipped: null,
  iteration: null,
  undoes: null,
  undone: false,
  recovered: null,
  ...more,
});
const ended = (seq: number, commit: string, more: Row = {}): Row => ({
  finished_at: at(seq),
  duration_ms: 5,
  outcome: 'done',
  to_commit: ID(commit),
  recovered: false,
  ...more,
});
const SQUASH = { operation: 1, from_commit: ID('c'), commits_squashed: 1, commits_rewritten: 0 };
const REBASE = {
  operation: 1,
  target: 'release',
  from_commit: ID('c'),
  conflicts: 0,
  commits_rewritten: 1,
  commits_dropped: 0,
};
const CONFLICT = { target: 'release', from_commit: ID('c'), conflicts: 1, paths: ['a.txt'], kinds: ['content'] };

describe('an operation', () => {
  it('is open from its start, and done by its own end only', () => {
    const [begun, end] = squash(1, 'c', 'd') as [Draft, Draft];
    const open = row(4, 'squash', SQUASH);
    expect(operations(begun)).toEqual([open]);
    expect(operations(begun, draft('squash.finished', done(7, 'd')))).toEqual([open]);
    expect(operations(begun, end)).toEqual([{ ...open, ...ended(5, 'd') }]);
    expect(operations(end)).toEqual([]);
  });

  it('that another command finished says so', () => {
    const [begun] = squash(1, 'c', 'd') as [Draft];
    const late = draft('squash.finished', { ...done(1, 'd', 0), recovered: true });
    expect(operations(begun, late)).toEqual([
      row(4, 'squash', { ...SQUASH, ...ended(5, 'd', { duration_ms: 0, recovered: true }) }),
    ]);
  });

  it('that was rolled back says why, and is followed by another of its number', () => {
    const [begun] = squash(1, 'c', 'd') as [Draft];
    expect(operations(begun, abandoned(1, 'squash', 'crash'), ...squash(1, 'c', 'e'))).toEqual([
      row(4, 'squash', { ...SQUASH, finished_at: at(5), duration_ms: 1000, outcome: 'rolled-back', detail: 'crash' }),
      row(6, 'squash', { ...SQUASH, ...ended(7, 'e') }),
    ]);
    expect(operations(abandoned(1, 'squash', 'crash'))).toEqual([]);
  });
});

describe('a rebase', () => {
  it('without a conflict has met none', () => {
    expect(operations(...rebase(1, ['c', 'e']))).toEqual([row(4, 'rebase', { ...REBASE, ...ended(5, 'e') })]);
    expect(operations(...rebase(1, ['', ''], 'c'))).toEqual([
      row(4, 'rebase', { ...REBASE, commits_rewritten: 0, commits_dropped: 1, ...ended(5, 'f') }),
    ]);
  });

  it('that goes on after its conflicts is one, from the first of them to its end', () => {
    const two = [conflicted('c'), resolved('c', 'd'), conflicted('9', ['b', 'c']), resolved('9', null)];
    expect(operations(...two, ...rebase(1, ['c', 'd'], '9'))).toEqual([
      row(4, 'rebase', { ...REBASE, conflicts: 2, commits_dropped: 1, ...ended(9, 'd', { duration_ms: 5000 }) }),
      row(4, 'conflict', {
        ...CONFLICT,
        finished_at: at(5),
        duration_ms: 1000,
        outcome: 'person',
        to_commit: ID('d'),
      }),
      row(6, 'conflict', {
        ...CONFLICT,
        from_commit: ID('9'),
        conflicts: 2,
        paths: ['b', 'c'],
        kinds: ['content', 'content'],
        finished_at: at(7),
        duration_ms: 1000,
        outcome: 'skip',
      }),
    ]);
  });

  it('that waits for somebody is open, and so is its conflict', () => {
    const waiting = { target: 'release', from_commit: ID('c'), conflicts: 1 };
    expect(operations(conflicted('c'))).toEqual([row(4, 'rebase', waiting), row(4, 'conflict', CONFLICT)]);
  });

  it('that was given up ends both, and the next one begins anew', () => {
    const aborted = draft('rebase.aborted', { commit: ID('c'), reason: 'user' });
    const end = {
      finished_at: at(5),
      duration_ms: 1000,
      outcome: 'given-up',
      detail: 'user',
      to_commit: ID('c'),
    };
    expect(operations(conflicted('c'), aborted, ...rebase(1, ['c', 'e']))).toEqual([
      row(4, 'rebase', { target: 'release', from_commit: ID('c'), conflicts: 1, ...end }),
      row(4, 'conflict', { ...CONFLICT, ...end }),
      row(6, 'rebase', { ...REBASE, ...ended(7, 'e') }),
    ]);
  });

  it('that was rolled back after its conflict and then goes on has nothing left of that', () => {
    const [begun, end] = rebase(1, ['c', 'e']) as [Draft, Draft];
    const first = [conflicted('c'), resolved('c', 'e', { by: 'agent', iteration: 1 })];
    const decided = row(4, 'conflict', {
      ...CONFLICT,
      finished_at: at(5),
      duration_ms: 1000,
      outcome: 'agent',
      to_commit: ID('e'),
    });
    const back = [...first, begun, abandoned(1, 'rebase', 'it moved')];
    const known = { ...REBASE, conflicts: 1 };
    const rolledBack = { finished_at: at(7), duration_ms: 3000, outcome: 'rolled-back', detail: 'it moved' };
    expect(operations(...back)).toEqual([row(4, 'rebase', { ...known, ...rolledBack }), decided]);
    expect(operations(...back, begun)).toEqual([row(4, 'rebase', known), decided]);
    expect(operations(...back, begun, end)).toEqual([
      row(4, 'rebase', { ...known, ...ended(9, 'e', { duration_ms: 5000 }) }),
      decided,
    ]);
  });
});

it('a merge says where it went, how, what it squashed, and which gates did not hold', () => {
  const gates = [
    { name: 'tests', ok: false, detail: 'exit 1' },
    { name: 'clean', ok: true, detail: '' },
  ];
  const plan = { mergeBase: ID('b'), commit: ID('9'), replaced: [ID('c')], manual: 'keep' as const };
  const merged = { operation: 1, target: MAIN, from_commit: ID('e'), commits_dropped: 0 };
  const rewritten = [{ from: ID('9'), to: ID('e') }];
  expect(operations(...merge(1, 'e', { squash: plan, rewritten, gates, skipped: ['tests'] }))).toEqual([
    row(4, 'merge', {
      ...merged,
      mode: 'fast-forward',
      commits_squashed: 1,
      commits_rewritten: 1,
      gates_failed: ['tests'],
      gates_skipped: ['tests'],
      ...ended(5, 'e'),
    }),
  ]);
  // One that squashed nothing says nothing of it.
  expect(operations(...merge(1, 'e', { mode: 'merge-commit' }))).toEqual([
    row(4, 'merge', {
      ...merged,
      mode: 'merge-commit',
      commits_rewritten: 0,
      gates_failed: [],
      gates_skipped: [],
      ...ended(5, 'e'),
    }),
  ]);
});

it('an undo names what it took back, which stays done and is undone', () => {
  const back = undo(2, { undoes: 1, verb: 'squash', from: 'd', to: 'c' });
  expect(operations(...squash(1, 'c', 'd'), ...back)).toEqual([
    row(4, 'squash', { ...SQUASH, ...ended(5, 'd'), undone: true }),
    row(6, 'undo', { operation: 2, from_commit: ID('d'), undoes: 1, ...ended(7, 'c') }),
  ]);
  // Begun only, it has taken nothing back.
  expect(operations(...squash(1, 'c', 'd'), back[0]!)).toEqual([
    row(4, 'squash', { ...SQUASH, ...ended(5, 'd') }),
    row(6, 'undo', { operation: 2, from_commit: ID('d'), undoes: 1 }),
  ]);
});

it('a rewind says to which iteration', () => {
  expect(operations(...rewind(1, { iteration: 0, from: 'c', to: 'b' }))).toEqual([
    row(4, 'rewind', { operation: 1, from_commit: ID('c'), iteration: 0, ...ended(5, 'b') }),
  ]);
});

it('what has no number is done at once: a branch moved by hand, a push, a pull request', () => {
  const shared = { remote: 'origin', branch: 'amp/x', commit: ID('c') };
  const url = 'https://github.com/o/r/pull/1';
  const asked = { url, opened: true, host: 'github', base: 'main', title: 'Add a login page' } as const;
  expect(
    operations(
      draft('manual-rewrite.found', { branch: BRANCH, from: ID('c'), to: ID('b') }),
      draft('branch.pushed', shared),
      draft('pull-request.opened', { ...shared, ...asked }),
    ),
  ).toEqual([
    row(4, 'reset', { finished_at: at(4), outcome: 'done', from_commit: ID('c'), to_commit: ID('b') }),
    row(5, 'push', { finished_at: at(5), outcome: 'done', target: 'amp/x', detail: 'origin', to_commit: ID('c') }),
    row(6, 'pull-request', { finished_at: at(6), outcome: 'done', target: 'main', detail: url, to_commit: ID('c') }),
  ]);
});
