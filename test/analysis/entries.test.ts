import { describe, expect, it } from 'vitest';
import { Entries, entryLines, type LogEntry } from '../../src/analysis/projection/entries.ts';
import { type LogName, sessionLog } from '../../src/events/envelope.ts';

const entry = (id: string, segment: string, over: Partial<LogEntry> = {}): LogEntry => ({
  log: sessionLog(id),
  key: `w1:${id}`,
  segment,
  events: 3,
  ...over,
});

describe('entries of many logs', () => {
  const old = [
    entry('s1', 'b'),
    entry('s10', 'a', { warnings: ['one\nline, “so” ["sessions/s2",'] }),
    entry('s2', 'b'),
  ];
  const lines = entryLines(old);

  it('are as they were written, all of them and each', () => {
    const entries = new Entries(lines, []);
    expect(entries.all()).toEqual(old);
    for (const one of old) expect(entries.of(one.log)).toEqual(one);
    expect(entries.of(sessionLog('s'))).toBeUndefined();
    expect(entries.of('batches/s1' as LogName)).toBeUndefined();
  });

  it('have those that changed instead of the old ones, and new ones beside them', () => {
    const changed = [entry('s2', 'c', { events: 9 }), entry('s3', 'c')];
    const entries = new Entries(lines, changed);
    expect(entries.all()).toEqual([old[0], old[1], ...changed]);
    expect(entries.of(sessionLog('s2'))?.events).toBe(9);
    expect(entries.of(sessionLog('s3'))?.segment).toBe('c');
  });

  it('leave out what stood in a segment that is gone, in the place of which nothing older comes', () => {
    const entries = new Entries(lines, [entry('s2', 'c')], (segment) => segment === 'b');
    expect(entries.all()).toEqual([old[0]]);
    expect([entries.of(sessionLog('s10')), entries.of(sessionLog('s2'))]).toEqual([undefined, undefined]);
  });

  it('may be none', () => {
    expect(new Entries(entryLines([]), []).all()).toEqual([]);
    expect(new Entries(entryLines([]), []).of(sessionLog('s1'))).toBeUndefined();
  });
});
