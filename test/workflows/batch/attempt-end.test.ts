import { describe, expect, it } from 'vitest';
import { CRASHED } from '../../../src/batch/causes.ts';
import { AppError } from '../../../src/errors.ts';
import type { Draft } from '../../../src/events/catalogue.ts';
import { replay } from '../../../src/session/evolve.ts';
import type { Session } from '../../../src/session/state.ts';
import { endOfDead, endOfError, endOfResult, type StopReason } from '../../../src/workflows/batch/attempt-end.ts';
import type { IterateResult } from '../../../src/workflows/iterate.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../../support/events.ts';

const told = (iteration: number): Draft[] => [
  draft('usage.reported', {
    iteration,
    tokensInput: 100,
    tokensOutput: 20,
    tokensCacheRead: 5000,
    tokensCacheWrite: 7,
    model: null,
  }),
  draft('cost.reported', { iteration, costUsd: 0.5, costSource: 'reported', threadCostUsd: null }),
];

const sessionOf = (drafts: Draft[], over: Parameters<typeof created>[0] = {}): Session =>
  replay(eventsOf([draft('session.created', created(over)), ...drafts]));

const whole = (n = 1, test: Parameters<typeof tested>[0] = {}): Draft[] => [
  started(n),
  ...told(n),
  finished(n),
  tested({ iteration: n, ...test }),
];

const resultOf = (session: Session, over: Partial<IterateResult> = {}): IterateResult => ({
  session,
  iteration: session.iterations.at(-1)!,
  ran: 1,
  failure: null,
  interrupted: false,
  ...over,
});

const none = { stop: null, durationMs: 42 };
const byUser: StopReason = { code: 'interrupted', message: 'Somebody stopped it.' };
const byBudget: StopReason = { code: 'budget.exceeded', message: 'It has used up its budget of 2 tokens.' };
const failure = (code: 'agent.failed' | 'agent.timeout' | 'agent.silent') => ({
  code,
  message: 'it did not',
  hint: '',
});

describe('the end of an attempt that came back', () => {
  it('has what its session used, cost, committed and showed', () => {
    const session = sessionOf([...whole(1, { exitCode: 1 }), ...whole(2)]);
    expect(endOfResult(resultOf(session, { ran: 2 }), none)).toEqual({
      state: 'passed',
      cause: null,
      usage: { tokensInput: 200, tokensOutput: 40, tokensCacheRead: 10_000, tokensCacheWrite: 14 },
      costUsd: 1,
      commit: ID('c'),
      verdict: 'passed',
      durationMs: 42,
    });
  });

  it('without a commit names none, and without a test command has no verdict', () => {
    const session = sessionOf([started(1), finished(1, { commit: undefined, subject: undefined })], { test: null });
    expect(endOfResult(resultOf(session), none)).toMatchObject({ state: 'passed', commit: null, verdict: 'none' });
  });

  it.each([
    ['failed tests', {}, { exitCode: 1 }, 'failed', 'tests.failed'],
    ['tests that ran into their time limit', {}, { exitCode: null, timedOut: true }, 'timeout', 'tests.failed'],
    ['an agent that failed', { failure: failure('agent.failed') }, {}, 'error', 'agent.failed'],
    ['an agent that took too long', { failure: failure('agent.timeout') }, {}, 'timeout', 'agent.timeout'],
    ['an agent that said nothing', { failure: failure('agent.silent') }, {}, 'timeout', 'agent.silent'],
  ] as const)('of %s', (_, over, test, state, code) => {
    const session = sessionOf(whole(1, test));
    expect(endOfResult(resultOf(session, over), none)).toMatchObject({ state, cause: { code } });
  });

  it('of a hook that refused is a failure like that of tests', () => {
    const hook = draft('hook.finished', {
      iteration: 1,
      hook: 'pre-commit',
      exitCode: 1,
      signal: null,
      timedOut: false,
      durationMs: 1,
      outputTail: 'no tabs',
    });
    const session = sessionOf([started(1), hook, finished(1)], { test: null });
    expect(endOfResult(resultOf(session), none)).toMatchObject({ state: 'failed', cause: { code: 'hook.failed' } });
  });

  it.each([
    ['somebody', byUser, 'cancelled'],
    ['a budget', byBudget, 'budget'],
  ] as const)('that %s stopped', (_, stop, state) => {
    const session = sessionOf([started(1), ...told(1), finished(1, { outcome: 'interrupted' })]);
    const end = endOfResult(resultOf(session, { interrupted: true }), { ...none, stop });
    expect(end).toMatchObject({ state, cause: { code: stop.code, message: stop.message }, costUsd: 0.5 });
  });

  it('that was through before the stop reached it keeps its result', () => {
    const end = endOfResult(resultOf(sessionOf(whole())), { ...none, stop: byUser });
    expect(end.state).toBe('passed');
  });
});

describe('the end of an attempt that could not be carried through', () => {
  it.each([
    [new AppError('setup.failed', 'npm ci failed'), null, 'error', 'setup.failed'],
    [new AppError('agent.missing', 'no amp here'), null, 'error', 'agent.missing'],
    [new AppError('agent.timeout', 'too long'), null, 'timeout', 'agent.timeout'],
    [new AppError('interrupted', 'before it began'), byBudget, 'budget', 'budget.exceeded'],
    [new AppError('interrupted', 'before it began'), byUser, 'cancelled', 'interrupted'],
    [new AppError('interrupted', 'of itself'), null, 'cancelled', 'interrupted'],
    [new AppError('session.busy', 'held'), byUser, 'error', 'session.busy'],
    [Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/r/.worktrees' }), null, 'error', 'store.readonly'],
    [new TypeError('x is not a function'), null, 'error', 'program.bug'],
    ['a mere text', null, 'error', 'program.bug'],
  ] as const)('by %s, stopped: %j, is %s (%s)', (error, stop, state, code) => {
    const end = endOfError(error, { stop, durationMs: 7 });
    expect(end).toMatchObject({ state, cause: { code }, costUsd: null, commit: null, verdict: 'none', durationMs: 7 });
  });

  it('has what the session had used until then', () => {
    const session = sessionOf([started(1), ...told(1)]);
    const end = endOfError(new Error('x'), { ...none, session });
    expect(end).toMatchObject({ usage: { tokensInput: 100 }, costUsd: 0.5 });
  });
});

describe('the end of an attempt whose process died', () => {
  const once = { untilPass: false, maxIterations: 1 };
  const untilPass = { untilPass: true, maxIterations: 3 };
  const failing = whole(1, { exitCode: 1 });

  it.each([
    ['was never made', undefined, once, 'error', CRASHED, 'before the session was made'],
    ['was made and no more', sessionOf([]), once, 'error', CRASHED, 'before the agent began'],
    ['has an iteration that never ended', sessionOf([started(1)]), once, 'error', CRASHED, 'that ran it died'],
    ['passed', sessionOf(whole()), once, 'passed', undefined, undefined],
    ['failed its tests', sessionOf(failing), once, 'failed', 'tests.failed', 'exit code 1'],
    ['was about to run its tests', sessionOf([started(1), finished(1)]), once, 'error', CRASHED, 'that ran it died'],
    [
      'was put in order as interrupted',
      sessionOf([started(1), finished(1, { outcome: 'interrupted', recovered: true })]),
      once,
      'error',
      CRASHED,
      'that ran it died',
    ],
    [
      'took too long',
      sessionOf([started(1), finished(1, { outcome: 'timed-out' })]),
      once,
      'timeout',
      'agent.timeout',
      'time limit',
    ],
    ['failed, with iterations left', sessionOf(failing), untilPass, 'error', CRASHED, 'that ran it died'],
    [
      'failed in its last iteration',
      sessionOf([...failing, ...whole(2, { exitCode: 1 }), ...whole(3, { exitCode: 1 })]),
      untilPass,
      'failed',
      'tests.failed',
      'exit code 1',
    ],
    ['passed at the second', sessionOf([...failing, ...whole(2)]), untilPass, 'passed', undefined, undefined],
  ] as const)('and whose session %s', (_, session, plan, state, code, words) => {
    const end = endOfDead(session, plan);
    expect([end.state, end.cause?.code]).toEqual([state, code]);
    if (words !== undefined) expect(end.cause!.message).toContain(words);
  });

  it('by the failure of the agent that is on record', () => {
    const agentFinished = draft('agent.finished', {
      iteration: 1,
      exitCode: 3,
      signal: null,
      timedOut: false,
      durationMs: 5,
      result: null,
      failure: { code: 'agent.credits', message: 'out of credits' },
      stopped: 'no',
      unknownLines: 0,
      unreadableLines: 0,
      survivors: 0,
    });
    const session = sessionOf([started(1), agentFinished, finished(1, { outcome: 'failed' })]);
    expect(endOfDead(session, once)).toMatchObject({
      state: 'error',
      cause: { code: 'agent.credits', message: 'out of credits' },
      durationMs: 1234,
    });
  });
});
