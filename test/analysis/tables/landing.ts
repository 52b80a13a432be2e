import { rowsOfLog } from '../../../src/analysis/tables/rows.ts';
import type { Row } from '../../../src/analysis/tables/table.ts';
import type { Draft, EventData } from '../../../src/events/catalogue.ts';
import { draft, eventsOf, ID } from '../../support/events.ts';

export const BRANCH = 'refs/heads/amp/add-login/20261122-130000';
export const MAIN = 'refs/heads/main';

/** When the event with this number came (`eventsOf`: a second apart). */
export const at = (seq: number): string => `2026-11-22T13:00:${String(seq - 1).padStart(2, '0')}.000Z`;

/** What every row begins with whose first event has this number. */
export const placed = (seq: number): Row => ({
  repo: null,
  session: 's000000001',
  line: null,
  writer: 'w000000001',
  seq,
});

export const rowsOf = (table: string, drafts: Draft[]): Row[] =>
  rowsOfLog('sessions/s000000001', eventsOf(drafts))[table]!;

const moved = (from: string, to: string, ref = BRANCH) => ({
  ref,
  from: ID(from),
  to: ID(to),
  worktree: null,
  shows: null,
});
export const done = (operation: number, commit: string, durationMs = 5) => ({
  operation,
  commit: ID(commit),
  durationMs,
  recovered: false,
});

/** The commits `replaced`, of which the last is the tip, become the commit `to`. */
export const squash = (operation: number, replaced: string, to: string): Draft[] => [
  draft('squash.started', {
    operation,
    moves: [moved(replaced.at(-1)!, to)],
    mergeBase: ID('b'),
    commit: ID(to),
    replaced: [...replaced].map(ID),
    manual: 'keep',
    rewritten: [],
    subject: 'Add a login page',
  }),
  draft('squash.finished', done(operation, to)),
];

/** The commits `from` become those of the same place in `to`, on top of f; `dropped` are left out. */
export const rebase = (operation: number, [from, to]: [string, string], dropped = ''): Draft[] => [
  draft('rebase.started', {
    operation,
    moves: [moved(from.at(-1) ?? dropped.at(-1)!, to.at(-1) ?? 'f')],
    onto: { name: 'release', commit: ID('f') },
    mergeBase: ID('b'),
    rewritten: [...from].map((one, i) => ({ from: ID(one), to: ID(to[i]!) })),
    dropped: [...dropped].map(ID),
  }),
  draft('rebase.finished', done(operation, to.at(-1) ?? 'f')),
];

export const conflicted = (commit: string, paths: string[] = ['a.txt']): Draft =>
  draft('rebase.conflicted', {
    onto: { name: 'release', commit: ID('f') },
    mergeBase: ID('b'),
    from: ID('c'),
    shows: ID('c'),
    rewritten: [],
    dropped: [],
    commit: ID(commit),
    parent: ID('f'),
    tree: ID('7'),
    remaining: [],
    conflicts: paths.map((path) => ({ path, kind: 'content', message: 'both', stages: [] })),
  });
export const resolved = (commit: string, as: string | null, over: Partial<EventData<'conflict.resolved'>> = {}) =>
  draft('conflict.resolved', { commit: ID(commit), as: as && ID(as), by: as === null ? 'skip' : 'person', ...over });

/** The tip becomes the tip of main. */
export const merge = (operation: number, tip: string, over: Partial<EventData<'merge.started'>> = {}): Draft[] => [
  draft('merge.started', {
    operation,
    moves: [moved('f', tip, MAIN), moved(tip, tip)],
    target: MAIN,
    targetCommit: ID('f'),
    mode: 'fast-forward',
    commit: ID(tip),
    squash: null,
    rewritten: [],
    dropped: [],
    gates: [],
    skipped: [],
    ...over,
  }),
  draft('merge.finished', { ...done(operation, tip), target: MAIN, mergeCommit: ID(tip) }),
];

export const undo = (
  operation: number,
  { undoes, verb, from, to }: { undoes: number; verb: EventData<'undo.started'>['verb']; from: string; to: string },
): Draft[] => [
  draft('undo.started', { operation, moves: [moved(from, to)], undoes, verb }),
  draft('undo.finished', { ...done(operation, to), undoes, verb }),
];

export const rewind = (
  operation: number,
  { iteration, from, to }: { iteration: number; from: string; to: string },
): Draft[] => [
  draft('rewind.started', { operation, moves: [moved(from, to)], iteration, baseCommit: ID('b') }),
  draft('rewind.finished', done(operation, to)),
];

export const abandoned = (operation: number, verb: EventData<'operation.abandoned'>['verb'], reason: string): Draft =>
  draft('operation.abandoned', { operation, verb, reason });
