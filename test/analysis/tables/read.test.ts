import { expect, it } from 'vitest';
import { isTelling } from '../../../src/analysis/tables/failures.ts';
import { asText, asTime } from '../../../src/analysis/tables/read.ts';

const TIMES: [given: unknown, becomes: string | null][] = [
  // As the program writes them: taken as they are.
  ['2026-09-27T22:00:00.137Z', '2026-09-27T22:00:00.137Z'],
  ['0001-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-28T23:59:59.999Z', '9999-12-28T23:59:59.999Z'],
  // The end of a month, where it has one.
  ['2026-01-31T23:59:59.999Z', '2026-01-31T23:59:59.999Z'],
  ['2024-02-29T12:00:00.000Z', '2024-02-29T12:00:00.000Z'],
  // Other ways to write a moment.
  ['2026-09-27T24:00:00.000Z', '2026-09-28T00:00:00.000Z'],
  ['2026-09-27T22:00Z', '2026-09-27T22:00:00.000Z'],
  ['2026-09-27T22:00:00.1379999Z', '2026-09-27T22:00:00.137Z'],
  ['2026-09-27T22:00:00.137+02:00', '2026-09-27T20:00:00.137Z'],
  ['2026-09-27T22:00:00.137+00:00', '2026-09-27T22:00:00.137Z'],
  // No moments.
  ['0000-06-15T00:00:00.000Z', null],
  ['2026-13-01T00:00:00.000Z', null],
  ['2026-00-10T00:00:00.000Z', null],
  ['2026-09-00T00:00:00.000Z', null],
  ['2026-09-27T25:00:00.000Z', null],
  ['2026-09-27T22:60:00.000Z', null],
  ['2026-09-27T22:00:60.000Z', null],
  ['2026-09-27T22:00:00.137', null],
  ['2026-09-27T22:00:00.137Z\n', null],
  [' 2026-09-27T22:00:00.137Z', null],
  ['2026-09-27', null],
  ['', null],
  [1_790_000_000_000, null],
  [null, null],
  [undefined, null],
];

it.each(TIMES)('%j is the time %j', (given, becomes) => {
  expect(asTime(given)).toBe(becomes);
});

const TEXTS: [given: unknown, becomes: string | null][] = [
  ['', ''],
  ['plain', 'plain'],
  ['naïve – 日本', 'naïve – 日本'],
  ['whole 😀', 'whole 😀'],
  ['half \ud83d', 'half \ufffd'],
  ['\ude00 half', '\ufffd half'],
  ['\ude00\ud83d turned', '\ufffd\ufffd turned'],
  [7, null],
  [['a'], null],
  [{}, null],
  [null, null],
];

it.each(TEXTS)('%j is the text %j', (given, becomes) => {
  expect(asText(given)).toBe(becomes);
});

it('what goes wrong, or puts it right, is told by its type', () => {
  const telling = ['agent.finished', 'iteration.finished', 'session.resumed', 'rebase.aborted', 'rewind.finished'];
  const silent = ['agent-message.received', 'tool-call.started', 'usage.reported', 'unknown.event'];
  const inherited = ['__proto__', 'constructor', 'toString', ''];
  for (const type of telling) expect(isTelling(type), type).toBe(true);
  for (const type of [...silent, ...inherited]) expect(isTelling(type), type).toBe(false);
});
