import type { Draft, EventData, EventType, LogEvent } from '../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { GENESIS, sessionLog } from '../../src/events/envelope.ts';

export const ID = (digit: string): string => digit.repeat(40);

/** Data of `session.created` that a test changes where it matters. */
export const created = (over: Partial<EventData<'session.created'>> = {}): EventData<'session.created'> => ({
  name: 'add-login',
  prompt: 'Add a login page',
  base: 'main',
  baseCommit: ID('b'),
  branch: 'amp/add-login/20261122-130000',
  worktree: '.worktrees/s000000001',
  agent: { name: 'scripted', mode: null },
  test: 'npm test',
  setup: null,
  author: { name: 'Test User', email: 'test@example.com' },
  ...over,
});

export const draft = <Type extends EventType>(type: Type, data: EventData<Type>): Draft =>
  ({ type, by: 'program', data }) as unknown as Draft;

/** Drafts as one writer's chained events, a second apart. */
export const eventsOf = (drafts: Draft[], writer = 'w000000001', session = 's000000001'): LogEvent[] => {
  let prev = GENESIS;
  return drafts.map(({ type, by, data }, i) => {
    const at = new Date(Date.UTC(2026, 10, 22, 13, 0, i)).toISOString();
    const event = { v: 1, log: sessionLog(session), writer, seq: i + 1, clock: i + 1, at, by, type, data, prev };
    prev = lineHash(encodeEvent(event));
    return event;
  });
};

export const started = (iteration: number, over: Partial<EventData<'iteration.started'>> = {}): Draft =>
  draft('iteration.started', {
    iteration,
    prompt: 'Add a login page',
    reason: 'prompt',
    head: ID('b'),
    agent: { name: 'scripted', mode: null, version: null, threadId: null },
    timeoutMs: null,
    stopStrength: 'group',
    ...over,
  });

export const finished = (iteration: number, over: Partial<EventData<'iteration.finished'>> = {}): Draft =>
  draft('iteration.finished', {
    iteration,
    outcome: 'completed',
    head: ID('b'),
    commit: ID('c'),
    subject: 'amp: Added a login page',
    files: 2,
    insertions: 10,
    deletions: 1,
    durationMs: 1234,
    agent: { name: 'scripted', mode: null, threadId: null },
    usage: {
      tokensInput: 0,
      tokensOutput: 0,
      tokensCacheRead: 0,
      tokensCacheWrite: 0,
      costUsd: null,
      costSource: 'unknown',
    },
    transcript: null,
    recovered: false,
    ...over,
  });

export const tested = (over: Partial<EventData<'test-run.finished'>> = {}): Draft =>
  draft('test-run.finished', {
    target: 'iteration',
    iteration: 1,
    commit: ID('c'),
    command: 'npm test',
    exitCode: 0,
    signal: null,
    timedOut: false,
    durationMs: 50,
    outputTail: '',
    outputBytes: 0,
    leftovers: [],
    ...over,
  });
