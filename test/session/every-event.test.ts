import { describe, expect, it } from 'vitest';
import { batchEvents } from '../../src/events/batch-events.ts';
import { catalogue, type Draft, type EventType } from '../../src/events/catalogue.ts';
import { landingEvents } from '../../src/events/landing-events.ts';
import { replay } from '../../src/session/evolve.ts';
import { emptyUsage, initialSession, type Session } from '../../src/session/state.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

/** Two iterations and a person's work between them: nothing in it is as it was at the start. */
const LIFE: Draft[] = [
  draft('session.created', created({ setup: 'npm ci' })),
  draft('worktree.added', {
    path: 'w',
    branch: 'amp/x/1',
    commit: ID('b'),
    copied: [],
    durationMs: 1,
    reason: 'new',
  }),
  started(1),
  finished(1),
  tested({ leftovers: [{ path: 'cov.txt', object: ID('9') }] }),
  started(2, { head: ID('c') }),
];
const AT = '2026-11-22T13:00:06.000Z';

/** Given a life, when this event comes, then exactly this is different. */
const changesOf = (event: Draft, before: Draft[] = LIFE): Partial<Session> => {
  const old = replay(eventsOf(before));
  const now = replay(eventsOf([...before, event]));
  expect([now.events, now.malformedEvents, now.unknownEvents]).toEqual([old.events + 1, 0, 0]);
  const keys = (Object.keys(now) as (keyof Session)[]).filter(
    (key) => !['events', 'lastActivityAt', 'places'].includes(key),
  );
  return Object.fromEntries(
    keys.filter((key) => JSON.stringify(now[key]) !== JSON.stringify(old[key])).map((key) => [key, now[key]]),
  );
};
/** The same, of iteration 2; the first one is never touched. */
const editOf = (event: Draft, before: Draft[] = LIFE): Record<string, unknown> => {
  const { iterations, ...rest } = changesOf(event, before);
  expect(rest).toEqual({});
  const [first, second] = replay(eventsOf(before)).iterations;
  expect(iterations![0]).toEqual(first);
  const keys = Object.keys(iterations![1]!) as (keyof typeof second)[];
  return Object.fromEntries(
    keys
      .filter((key) => JSON.stringify(iterations![1]![key]) !== JSON.stringify(second![key]))
      .map((key) => [key, iterations![1]![key]]),
  );
};
const ended = { exitCode: 0, signal: null, timedOut: false, durationMs: 7 };

/** What each type of the catalogue means; the last test says that none is left out. */
const MEANING: { [Type in EventType]?: () => void } = {
  'session.created': () => {
    const { setup, ...rest } = created({ setup: 'npm ci' });
    const { author: _, ...said } = rest;
    expect(changesOf(LIFE[0]!, [])).toEqual({
      ...said,
      setup,
      id: 's000000001',
      exists: true,
      createdAt: '2026-11-22T13:00:00.000Z',
      head: ID('b'),
    });
  },
  'session.resumed': () => {
    const said = { host: 'vm', branch: 'amp/x/1', commit: ID('c'), previous: null };
    const put = draft('session.archived', {});
    expect(changesOf(draft('session.resumed', said), [...LIFE, put])).toEqual({
      hosts: { w000000001: 'vm' },
      archived: false,
    });
    const thread = draft('thread.started', { iteration: 2, threadId: 'T-1', mode: null, model: null });
    const anew = draft('session.resumed', { ...said, newThread: true });
    expect(changesOf(anew, [...LIFE, thread])).toMatchObject({ threads: {} });
  },
  'session.renamed': () => {
    expect(changesOf(draft('session.renamed', { name: 'new', previous: 'add-login' }))).toEqual({ name: 'new' });
  },
  'prompt.replaced': () => {
    expect(changesOf(draft('prompt.replaced', { prompt: 'Other' }))).toEqual({ prompt: 'Other' });
  },
  'test-command.replaced': () => {
    const before = [...LIFE, tested({ target: 'base', iteration: undefined, leftovers: [] })];
    expect(replay(eventsOf(before)).baseTests).not.toBeNull();
    // What the base showed was shown by another command, and says so itself.
    expect(changesOf(draft('test-command.replaced', { test: 'make' }), before)).toEqual({ test: 'make' });
    expect(changesOf(draft('test-command.replaced', { test: null }), before)).toMatchObject({ test: null });
  },
  'agent.replaced': () => {
    const agent = { name: 'command', mode: null, command: 'make all' };
    expect(changesOf(draft('agent.replaced', { agent }))).toEqual({ agent });
  },
  'worktree.added': () => {
    const before = [...LIFE, draft('worktree.removed', { path: 'w' }), draft('branch.removed', gone)];
    const moved = { path: 'w2', branch: 'amp/y/2', commit: ID('c'), copied: ['.env'], durationMs: 1 };
    expect(
      changesOf(draft('worktree.added', { ...moved, reason: 'repair' }), [...before, draft('session.archived', {})]),
    ).toEqual({
      worktree: 'w2',
      branch: 'amp/y/2',
      hasWorktree: true,
      hasBranch: true,
      archived: false,
    });
    // Its set-up command has to run again, in the new files.
    const setUp = draft('setup.finished', { command: 'npm ci', ...ended, outputTail: '', leftovers: [] });
    expect(
      changesOf(draft('worktree.added', { ...moved, path: 'w', branch: 'amp/x/1', reason: 'repair' }), [
        ...LIFE,
        setUp,
      ]),
    ).toEqual({ setupExitCode: undefined });
    // New files are nobody's leftovers.
    expect(changesOf(draft('worktree.added', { ...moved, path: 'w', branch: 'amp/x/1', reason: 'repair' }))).toEqual({
      leftovers: [],
    });
  },
  'setup.finished': () => {
    const leftovers = [{ path: 'node_modules.txt', object: null }];
    const setup = { command: 'npm ci', ...ended, outputTail: '', leftovers };
    expect(changesOf(draft('setup.finished', { ...setup, exitCode: 3 }))).toEqual({ setupExitCode: 3, leftovers });
    expect(changesOf(draft('setup.finished', setup))).toEqual({ setupExitCode: 0, leftovers });
    // It may say 0 when it is told to end.
    expect(changesOf(draft('setup.finished', { ...setup, timedOut: true }))).toEqual({
      setupExitCode: null,
      leftovers,
    });
  },
  'snapshot.taken': () => {
    const snapshot = { number: 2, commit: ID('5'), state: 'abc' };
    const data = { ...snapshot, head: ID('c'), reason: 'rebase' as const, changes: 1, bytes: 2, skipped: [] };
    expect(changesOf(draft('snapshot.taken', data))).toEqual({
      snapshot: { ...snapshot, at: AT, writer: 'w000000001' },
    });
  },
  'snapshot-restore.started': () => {
    const openRestore = { number: 2, commit: ID('5') };
    const begun = draft('snapshot-restore.started', { ...openRestore, files: 1, removed: 0, kept: null });
    expect(changesOf(begun)).toEqual({ openRestore });
  },
  'snapshot.restored': () => {
    const sizes = { number: 2, commit: ID('5'), files: 1, removed: 0 };
    const begun = draft('snapshot-restore.started', { ...sizes, kept: 3 });
    expect(changesOf(draft('snapshot.restored', sizes), [...LIFE, begun])).toEqual({ openRestore: null });
  },
  'worktree-removal.started': () => {
    const data = { path: 'w', branch: 'amp/x/1', commit: ID('c'), reason: 'rm' } as const;
    expect(changesOf(draft('worktree-removal.started', data))).toEqual({});
  },
  'worktree.removed': () => {
    expect(changesOf(draft('worktree.removed', { path: 'w' }))).toEqual({ hasWorktree: false, leftovers: [] });
  },
  'branch-removal.started': () => {
    expect(changesOf(draft('branch-removal.started', { ...gone, unmergedCommits: 1 }))).toEqual({});
  },
  'branch.removed': () => expect(changesOf(draft('branch.removed', gone))).toEqual({ hasBranch: false }),
  'session.archived': () => expect(changesOf(draft('session.archived', {}))).toEqual({ archived: true }),
  'session.removed': () => {
    expect(changesOf(draft('session.removed', {}))).toEqual({ archived: true, removed: true });
  },
  'manual-commit.found': () => {
    const shown = {
      commit: ID('d'),
      subject: 'By hand',
      author: { name: 'P', email: 'p@x' },
      origin: 'commit',
      files: 1,
      insertions: 2,
      deletions: 3,
      beforeIteration: 3,
    } as const;
    const by = (commit: string) =>
      draft('manual-commit.found', { ...shown, commit, parents: [ID('c')], authoredAt: AT });
    expect(changesOf(by(ID('d')))).toEqual({ head: ID('d'), manualCommits: [shown] });
    expect(changesOf(by(ID('e')), [...LIFE, by(ID('d'))])).toEqual({
      head: ID('e'),
      manualCommits: [shown, { ...shown, commit: ID('e') }],
    });
  },
  'manual-rewrite.found': () => {
    const data = { branch: 'amp/x/1', from: ID('c'), to: ID('e') };
    expect(changesOf(draft('manual-rewrite.found', data))).toEqual({ head: ID('e') });
  },
  'log.recovered': () => {
    expect(changesOf(draft('log.recovered', { tornBytes: 5, quarantine: 'q' }))).toEqual({});
  },
  'iteration.started': () => {
    const before = LIFE.slice(0, 5);
    const agent = { name: 'amp', mode: 'deep', version: '1', threadId: 'T-9' };
    const { iterations, ...rest } = changesOf(started(2, { agent, prompt: 'P', reason: 'until-pass' }), before);
    expect(rest).toEqual({});
    expect(iterations![1]).toEqual({
      iteration: 2,
      writer: 'w000000001',
      seq: 6,
      prompt: 'P',
      reason: 'until-pass',
      agent,
      threadId: 'T-9',
      startedAt: '2026-11-22T13:00:05.000Z',
      finishedAt: null,
      outcome: null,
      head: ID('b'),
      commit: null,
      subject: null,
      files: 0,
      insertions: 0,
      deletions: 0,
      durationMs: null,
      usage: emptyUsage,
      toolCalls: 0,
      toolFailures: 0,
      message: null,
      failure: null,
      tests: null,
      failedHooks: [],
    });
  },
  'thread.started': () => {
    const thread = (iteration: number) =>
      draft('thread.started', { iteration, threadId: 'T-1', mode: null, model: null });
    const { threads, iterations } = changesOf(thread(2));
    expect([threads, iterations![1]!.threadId, iterations![0]!.threadId]).toEqual([{ scripted: 'T-1' }, 'T-1', null]);
    // The thread belongs to the agent that ran, not to the one the session would take next.
    const other = { name: 'amp', mode: null, version: null, threadId: null };
    const mixed = changesOf(thread(3), [...LIFE, finished(2), started(3, { agent: other })]);
    expect(mixed.threads).toEqual({ amp: 'T-1' });
    expect(changesOf(thread(9)).threads).toEqual({ scripted: 'T-1' });
  },
  'agent-message.received': () => {
    expect(editOf(draft('agent-message.received', { iteration: 2, text: 'Hi' }))).toEqual({ message: 'Hi' });
    expect(changesOf(draft('agent-message.received', { iteration: 9, text: 'Hi' }))).toEqual({});
  },
  'tool-call.started': () => {
    const call = draft('tool-call.started', { iteration: 2, toolCallId: 'a', tool: 'sh', summary: 'ls' });
    expect(editOf(call)).toEqual({ toolCalls: 1 });
    expect(editOf(call, [...LIFE, call])).toEqual({ toolCalls: 2 });
  },
  'tool-call.finished': () => {
    const end = (isError: boolean, exitCode: number | null) =>
      draft('tool-call.finished', { iteration: 2, toolCallId: 'a', tool: 'sh', durationMs: 1, isError, exitCode });
    expect(changesOf(end(false, 0))).toEqual({});
    expect(changesOf(end(false, null))).toEqual({});
    for (const bad of [end(true, null), end(true, 0), end(false, 1), end(false, -1)])
      expect(editOf(bad)).toEqual({ toolFailures: 1 });
    expect(editOf(end(true, 1), [...LIFE, end(true, 1)])).toEqual({ toolFailures: 2 });
  },
  'usage.reported': () => {
    const use = draft('usage.reported', { iteration: 2, ...tokens(1, 2, 3, 4), model: 'm' });
    expect(editOf(use)).toEqual({ usage: { ...emptyUsage, ...tokens(1, 2, 3, 4) } });
    expect(editOf(use, [...LIFE, use])).toEqual({ usage: { ...emptyUsage, ...tokens(2, 4, 6, 8) } });
  },
  'cost.reported': () => {
    const cost = (costUsd: number, threadCostUsd: number | null) =>
      draft('cost.reported', { iteration: 2, costUsd, costSource: 'billed', threadCostUsd });
    const usage = { ...emptyUsage, costUsd: 0.5, costSource: 'billed' };
    expect(editOf(cost(0.5, null))).toEqual({ usage });
    expect(editOf(cost(0.5, 9))).toEqual({ usage });
    expect(editOf(cost(0.25, null), [...LIFE, cost(0.5, null)])).toEqual({ usage: { ...usage, costUsd: 0.75 } });
    const named = [...LIFE, draft('thread.started', { iteration: 2, threadId: 'T-1', mode: null, model: null })];
    expect(changesOf(cost(0.5, 9), named).threadCosts).toEqual({ 'T-1': 9 });
    expect(changesOf(cost(0.5, 12), [...named, cost(1, 9)]).threadCosts).toEqual({ 'T-1': 12 });
    expect(changesOf(cost(0.5, null), [...named, cost(1, 9)]).threadCosts).toBeUndefined();
  },
  'agent.finished': () => {
    const failure = { code: 'agent.credits', message: 'No more.' };
    const end = { ...ended, result: null, stopped: 'no', unknownLines: 0, unreadableLines: 0, survivors: 0 } as const;
    expect(editOf(draft('agent.finished', { iteration: 2, ...end, failure }))).toEqual({ failure });
  },
  'agent-commit.folded': () => {
    expect(changesOf(draft('agent-commit.folded', { iteration: 2, commit: ID('e'), subject: 's' }))).toEqual({});
  },
  'repository-change.found': () => {
    const data = { iteration: 2, config: true, hooks: ['x'], attributes: true, refs: [] };
    expect(changesOf(draft('repository-change.found', data))).toEqual({});
    expect(changesOf(changed({ blocks: false }, { item: 'r', restored: true }))).toEqual({});
    const first = { item: '.git/config', kind: 'config', from: 'a', to: 'b', before: 'x', after: 'y', iteration: 2 };
    expect(changesOf(changed({ before: 'x', after: 'y' })).openChanges).toMatchObject([first]);
    // Of several changes the first says what it was before.
    const later = changesOf(changed({ from: 'b', to: 'c', before: 'y', after: 'z' }), [
      ...LIFE,
      changed({ before: 'x' }),
    ]);
    expect(later.openChanges).toMatchObject([{ ...first, to: 'c', after: 'z' }]);
  },
  'repository-change.trusted': () => {
    const trust = (item: string) =>
      draft('repository-change.trusted', { items: [{ item, kind: 'config', from: 'a', to: 'b' }] });
    const life = [...LIFE, changed({}, { item: 'other' })];
    expect(changesOf(trust('.git/config'), life).openChanges).toMatchObject([{ item: 'other' }]);
  },
  'hook.finished': () => {
    const hook = (name: string, over: object) =>
      draft('hook.finished', { iteration: 2, hook: name, ...ended, outputTail: 'out', ...over });
    expect(changesOf(hook('pre-commit', {}))).toEqual({});
    const bad = { hook: 'pre-commit', outputTail: 'out' };
    expect(editOf(hook('pre-commit', { exitCode: 1 }))).toEqual({ failedHooks: [bad] });
    expect(editOf(hook('pre-commit', { timedOut: true }))).toEqual({ failedHooks: [bad] });
    expect(editOf(hook('commit-msg', { exitCode: null }), [...LIFE, hook('pre-commit', { exitCode: 1 })])).toEqual({
      failedHooks: [bad, { hook: 'commit-msg', outputTail: 'out' }],
    });
  },
  'iteration.finished': () => {
    const end = finished(2, { commit: ID('d'), outcome: 'timed-out' });
    const { head, iterations } = changesOf(end);
    expect(head).toBe(ID('d'));
    expect(iterations![1]).toMatchObject({
      finishedAt: AT,
      outcome: 'timed-out',
      commit: ID('d'),
      subject: 'amp: Added a login page',
      files: 2,
      insertions: 10,
      deletions: 1,
      durationMs: 1234,
    });
    const none = changesOf(finished(2, { commit: undefined, subject: undefined, files: 0 }));
    expect([none.head, none.iterations![1]]).toMatchObject([undefined, { commit: null, subject: null }]);
    // Its usage repeats what was reported: it is not added once more.
    const usage = { ...emptyUsage, ...tokens(5, 5, 5, 5), costUsd: 1, costSource: 'billed' } as const;
    expect(changesOf(finished(2, { usage })).iterations![1]!.usage).toEqual(emptyUsage);
  },
  'test-run.finished': () => {
    const run = {
      commit: ID('c'),
      ...ended,
      exitCode: 1,
      signal: 'SIGTERM',
      timedOut: true,
      outputTail: 'no',
      command: 'npm test',
    };
    const leftovers = [{ path: 'x', object: null }];
    const data = { ...run, leftovers, iteration: 2 };
    const { iterations, ...rest } = changesOf(tested(data));
    expect([rest, iterations![1]!.tests, iterations![0]!.tests!.exitCode]).toEqual([{ leftovers }, run, 0]);
    expect(changesOf(tested({ ...data, target: 'base', iteration: undefined }))).toEqual({ leftovers, baseTests: run });
  },
  'test-run.interrupted': () => {
    const leftovers = [{ path: 'x', object: null }];
    const run = { target: 'iteration' as const, iteration: 2, commit: ID('c'), command: 'npm test', durationMs: 5 };
    expect(changesOf(draft('test-run.interrupted', { ...run, leftovers }))).toEqual({ leftovers });
  },
};
const changed = (...over: object[]) => {
  const item = { item: '.git/config', kind: 'config', from: 'a', to: 'b', blocks: true } as const;
  const items = over.map((one) => ({ ...item, ...one }));
  return draft('repository-change.found', {
    iteration: 2,
    config: true,
    hooks: [],
    attributes: false,
    refs: [],
    items,
  });
};
const gone = { branch: 'amp/x/1', commit: ID('c') };
const tokens = (tokensInput: number, tokensOutput: number, tokensCacheRead: number, tokensCacheWrite: number) => ({
  tokensInput,
  tokensOutput,
  tokensCacheRead,
  tokensCacheWrite,
});

describe('given a life, when one more event comes, then exactly this changes', () => {
  it.each(Object.entries(MEANING))('%s', (_, check) => check!());

  it('and this holds for every type there is', () => {
    // Those of landing-events.ts have a test file of their own; those of batches are in no session's log.
    const others = [...landingEvents, ...batchEvents].map(({ type }): string => type);
    expect([...Object.keys(MEANING), ...others].sort()).toEqual(catalogue.map(({ type }) => type).sort());
  });

  it('the time of the last activity is that of the last event that could be read', () => {
    const events = eventsOf([...LIFE, draft('session.archived', {})]);
    expect(replay(events).lastActivityAt).toBe(AT);
    const odd = { ...events[0]!, at: '2030-01-01T00:00:00.000Z', data: null };
    expect(replay([...events, odd])).toMatchObject({ lastActivityAt: AT, malformedEvents: 1, unknownEvents: 0 });
    expect(replay([...events, { ...odd, type: 'x.y' }])).toMatchObject({ lastActivityAt: AT, unknownEvents: 1 });
  });

  it('a session in one log keeps its id, and an empty log is the session before its first event', () => {
    const other = { ...eventsOf([draft('session.archived', {})])[0]!, log: 'sessions/sother' as const };
    expect(replay([...eventsOf(LIFE), other]).id).toBe('s000000001');
    expect(replay([])).toEqual(initialSession);
  });
});
