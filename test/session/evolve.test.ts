import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue, type Draft, type LogEvent } from '../../src/events/catalogue.ts';
import { compareWithBase, statusOf, totalUsage, verdictOf } from '../../src/session/conclusions.ts';
import { evolve, Replay, replay } from '../../src/session/evolve.ts';
import { initialSession, type Session } from '../../src/session/state.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

const stateAfter = (...drafts: Draft[]) => replay(eventsOf([draft('session.created', created()), ...drafts]));

describe('replay', () => {
  it('knows an iteration from its start to its tests', () => {
    const session = stateAfter(
      started(1),
      draft('thread.started', { iteration: 1, threadId: 'T-1', mode: 'medium', model: null }),
      draft('tool-call.started', { iteration: 1, toolCallId: 'a', tool: 'shell_command', summary: 'ls' }),
      draft('tool-call.finished', {
        iteration: 1,
        toolCallId: 'a',
        tool: 'shell_command',
        durationMs: 3,
        isError: false,
        exitCode: 1,
      }),
      draft('usage.reported', {
        iteration: 1,
        tokensInput: 1,
        tokensOutput: 2,
        tokensCacheRead: 3,
        tokensCacheWrite: 4,
        model: null,
      }),
      draft('usage.reported', {
        iteration: 1,
        tokensInput: 10,
        tokensOutput: 20,
        tokensCacheRead: 30,
        tokensCacheWrite: 40,
        model: null,
      }),
      finished(1),
      tested({ exitCode: 1 }),
    );
    expect(session.iterations).toHaveLength(1);
    expect(session.iterations[0]).toMatchObject({
      outcome: 'completed',
      commit: ID('c'),
      threadId: 'T-1',
      toolCalls: 1,
      toolFailures: 1,
      usage: {
        tokensInput: 11,
        tokensOutput: 22,
        tokensCacheRead: 33,
        tokensCacheWrite: 44,
        costUsd: null,
        costSource: 'unknown',
      },
    });
    expect(session.head).toBe(ID('c'));
    expect(session.threads).toEqual({ scripted: 'T-1' });
    expect(verdictOf(session.iterations[0]!.tests)).toBe('failed');
    expect(statusOf(session)).toBe('idle');
  });

  it('tells newly failing from failing before', () => {
    const base = (exitCode: number) => tested({ target: 'base', iteration: undefined, commit: ID('b'), exitCode });
    const failing = tested({ exitCode: 1 });
    const verdict = (...drafts: Draft[]) => {
      const session = stateAfter(...drafts);
      return compareWithBase(session, session.iterations[0]!.tests);
    };
    expect(verdict(base(0), started(1), finished(1), failing)).toBe('newly-failing');
    expect(verdict(base(1), started(1), finished(1), failing)).toBe('was-failing-before');
    expect(verdict(started(1), finished(1), failing)).toBe('failing-base-unknown');
    expect(verdict(base(1), started(1), finished(1), tested())).toBe('passed');
  });

  it('never takes an unknown cost for nothing', () => {
    const use = (iteration: number) =>
      draft('usage.reported', {
        iteration,
        tokensInput: 5,
        tokensOutput: 5,
        tokensCacheRead: 0,
        tokensCacheWrite: 0,
        model: null,
      });
    const cost = (iteration: number) =>
      draft('cost.reported', { iteration, costUsd: 0.25, costSource: 'billed', threadCostUsd: null });
    expect(totalUsage(stateAfter()).costUsd).toBeNull();
    expect(totalUsage(stateAfter(started(1), use(1), finished(1))).costUsd).toBeNull();
    expect(totalUsage(stateAfter(started(1), use(1), cost(1), finished(1)))).toMatchObject({
      costUsd: 0.25,
      costSource: 'billed',
    });
    const half = totalUsage(stateAfter(started(1), use(1), cost(1), finished(1), started(2), use(2), finished(2)));
    expect(half).toMatchObject({ costUsd: null, costSource: 'unknown', tokensInput: 10 });
  });

  it('follows a session into the archive and out of it', () => {
    const add = draft('worktree.added', {
      path: 'w',
      branch: 'b',
      commit: ID('b'),
      copied: [],
      durationMs: 1,
      reason: 'new',
    });
    const gone = stateAfter(add, draft('worktree.removed', { path: 'w' }), draft('session.archived', {}));
    expect([statusOf(gone), gone.hasWorktree, gone.hasBranch]).toEqual(['archived', false, true]);
    expect(
      statusOf(stateAfter(add, draft('worktree.removed', { path: 'w' }), draft('session.archived', {}), add)),
    ).toBe('new');
  });

  it('counts and passes over an event of a newer version', () => {
    const events = eventsOf([draft('session.created', created())]);
    const session = evolve(replay(events), { ...events[0]!, type: 'session.teleported', seq: 2 });
    expect(session).toMatchObject({ unknownEvents: 1, name: 'add-login', events: 2 });
  });
});

const types = catalogue.map(({ type }) => type);
const anyEvent: fc.Arbitrary<LogEvent> = fc.record({
  v: fc.nat(3),
  log: fc.constant('sessions/s000000001' as const),
  writer: fc.constantFrom('wa', 'wb'),
  seq: fc.nat(),
  clock: fc.nat(),
  at: fc.string(),
  by: fc.constantFrom('user', 'agent', 'program'),
  type: fc.oneof(fc.constantFrom(...types), fc.string()),
  data: fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom('iteration', 'commit', 'usage', 'agent', 'leftovers', 'target', 'name'),
      fc.jsonValue(),
    ),
  ),
  prev: fc.string(),
});

describe('properties', () => {
  it('evolve is total: no event, of whatever content, makes it throw or lose count', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let session = initialSession;
        for (const event of events) session = evolve(session, event);
        expect(session.events).toBe(events.length);
        statusOf(session);
      }),
      { numRuns: 500 },
    );
  });

  it('replay of any prefix, continued, is replay of the whole', () => {
    const life = eventsOf([
      draft('session.created', created()),
      started(1),
      finished(1),
      tested(),
      started(2),
      finished(2),
      draft('session.removed', {}),
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyEvent, fc.constantFrom(...life)), { maxLength: 30 }),
        fc.nat(30),
        (events, cut) => {
          expect(replay(events.slice(cut), replay(events.slice(0, cut)))).toEqual(replay(events));
        },
      ),
    );
  });

  it('one by one or in one go, and whether told or handed over: the same, and what was before stays as it was', () => {
    const life = eventsOf([
      draft('session.created', created()),
      started(1),
      draft('agent-message.received', { iteration: 1, text: 'Hello' }),
      draft('tool-call.started', { iteration: 1, toolCallId: 'a', tool: 'shell_command', summary: 'ls' }),
      finished(1),
      tested(),
      started(2),
    ]);
    fc.assert(
      fc.property(fc.array(fc.oneof(anyEvent, fc.constantFrom(...life)), { maxLength: 30 }), (events) => {
        let session = initialSession;
        const steps: [Session, string][] = [];
        for (const event of events) {
          session = evolve(session, event);
          steps.push([session, JSON.stringify(session)]);
        }
        const told = new Replay();
        for (const event of events) told.add(event);
        expect(told.session).toEqual(session);
        expect(replay(events)).toEqual(session);
        for (const [step] of steps) replay(events, step);
        expect(steps.map(([step]) => JSON.stringify(step))).toEqual(steps.map(([, text]) => text));
      }),
    );
  });

  it('knows every type of the catalogue but those of batches, which have logs of their own', () => {
    for (const type of types.filter((one) => !one.startsWith('batch'))) {
      const event = { ...eventsOf([draft('session.created', created())])[0]!, type };
      expect(evolve(initialSession, event).unknownEvents, type).toBe(0);
    }
  });
});
