import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/analysis/tables/table.ts';
import type { Draft } from '../../../src/events/catalogue.ts';
import { created, draft, finished, ID, started } from '../../support/events.ts';
import {
  abandoned,
  at,
  BRANCH,
  conflicted,
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

const AUTHOR = { name: 'P', email: 'p@example.com' };
const byHand = draft('manual-commit.found', {
  commit: ID('d'),
  parents: [ID('c')],
  author: AUTHOR,
  subject: 'By hand',
  authoredAt: '2026-11-22T12:00:00.000Z',
  files: 1,
  insertions: 2,
  deletions: 3,
  origin: 'commit',
  beforeIteration: 2,
});
/** The branch is b, c (iteration 1), d (by hand), e (iteration 2); what is given begins with event 7. */
const LIFE: Draft[] = [
  draft('session.created', created()),
  started(1),
  finished(1),
  byHand,
  started(2, { head: ID('d') }),
  finished(2, { head: ID('d'), commit: ID('e') }),
];
const commits = (...drafts: Draft[]): Row[] => rowsOf('commits', [...LIFE, ...drafts]);

const STANDING = {
  fate: 'standing',
  landed: false,
  landed_at: null,
  landed_as: null,
  landed_in: null,
  discarded: false,
};
const byAgent = (seq: number, iteration: number, commit: string): Row => ({
  ...placed(seq),
  kind: 'agent',
  iteration,
  agent: 'scripted',
  at: at(seq),
  commit: ID(commit),
  subject: 'amp: Added a login page',
  origin: null,
  author_name: null,
  author_email: null,
  authored_at: null,
  files: 2,
  insertions: 10,
  deletions: 1,
  ...STANDING,
});
const C = byAgent(3, 1, 'c');
const D: Row = {
  ...placed(4),
  kind: 'manual',
  iteration: 2,
  agent: null,
  at: at(4),
  commit: ID('d'),
  subject: 'By hand',
  origin: 'commit',
  author_name: 'P',
  author_email: 'p@example.com',
  authored_at: '2026-11-22T12:00:00.000Z',
  files: 1,
  insertions: 2,
  deletions: 3,
  ...STANDING,
};
const E = byAgent(6, 2, 'e');
const gone = (row: Row, fate: string): Row => ({ ...row, fate, discarded: true });
const landed = (row: Row, as: string, seq: number): Row => ({
  ...row,
  fate: 'landed',
  landed: true,
  landed_at: at(seq),
  landed_as: ID(as),
  landed_in: MAIN,
});
/** A merge of the whole branch, undone. */
const takenBack = (operation: number) => undo(operation + 1, { undoes: operation, verb: 'merge', from: 'e', to: 'e' });

describe('commits of the branch', () => {
  it('stand, whatever they are called, until something becomes of them', () => {
    expect(commits()).toEqual([C, D, E]);
    expect(commits(...squash(1, 'cde', '1'), ...rebase(2, ['1', '2']))).toEqual([C, D, E]);
    expect(commits(...merge(1, 'e').slice(0, 1), abandoned(1, 'merge', 'crash'))).toEqual([C, D, E]);
  });

  it('have landed by what they are called then', () => {
    expect(commits(...merge(1, 'e'))).toEqual([landed(C, 'c', 8), landed(D, 'd', 8), landed(E, 'e', 8)]);
    const rebased = rebase(1, ['cde', '123']);
    expect(commits(...rebased, ...merge(2, '3'))).toEqual([landed(C, '1', 10), landed(D, '2', 10), landed(E, '3', 10)]);
    const plan = { mergeBase: ID('b'), commit: ID('9'), replaced: ['c', 'd', 'e'].map(ID), manual: 'include' as const };
    const anew = { squash: plan, rewritten: [{ from: ID('9'), to: ID('8') }] };
    expect(commits(...merge(1, '8', anew))).toEqual([C, D, E].map((row) => landed(row, '8', 8)));
  });

  it('that came after a merge stand; what had landed stays landed', () => {
    const next = [started(3, { head: ID('e') }), finished(3, { head: ID('e'), commit: ID('6') })];
    const later = byAgent(10, 3, '6');
    const all = [landed(C, 'c', 8), landed(D, 'd', 8), landed(E, 'e', 8)];
    expect(commits(...merge(1, 'e'), ...next)).toEqual([...all, later]);
    expect(commits(...merge(1, 'e'), ...next, ...rewind(2, { iteration: 1, from: '6', to: 'c' }))).toEqual([
      ...all,
      gone(later, 'rewound'),
    ]);
  });

  it('are removed with their session, unless they have landed', () => {
    const removed = draft('session.removed', {});
    expect(commits(removed)).toEqual([gone(C, 'removed'), gone(D, 'removed'), gone(E, 'removed')]);
    expect(commits(...merge(1, 'e'), removed)).toEqual([landed(C, 'c', 8), landed(D, 'd', 8), landed(E, 'e', 8)]);
    expect(commits(...rewind(1, { iteration: 1, from: 'e', to: 'c' }), removed)).toEqual([
      gone(C, 'removed'),
      gone(D, 'rewound'),
      gone(E, 'rewound'),
    ]);
  });
});

describe('a rewind', () => {
  it('throws away what came after its iteration', () => {
    expect(commits(...rewind(1, { iteration: 1, from: 'e', to: 'c' }))).toEqual([
      C,
      gone(D, 'rewound'),
      gone(E, 'rewound'),
    ]);
    expect(commits(...rewind(1, { iteration: 0, from: 'e', to: 'b' }))).toEqual(
      [C, D, E].map((row) => gone(row, 'rewound')),
    );
  });

  it('that is undone has thrown nothing away', () => {
    const back = undo(2, { undoes: 1, verb: 'rewind', from: 'c', to: 'e' });
    expect(commits(...rewind(1, { iteration: 1, from: 'e', to: 'c' }), ...back)).toEqual([C, D, E]);
  });
});

describe('a branch that was moved by hand', () => {
  const reset = (to: string): Draft => draft('manual-rewrite.found', { branch: BRANCH, from: ID('e'), to: ID(to) });

  it('has lost what is above the commit that it stands on', () => {
    expect(commits(reset('d'))).toEqual([C, D, gone(E, 'reset')]);
    expect(commits(reset('b'))).toEqual([C, D, E].map((row) => gone(row, 'reset')));
    // By the names of today: d is now 2.
    expect(commits(...rebase(1, ['cde', '123']), reset('2'))).toEqual([C, D, gone(E, 'reset')]);
  });

  it('onto a commit of nobody has lost nothing that we know of', () => {
    expect(commits(reset('7'))).toEqual([C, D, E]);
  });
});

describe('a rebase', () => {
  it('leaves out what its base has already, and what somebody skipped', () => {
    expect(commits(...rebase(1, ['de', '23'], 'c'))).toEqual([{ ...C, fate: 'upstream' }, D, E]);
    expect(commits(conflicted('d'), resolved('d', null), ...rebase(1, ['e', '3'], 'cd'))).toEqual([
      { ...C, fate: 'upstream' },
      gone(D, 'skipped'),
      E,
    ]);
  });

  it('that is undone has left nothing out, and names are as before', () => {
    const life = [
      ...rebase(1, ['de', '23'], 'c'),
      ...undo(2, { undoes: 1, verb: 'rebase', from: '3', to: 'e' }),
      ...merge(3, 'e'),
    ];
    expect(commits(...life)).toEqual([landed(C, 'c', 12), landed(D, 'd', 12), landed(E, 'e', 12)]);
  });
});

describe('a merge that is undone', () => {
  it('takes back what had landed by it', () => {
    expect(commits(...merge(1, 'e'), ...takenBack(1))).toEqual([C, D, E].map((row) => gone(row, 'undone')));
  });

  it('and done again has it landed after all', () => {
    expect(commits(...merge(1, 'e'), ...takenBack(1), ...merge(3, 'e'))).toEqual([
      landed(C, 'c', 12),
      landed(D, 'd', 12),
      landed(E, 'e', 12),
    ]);
  });

  it('leaves landed what an earlier one had', () => {
    const next = [started(3, { head: ID('e') }), finished(3, { head: ID('e'), commit: ID('6') })];
    const back = undo(3, { undoes: 2, verb: 'merge', from: '6', to: '6' });
    // The second merge says of all that is on the branch where it is now.
    expect(commits(...merge(1, 'e'), ...next, ...merge(2, '6'), ...back)).toEqual([
      landed(C, 'c', 8),
      landed(D, 'd', 8),
      landed(E, 'e', 8),
      gone(byAgent(10, 3, '6'), 'undone'),
    ]);
  });
});
