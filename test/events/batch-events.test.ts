import { describe, expect, it } from 'vitest';
import { type BatchEventType, batchEvents } from '../../src/events/batch-events.ts';
import { definitionOf, type EventData } from '../../src/events/catalogue.ts';
import { decodeEvent, encodeEvent } from '../../src/events/codec.ts';
import { type Envelope, GENESIS, logId } from '../../src/events/envelope.ts';
import { optionsOf, planned } from '../batch/world.ts';

const COMMIT = 'c'.repeat(40);
const tokens = { tokensInput: 1, tokensOutput: 2, tokensCacheRead: 3, tokensCacheWrite: 4 };
const cause = { code: 'agent.failed', message: 'Es ging nicht: “\u2028” \n 🌧' };
const attempt = { item: '007', attempt: 2, session: 'k3v9' };

/** One of each, as the program writes them. */
const samples: { [Type in BatchEventType]: EventData<Type> } = {
  'batch.created': { id: 'b1', options: optionsOf({ limits: { amp: { perMinute: 0.5 } }, budget: { usd: 2 } }) },
  'batch-item.planned': planned(7, { labels: { case: 'a' }, budget: { tokens: 5, wallClockSec: 0.5 } }),
  'batch.started': { reason: 'worker', host: 'h', pid: 1, shard: { index: 1, of: 2 }, isolation: 'cgroup' },
  'batch-attempt.started': { ...attempt, repository: '/a b/ü' },
  'batch-attempt.finished': {
    ...attempt,
    state: 'error',
    cause,
    retryable: true,
    usage: tokens,
    costUsd: null,
    durationMs: 12,
    commit: COMMIT,
    verdict: 'none',
  },
  'batch-item.finished': { item: '007', attempt: 0, state: 'cancelled', cause: null },
  'batch-item.requeued': { item: '007', reason: 'retry' },
  'batch-item.merged': { item: '007', session: 'k3v9', commit: COMMIT },
  'batch-merge.refused': { item: '007', session: 'k3v9', code: 'merge.conflict', message: 'no' },
  'batch-agent.paused': { agent: 'amp', reason: 'agent.rejected', until: '2026-11-22T13:00:00.000Z' },
  'batch-case.answered': { ...attempt, patch: 'diff --git a/ü b/ü\n', sha256: 'e'.repeat(64), bytes: 21 },
  'batch-case.graded': {
    ...attempt,
    resolved: null,
    failToPass: { passed: 0, total: 2 },
    passToPass: { passed: 3, total: 3 },
    reason: 'no docker',
    patchSha256: null,
    patchBytes: 0,
    log: { payload: { sha256: 'a'.repeat(64), bytes: 70_000, parts: [COMMIT] }, preview: 'ok 1' },
  },
  'batch.stopped': { how: 'drained' },
  'batch.finished': { counts: { passed: 2, failed: 0 } },
};

const types = Object.keys(samples) as BatchEventType[];

const envelope = (type: BatchEventType): Envelope => ({
  v: 1,
  log: 'batches/b1',
  writer: 'w1',
  seq: 1,
  clock: 4,
  at: '2026-11-22T13:00:00.000Z',
  by: 'program',
  type,
  data: samples[type],
  prev: GENESIS,
});

const admits = (type: string, data: unknown): boolean => definitionOf(type)!.data.safeParse(data).success;

describe.each(types)('%s', (type) => {
  it('is one line that reads back as it was, and is admitted whole', () => {
    const encoded = encodeEvent(envelope(type));
    expect(encoded).not.toContain('\n');
    expect(decodeEvent(encoded)).toEqual(envelope(type));
    expect(definitionOf(type)!.data.parse(decodeEvent(encoded)!.data)).toEqual(samples[type]);
  });

  it('is refused without any one of its parts, but those that may be absent', () => {
    const optional = ['shard', 'labels', 'log'];
    for (const part of Object.keys(samples[type])) {
      const { [part]: _, ...rest } = samples[type] as Record<string, unknown>;
      expect(admits(type, rest), part).toBe(optional.includes(part));
      expect(admits(type, { ...rest, [part]: Symbol.iterator }), part).toBe(false);
    }
    expect([admits(type, null), admits(type, []), admits(type, 'x')]).toEqual([false, false, false]);
  });
});

describe('events of batches', () => {
  it('are all here, in a log of batches, at their first version', () => {
    expect(batchEvents.map((one) => one.type).sort()).toEqual([...types].sort());
    expect(batchEvents.filter(({ v }) => v !== 1)).toEqual([]);
    expect(logId(envelope('batch.created').log)).toBe('b1');
  });

  it.each<[string, BatchEventType, object]>([
    ['a commit that is no object id', 'batch-item.merged', { commit: 'main' }],
    ['a short one', 'batch-attempt.finished', { commit: 'abc123' }],
    ['cost below nothing', 'batch-attempt.finished', { costUsd: -0.01 }],
    ['time below nothing', 'batch-attempt.finished', { durationMs: -1 }],
    ['half a token', 'batch-attempt.finished', { usage: { ...tokens, tokensInput: 0.5 } }],
    ['a state that is no end', 'batch-attempt.finished', { state: 'running' }],
    ['a result that is none', 'batch-item.finished', { state: 'queued' }],
    ['a cause without a code', 'batch-item.finished', { cause: { message: 'x' } }],
    ['part 0', 'batch.started', { shard: { index: 0, of: 2 } }],
    ['a reason unheard of', 'batch.started', { reason: 'whim' }],
    ['a stop unheard of', 'batch.stopped', { how: 'gently' }],
    ['fewer than no items', 'batch.finished', { counts: { passed: -1 } }],
    ['no iteration at all', 'batch-item.planned', { maxIterations: 0 }],
    ['a budget below nothing', 'batch-item.planned', { budget: { usd: -1 } }],
    ['trying again what passed', 'batch-item.planned', { retryOn: ['passed'] }],
    ['nothing at once', 'batch.created', { options: optionsOf({ concurrency: 0 }) }],
    ['an agent held to none', 'batch.created', { options: optionsOf({ limits: { amp: { concurrency: 0 } } }) }],
  ])('%s is refused', (_, type, over) => {
    expect(admits(type, samples[type])).toBe(true);
    expect(admits(type, { ...samples[type], ...over })).toBe(false);
  });
});
