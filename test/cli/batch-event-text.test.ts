import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { eventText } from '../../src/cli/event-text.ts';
import { batchEvents } from '../../src/events/batch-events.ts';
import type { Draft, EventData, EventType } from '../../src/events/catalogue.ts';
import { end, optionsOf, planned } from '../batch/world.ts';
import { draft, eventsOf, ID } from '../support/events.ts';

const plain = new Chalk({ level: 0 });
const say = (event: Draft): string => eventText(eventsOf([event])[0]!, plain);

const attempt = { item: '007', attempt: 2, session: 's000000001' };
const graded = (over: Partial<EventData<'batch-case.graded'>>): EventData<'batch-case.graded'> => ({
  ...attempt,
  resolved: true,
  failToPass: { passed: 2, total: 2 },
  passToPass: { passed: 3, total: 3 },
  reason: null,
  patchSha256: null,
  patchBytes: 10,
  ...over,
});

const cases: { [Type in (typeof batchEvents)[number]['type']]: [EventData<Type>, string][] } = {
  'batch.created': [[{ id: 'b', options: optionsOf({ concurrency: 8 }) }, 'batch nightly, 8 at once']],
  'batch-item.planned': [[planned(7, { prompt: 'Fix\nthe \u001b[31mlogin' }), 'item 007 item 7: Fix the login']],
  'batch.started': [
    [{ reason: 'start', host: 'h', pid: 1, isolation: 'namespace' }, 'begun (start) on h, process 1'],
    [{ reason: 'resume', host: 'h', pid: 1, isolation: 'group' }, 'begun (resume) on h, process 1'],
    [
      { reason: 'worker', host: 'h', pid: 1, isolation: 'group', shard: { index: 2, of: 3 } },
      'a worker began on h, process 1, shard 2/3',
    ],
  ],
  'batch-attempt.started': [[{ ...attempt, repository: '/r' }, 'item 007, attempt 2: session s000000001']],
  'batch-attempt.finished': [
    [{ ...attempt, ...end('passed'), retryable: false }, '✓ item 007, attempt 2 passed, 1.0s, $0.50'],
    [
      { ...attempt, ...end('error', { code: 'agent.failed', costUsd: null }), retryable: true },
      '● item 007, attempt 2 error (agent.failed: because of agent.failed), 1.0s',
    ],
  ],
  'batch-item.finished': [
    [{ item: '007', attempt: 2, state: 'passed', cause: null }, '✓ item 007 passed'],
    [
      { item: '007', attempt: 0, state: 'budget', cause: { code: 'budget.exceeded', message: 'All gone.' } },
      '✗ item 007 budget (budget.exceeded: All gone.)',
    ],
  ],
  'batch-item.requeued': [[{ item: '007', reason: 'retry' }, 'item 007 queued again']],
  'batch-item.merged': [[{ item: '007', session: 's', commit: ID('c') }, '✓ item 007 merged: cccccccc']],
  'batch-merge.refused': [
    [
      { item: '007', session: 's', code: 'landing.conflict', message: 'a.txt is in conflict' },
      '! item 007 not merged (landing.conflict: a.txt is in conflict)',
    ],
  ],
  'batch-agent.paused': [
    [
      { agent: 'amp', reason: 'agent.rejected', until: '2026-11-23T04:00:00.000Z' },
      'agent amp rests until 2026-11-23T04:00:00.000Z (agent.rejected)',
    ],
  ],
  'batch-case.answered': [
    [
      { item: '007', attempt: 2, session: 's', patch: 'diff', sha256: 'e', bytes: 4 },
      'item 007, attempt 2: a patch of 4 bytes',
    ],
    [
      { item: '007', attempt: 1, session: 's', patch: null, sha256: 'e', bytes: 1 },
      'item 007, attempt 1: a patch of 1 byte, too large to be kept',
    ],
  ],
  'batch-case.graded': [
    [graded({}), 'item 007 resolved: 2 of 2 fixed, 3 of 3 kept'],
    [
      graded({ resolved: false, failToPass: { passed: 0, total: 2 } }),
      'item 007 not resolved: 0 of 2 fixed, 3 of 3 kept',
    ],
    [
      graded({ resolved: null, reason: 'no runner' }),
      'item 007 could not be judged: 2 of 2 fixed, 3 of 3 kept (no runner)',
    ],
  ],
  'batch.stopped': [
    [{ how: 'drained' }, 'stopped after what was running had ended'],
    [{ how: 'now' }, 'stopped at once'],
    [{ how: 'budget' }, 'stopped: a budget is used up'],
  ],
  'batch.finished': [
    [{ counts: { passed: 1, failed: 0, error: 0 } }, 'finished: 1 item, 1 passed'],
    [{ counts: { passed: 3, failed: 2, timeout: 1 } }, 'finished: 6 items, 3 passed, 2 failed, 1 timeout'],
  ],
};

const rows = Object.entries(cases).flatMap(([type, given]) =>
  given.map(([data, text]): [string, Draft, string] => [type, draft(type as EventType, data as never), text]),
);

describe('an event of a batch in one line', () => {
  it.each(rows)('%s', (_, event, text) => expect(say(event)).toBe(text));

  it('fits the catalogue', () => {
    for (const [type, event] of rows) {
      const { data } = batchEvents.find((one) => one.type === type)!;
      expect(data.safeParse(event.data).success, type).toBe(true);
    }
  });

  it('is inert, whatever somebody wrote into it, and shows no more than a line', () => {
    const evil = 'a\u001b]0;owned\u0007\nb'.repeat(50);
    for (const [type, event] of rows) {
      const texts = JSON.parse(JSON.stringify(event.data), (key, value: unknown) =>
        typeof value === 'string' && !['state', 'how', 'reason', 'commit'].includes(key) ? evil : value,
      ) as never;
      const line = say(draft(type as EventType, texts));
      expect(line, type).not.toMatch(/[\u0000-\u001f\u007f]/);
      expect(line.length, type).toBeLessThan(900);
    }
  });
});
