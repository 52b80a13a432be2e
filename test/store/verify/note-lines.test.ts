import { describe, expect, it } from 'vitest';
import { encodeEvent } from '../../../src/events/codec.ts';
import { noteLine } from '../../../src/store/notes/note-lines.ts';
import { type NoteFacts, wrongLines } from '../../../src/store/verify/check-notes.ts';
import { created, draft, eventsOf, finished, started } from '../../support/events.ts';

const events = eventsOf([draft('session.created', created()), started(1), finished(1)]);
const told = events[2]!;
const stranger = 'Acked-by: Zoë';

/** What a log says that was looked at. */
const facts: NoteFacts = {
  linkOf: (log, writer, seq) =>
    log === told.log ? events.find((one) => one.writer === writer && one.seq === seq)?.prev : null,
  eventOf: (_, __, seq) => (seq === told.seq ? told : undefined),
  expected: new Map(),
};

const wrongIn = (...lines: string[]) =>
  wrongLines(Buffer.from(lines.map((line) => `${line}\n`).join('')), facts).map(({ event, byte, wrong }) => ({
    seq: event.seq,
    byte,
    wrong,
  }));

describe('a note is held against the log', () => {
  it('its own lines, shortened or whole, and lines of people and of logs that are not here are fine', () => {
    const elsewhere = eventsOf([started(1)], 'w9', 's000000009')[0]!;
    expect(wrongIn(noteLine(told), encodeEvent(told), stranger, '', encodeEvent(elsewhere))).toEqual([]);
  });

  it.each([
    ['an event that there is none of', { ...told, seq: 99 }, 'is not in its log'],
    ['an event of another writer', { ...told, writer: 'w000000002' }, 'is not in its log'],
    ['another chain', { ...told, prev: '0'.repeat(64) }, 'is another one in its log'],
    ['another time', { ...told, at: '2020-01-01T00:00:00.000Z' }, 'says something else in its log'],
    ['another author', { ...told, by: 'user' as const }, 'says something else in its log'],
    ['another end', { ...told, data: { ...(told.data as object), iteration: 7 } }, 'says something else in its log'],
  ])('%s is told with its place, behind a line of a person', (_, event, wrong) => {
    const line = encodeEvent(event as typeof told);
    const byte = Buffer.byteLength(`${stranger}\n`);
    expect(wrongIn(stranger, line, noteLine(told))).toEqual([{ seq: event.seq, byte, wrong }]);
  });
});
