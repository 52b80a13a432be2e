import { describe, expect, test } from 'vitest';
import type { Draft } from '../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../src/events/codec.ts';
import { GENESIS, sessionLog } from '../../src/events/envelope.ts';
import { type Prepared, prepareDraft, redactData, sealDrafts } from '../../src/store/drafts.ts';
import { created, draft, finished } from '../support/events.ts';
import { message } from './places.ts';

const lane = { log: sessionLog('s000000001'), writer: 'w1' };
const at = '2026-11-22T13:00:00.000Z';
const same = (text: string): string => text;

describe('prepareDraft', () => {
  test('checks, redacts and lightens, and knows the version', async () => {
    const prepared = await prepareDraft(draft('session.created', created({ prompt: 'x'.repeat(70_000) })), same);
    expect(prepared).toMatchObject({ type: 'session.created', by: 'program', v: 1 });
    expect([...prepared.payloads.values()].map((bytes) => bytes.length)).toEqual([70_000]);
    expect((prepared.data as { prompt: unknown }).prompt).toHaveProperty('payload');
  });

  test('what has a fixed form stays, whatever a rule makes of it: the event still fits the catalogue', async () => {
    const draft = finished(1);
    const { data } = await prepareDraft(draft, () => '[REDACTED]');
    const { head, outcome } = draft.data as { head: string; outcome: string };
    expect(data).toMatchObject({ head, outcome, iteration: 1, recovered: false, agent: { name: '[REDACTED]' } });
  });

  test('names that are looked for later are told apart from what somebody wrote', async () => {
    const data = { path: 'a/b', branch: 'amp/x', commit: 'a'.repeat(40), copied: ['c'], durationMs: 1, reason: 'new' };
    const kinds: string[] = [];
    await redactData(
      data,
      (text, kind) => {
        kinds.push(`${text}:${kind ?? 'text'}`);
        return text;
      },
      'worktree.added',
    );
    expect(kinds).toEqual(['a/b:name', 'amp/x:name', `${'a'.repeat(40)}:text`, 'c:text', 'new:text']);
  });

  test('what is longer than 64 KiB is redacted whole, before it is taken out', async () => {
    const secret = 'S3CRET';
    const long = `${'x'.repeat(65_530)}${secret}${'y'.repeat(1000)}`;
    const { payloads } = await prepareDraft(message(long), (text) => text.replaceAll(secret, '######'));
    const [bytes] = [...payloads.values()];
    expect(bytes!.includes(secret)).toBe(false);
    expect(bytes!.includes('######')).toBe(true);
  });

  test.each([
    ['a type that is none', { type: 'tea.made', by: 'user', data: {} }],
    ['data that lacks a field', { type: 'prompt.replaced', by: 'user', data: {} }],
    ['data of the wrong kind', { type: 'prompt.replaced', by: 'user', data: { prompt: 7 } }],
  ])('%s is refused by name', async (_, bad) => {
    await expect(prepareDraft(bad as unknown as Draft, same)).rejects.toThrow(bad.type);
  });
});

describe('redactData', () => {
  test('waits for a redactor that is slow, and mixes no two strings up', async () => {
    const slow = (text: string) =>
      text.length % 2 === 0
        ? text.toUpperCase()
        : new Promise<string>((done) => setTimeout(done, 5, text.toUpperCase()));
    const data = { a: 'one', b: ['four', { c: 'seven' }], d: 'ab', n: 1, z: null };
    expect(await redactData(data, slow)).toEqual({ a: 'ONE', b: ['FOUR', { c: 'SEVEN' }], d: 'AB', n: 1, z: null });
  });

  test('a redactor that fails fails the draft: nothing goes in unread', async () => {
    await expect(redactData({ a: 'x' }, () => Promise.reject(new Error('rules broken')))).rejects.toThrow(
      'rules broken',
    );
  });
});

describe('sealDrafts', () => {
  const prepared = (text: string): Prepared => ({ ...message(text), v: 1, payloads: new Map() });

  test('numbers, clocks and hashes go on from the head, and the lines are the events', () => {
    const head = { seq: 4, clock: 9, prev: 'f'.repeat(64) };
    const sealed = sealDrafts([prepared('a'), prepared('b')], { lane, head, at });
    expect(sealed.events.map(({ seq, clock }) => [seq, clock])).toEqual([
      [5, 10],
      [6, 11],
    ]);
    const lines = sealed.events.map(encodeEvent);
    expect(sealed.lines).toBe(`${lines[0]}\n${lines[1]}\n`);
    expect(sealed.events.map(({ prev }) => prev)).toEqual([head.prev, lineHash(lines[0]!)]);
    expect(sealed.head).toEqual({ seq: 6, clock: 11, prev: lineHash(lines[1]!) });
  });

  test('sealing at once or one by one is the same', () => {
    const start = { seq: 0, clock: 0, prev: GENESIS };
    const drafts = ['a', 'b', 'c'].map(prepared);
    const together = sealDrafts(drafts, { lane, head: start, at });
    let [head, lines] = [start, ''];
    for (const one of drafts) {
      const sealed = sealDrafts([one], { lane, head, at });
      head = sealed.head;
      lines += sealed.lines;
    }
    expect([head, lines]).toEqual([together.head, together.lines]);
    expect(sealDrafts([], { lane, head, at })).toEqual({ events: [], lines: '', head });
  });
});
