import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/analysis/tables/table.ts';
import type { Draft, EventData } from '../../../src/events/catalogue.ts';
import { created, draft, finished, ID, started, tested } from '../../support/events.ts';
import { abandoned, at, conflicted, done, placed, resolved, rewind, rowsOf, squash } from './landing.ts';

const CREATED = draft('session.created', created());
/** What is given begins with event 3, in iteration 1. */
const errors = (...drafts: Draft[]): Row[] => rowsOf('errors', [CREATED, started(1), ...drafts]);

/** An error of this event; in iteration 1, and not put right, where nothing else is said. */
const error = (seq: number, mode: string, more: Row = {}): Row => ({
  ...placed(seq),
  iteration: 1,
  agent: 'scripted',
  at: at(seq),
  mode,
  message: null,
  recovered_by: null,
  recovered_at: null,
  recovered_in: null,
  ...more,
});
/** Of no iteration. */
const NOBODYS = { iteration: null, agent: null };
const right = (by: string, seq: number, iteration: number | null = null): Row => ({
  recovered_by: by,
  recovered_at: at(seq),
  recovered_in: iteration,
});

const ending = { exitCode: 0, signal: null, timedOut: false, durationMs: 7 };
const agentEnded = (over: Partial<EventData<'agent.finished'>>): Draft =>
  draft('agent.finished', {
    iteration: 1,
    ...ending,
    result: null,
    failure: null,
    stopped: 'no',
    unknownLines: 0,
    unreadableLines: 0,
    survivors: 0,
    ...over,
  });
const failure = { code: 'agent.offline', message: 'No network.' };
const failed = (over = {}): Draft => finished(1, { outcome: 'failed', commit: undefined, ...over });
const hook = (over: object): Draft =>
  draft('hook.finished', { iteration: 1, hook: 'pre-commit', ...ending, outputTail: '', ...over });
const setUp = (over: object): Draft =>
  draft('setup.finished', { command: 'npm ci', ...ending, outputTail: '', leftovers: [], ...over });
const back = rewind(1, { iteration: 0, from: 'c', to: 'b' });

describe('an iteration that failed', () => {
  it('says so by the word of its agent, once, until a later one completes', () => {
    const life = [agentEnded({ failure }), failed()];
    const offline = error(3, 'agent.offline', { message: 'No network.' });
    expect(errors(...life)).toEqual([offline]);
    expect(errors(...life, started(2), failed({ iteration: 2 }))).toEqual([
      offline,
      error(6, 'iteration.failed', { iteration: 2 }),
    ]);
    expect(errors(...life, started(2), finished(2))).toEqual([{ ...offline, ...right('iteration', 6, 2) }]);
  });

  it.each(['failed', 'interrupted', 'timed-out'] as const)('without such a word: %s', (outcome) => {
    const wrong = error(3, `iteration.${outcome}`);
    expect(errors(failed({ outcome }))).toEqual([wrong]);
    // A rewind is of no iteration.
    expect(errors(failed({ outcome }), ...back)).toEqual([{ ...wrong, ...right('rewind', 5) }]);
  });

  it('but completed all the same puts nothing of its own right', () => {
    const offline = error(3, 'agent.offline', { message: 'No network.' });
    expect(errors(agentEnded({ failure }), finished(1))).toEqual([offline]);
  });
});

it('a hook that refused is put right by a later iteration that completes, or by a rewind', () => {
  const refused = error(3, 'hook.refused', { message: 'pre-commit' });
  expect(errors(hook({}), finished(1))).toEqual([]);
  expect(errors(hook({ exitCode: 1 }), finished(1))).toEqual([refused]);
  expect(errors(hook({ timedOut: true }), finished(1), started(2), finished(2))).toEqual([
    { ...refused, ...right('iteration', 6, 2) },
  ]);
  expect(errors(hook({ exitCode: null }), finished(1), ...back)).toEqual([{ ...refused, ...right('rewind', 6) }]);
});

describe('tests that do not pass', () => {
  const message = 'npm test';
  const base = (exitCode: number): Draft => tested({ target: 'base', iteration: undefined, commit: ID('b'), exitCode });

  it('are failing, newly failing or too slow, each until a later iteration passes', () => {
    const life = [finished(1), tested({ exitCode: 1 }), base(0), tested({ exitCode: 1 }), tested({ timedOut: true })];
    const wrong = [
      error(4, 'tests.failing', { message }),
      error(6, 'tests.newly-failing', { message }),
      error(7, 'tests.timed-out', { message }),
    ];
    expect(errors(...life)).toEqual(wrong);
    const next = [started(2), finished(2), tested({ iteration: 2 })];
    expect(errors(...life, ...next)).toEqual(wrong.map((one) => ({ ...one, ...right('tests', 10, 2) })));
    expect(errors(...life, ...back)).toEqual(wrong.map((one) => ({ ...one, ...right('rewind', 9) })));
  });

  it('are put right by no base, no other run of the same iteration, and nothing twice', () => {
    const wrong = error(4, 'tests.failing', { message });
    const life = [finished(1), tested({ exitCode: 1 })];
    expect(errors(...life, base(0), tested())).toEqual([wrong]);
    expect(errors(finished(1), base(1))).toEqual([]);
    const next = [started(2), finished(2), tested({ iteration: 2 })];
    expect(errors(...life, ...next, ...back)).toEqual([{ ...wrong, ...right('tests', 7, 2) }]);
  });
});

it('a set-up that failed is put right by one that did not', () => {
  const wrong = error(3, 'setup.failed', { ...NOBODYS, message: 'npm ci' });
  expect(errors(setUp({}))).toEqual([]);
  expect(errors(setUp({ exitCode: 2 }), finished(1), started(2), finished(2))).toEqual([wrong]);
  expect(errors(setUp({ timedOut: true }), setUp({}))).toEqual([{ ...wrong, ...right('setup', 4) }]);
});

describe('a conflict', () => {
  const wrong = error(4, 'rebase.conflict', { ...NOBODYS, message: 'release' });
  const life = [finished(1), conflicted('c')];

  it('stays until somebody decides it, whatever else is done', () => {
    expect(errors(...life, started(2), finished(2, { commit: undefined }))).toEqual([wrong]);
  });

  it.each([
    [resolved('c', 'e'), right('person', 5)],
    [resolved('c', null), right('skip', 5)],
    [resolved('c', 'e', { by: 'agent', iteration: 1 }), right('agent', 5, 1)],
    [draft('rebase.aborted', { commit: ID('c'), reason: 'user' }), right('abort', 5)],
  ] as [Draft, Row][])('is decided (%#)', (decision, by) => {
    expect(errors(...life, decision)).toEqual([{ ...wrong, ...by }]);
  });
});

describe('what is put right as soon as it is known', () => {
  it('a process that died', () => {
    expect(errors(finished(1, { recovered: true }))).toEqual([
      error(3, 'process.died', {
        message: 'the iteration was ended by a later command',
        ...right('reconcile', 3),
      }),
    ]);
    const [begun] = squash(1, 'c', 'd') as [Draft];
    expect(errors(finished(1), begun, draft('squash.finished', { ...done(1, 'd'), recovered: true }))).toEqual([
      error(5, 'process.died', {
        ...NOBODYS,
        message: 'the operation was finished by a later command',
        ...right('reconcile', 5),
      }),
    ]);
    const late = draft('rewind.finished', { ...done(1, 'b'), recovered: true });
    expect(errors(failed(), back[0]!, late)).toEqual([
      error(3, 'iteration.failed', right('rewind', 5)),
      error(5, 'process.died', {
        ...NOBODYS,
        message: 'the operation was finished by a later command',
        ...right('reconcile', 5),
      }),
    ]);
  });

  it('processes that outlived the agent, an operation rolled back, a torn log', () => {
    const torn = draft('log.recovered', { tornBytes: 12, quarantine: 'q' });
    expect(errors(agentEnded({ survivors: 2 }), finished(1), abandoned(1, 'merge', 'crash'), torn)).toEqual([
      error(3, 'agent.survivors', { message: '2 processes', ...right('kill', 3) }),
      error(5, 'operation.rolled-back', { ...NOBODYS, message: 'crash', ...right('rollback', 5) }),
      error(6, 'log.torn', { ...NOBODYS, message: '12 bytes', ...right('quarantine', 6) }),
    ]);
  });
});

it('a change of the repository is put back at once, or stays until somebody trusts it', () => {
  const said = { kind: 'config', from: 'a', to: 'b' } as const;
  const items = [
    { ...said, item: '.git/config', blocks: true },
    { ...said, item: 'refs/amp', blocks: true, restored: true },
    { ...said, item: 'refs/heads/x', blocks: false },
  ];
  const none = { iteration: 1, config: true, hooks: [], attributes: false, refs: [] };
  const found = draft('repository-change.found', { ...none, items });
  const open = error(3, 'repository.changed', { message: '.git/config' });
  const restored = error(3, 'repository.changed', { message: 'refs/amp', ...right('restore', 3) });
  expect(errors(found, finished(1), started(2), finished(2))).toEqual([open, restored]);
  const trust = draft('repository-change.trusted', { items: [{ ...said, item: '.git/config' }] });
  expect(errors(found, trust)).toEqual([{ ...open, ...right('trust', 4) }, restored]);
});
