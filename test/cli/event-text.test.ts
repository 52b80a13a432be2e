import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventText } from '../../src/cli/event-text.ts';
import { timelineText } from '../../src/cli/timeline-text.ts';
import { catalogue, type Draft } from '../../src/events/catalogue.ts';
import { created, draft, eventsOf, finished, ID, started, tested } from '../support/events.ts';

const plain = new Chalk({ level: 0 });
const say = (event: Draft): string => eventText(eventsOf([event])[0]!, plain);
const ended = { exitCode: 0, signal: null, timedOut: false, durationMs: 1500 };

describe('an event in one line', () => {
  const cases: [string, Draft, string][] = [
    ['birth', draft('session.created', created()), 'created add-login from main (bbbbbbbb)'],
    ['birth in an empty repository', draft('session.created', created({ base: null })), 'an empty repository'],
    ['another name', draft('session.renamed', { name: 'b', previous: 'a' }), 'renamed from a to b'],
    ['another prompt', draft('prompt.replaced', { prompt: 'Do\nmore' }), 'prompt is now: Do more'],
    ['no test command', draft('test-command.replaced', { test: null }), 'no test command any more'],
    ['another agent', draft('agent.replaced', { agent: { name: 'amp', mode: 'high' } }), 'agent is now amp (high)'],
    [
      'copied files',
      draft('worktree.added', {
        path: 'w',
        branch: 'b',
        commit: ID('a'),
        copied: ['.env', 'x'],
        durationMs: 1,
        reason: 'new',
      }),
      '2 ignored files copied',
    ],
    [
      'a set-up that failed',
      draft('setup.finished', { ...ended, command: 'npm ci', exitCode: 1, outputTail: '', leftovers: [] }),
      '✗ set-up `npm ci` exit 1',
    ],
    [
      'a set-up out of time',
      draft('setup.finished', {
        ...ended,
        command: 'npm ci',
        exitCode: null,
        timedOut: true,
        outputTail: '',
        leftovers: [],
      }),
      'ran into its time limit',
    ],
    [
      'an iteration',
      started(3, { agent: { name: 'amp', mode: 'high', version: null, threadId: null } }),
      'iteration 3 with amp (high): Add a login page',
    ],
    [
      'a tool that failed',
      draft('tool-call.finished', {
        iteration: 1,
        toolCallId: 'a',
        tool: null,
        durationMs: null,
        isError: true,
        exitCode: null,
      }),
      'unknown tool error',
    ],
    [
      'a command that failed',
      draft('tool-call.finished', {
        iteration: 1,
        toolCallId: 'a',
        tool: 'shell_command',
        durationMs: 20,
        isError: false,
        exitCode: 2,
      }),
      'shell_command exit 2',
    ],
    [
      'tokens',
      draft('usage.reported', {
        iteration: 1,
        tokensInput: 12_345,
        tokensOutput: 5,
        tokensCacheRead: 0,
        tokensCacheWrite: 0,
        model: null,
      }),
      '12.3k in, 5 out',
    ],
    [
      'a cost',
      draft('cost.reported', { iteration: 1, costUsd: 0.25, costSource: 'billed', threadCostUsd: null }),
      'cost $0.25 (billed)',
    ],
    [
      'an iteration without a change',
      finished(2, { commit: undefined, subject: undefined }),
      'iteration 2 completed: nothing changed',
    ],
    ['an iteration with one file', finished(2, { files: 1 }), '(1 file +10 -1)'],
    ['tests on the base', tested({ target: 'base' }), '✓ tests passed on the base: `npm test` exit 0'],
    [
      'tests ended by a signal',
      tested({ exitCode: null, signal: 'SIGSEGV' }),
      '✗ tests failed: `npm test` ended by SIGSEGV',
    ],
    [
      'interrupted tests',
      draft('test-run.interrupted', {
        target: 'base',
        commit: ID('b'),
        command: 'npm test',
        durationMs: 1500,
        leftovers: [],
      }),
      '● tests interrupted on the base: `npm test` after 1.5s',
    ],
    [
      'a hook',
      draft('hook.finished', { ...ended, iteration: 1, hook: 'pre-commit', exitCode: 1, outputTail: '' }),
      '✗ hook pre-commit exit 1',
    ],
    [
      'manual edits',
      draft('manual-commit.found', {
        commit: ID('d'),
        parents: [ID('c')],
        author: { name: 'Ann', email: 'a@a' },
        subject: 'mine',
        authoredAt: '',
        files: 1,
        insertions: 2,
        deletions: 3,
        origin: 'uncommitted-edits',
        beforeIteration: 2,
      }),
      'uncommitted edits by Ann: dddddddd mine (1 file +2 -3)',
    ],
    [
      'an item of a batch that went wrong',
      draft('batch-item.finished', {
        item: '007',
        attempt: 2,
        state: 'error',
        cause: { code: 'agent.failed', message: 'it\u001b[2J died' },
      }),
      '✗ item 007 error (agent.failed: it died)',
    ],
    [
      'the end of a batch',
      draft('batch.finished', { counts: { queued: 0, passed: 2, error: 1 } }),
      'finished: 3 items, 2 passed, 1 error',
    ],
    [
      'a worker of a batch',
      draft('batch.started', {
        reason: 'worker',
        host: 'node7',
        pid: 12,
        shard: { index: 2, of: 5 },
        isolation: 'group',
      }),
      'a worker began on node7, process 12, shard 2/5',
    ],
    [
      'what an attempt made of a case',
      draft('batch-case.answered', { item: '1', attempt: 1, session: 's', patch: 'd', sha256: 'e', bytes: 1 }),
      'item 1, attempt 1: a patch of 1 byte',
    ],
    [
      'a case that could not be judged',
      draft('batch-case.graded', {
        item: '001',
        attempt: 1,
        session: 's',
        resolved: null,
        failToPass: { passed: 0, total: 2 },
        passToPass: { passed: 1, total: 3 },
        reason: 'no runner',
        patchSha256: null,
        patchBytes: 0,
      }),
      'item 001 could not be judged: 0 of 2 fixed, 1 of 3 kept (no runner)',
    ],
    [
      'a changed repository',
      draft('repository-change.found', {
        iteration: 1,
        config: true,
        hooks: ['pre-push'],
        attributes: false,
        refs: [{ ref: 'refs/heads/main', from: ID('a'), to: null }],
      }),
      'git configuration, hook pre-push, main',
    ],
    [
      'an agent that failed',
      draft('agent.finished', {
        ...ended,
        iteration: 1,
        exitCode: 1,
        result: null,
        failure: { code: 'agent.offline', message: 'No network.' },
        stopped: 'no',
        unknownLines: 0,
        unreadableLines: 0,
        survivors: 0,
      }),
      '✗ agent: No network.',
    ],
    [
      'a rewritten branch',
      draft('manual-rewrite.found', { branch: 'b', from: ID('a'), to: ID('c') }),
      'aaaaaaaa → cccccccc',
    ],
    ['recovery', draft('log.recovered', { tornBytes: 17, quarantine: 'q' }), '17 unfinished bytes set aside'],
  ];
  it.each(cases)('%s', (_, event, text) => {
    expect(say(event)).toContain(text);
  });

  it('has a text for every type, shows nothing raw, and never throws', () => {
    const types = catalogue.map(({ type }) => type);
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom('\u001b]0;title\u0007', 'a\rb', '\u009b31m', '\u202eevil', '\u0000'),
    );
    const value = fc.oneof(fc.jsonValue(), hostile);
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...types), hostile),
        fc.dictionary(
          fc.constantFrom(
            'name',
            'prompt',
            'text',
            'path',
            'branch',
            'tool',
            'summary',
            'command',
            'agent',
            'commit',
            'subject',
            'hooks',
            'refs',
          ),
          value,
        ),
        (type, data) => {
          const text = eventText({ ...eventsOf([started(1)])[0]!, type, data }, plain);
          expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        },
      ),
      { numRuns: 500 },
    );
    for (const type of types)
      expect(eventText({ ...eventsOf([started(1)])[0]!, type, data: null }, plain)).not.toContain('newer version');
    expect(eventText({ ...eventsOf([started(1)])[0]!, type: 'session.teleported' }, plain)).toBe(
      'session.teleported (of a newer version)',
    );
  });

  it('cuts a long prompt at a readable length', () => {
    expect([...say(draft('prompt.replaced', { prompt: 'wörd '.repeat(200) }))].length).toBeLessThan(150);
  });
});

describe('the timeline', () => {
  it('numbers events and says the day where it changes', () => {
    const events = eventsOf([draft('session.created', created()), started(1), finished(1)]);
    const later = { ...events[2]!, at: '2026-11-24T09:00:00.000Z' };
    const lines = timelineText([events[0]!, events[1]!, later], plain).split('\n');
    expect(lines[0]).toBe('2026-11-22');
    expect(lines[1]).toMatch(/^1 13:00:00 created/);
    expect(lines[3]).toBe('2026-11-24');
    expect(lines[4]).toMatch(/^3 09:00:00 ✓ iteration 1/);
  });
  it('bears a time that is none', () => {
    expect(timelineText([{ ...eventsOf([started(1)])[0]!, at: 'nonsense' }], plain)).toContain('iteration 1');
  });
});
