import { describe, expect, it } from 'vitest';
import { replay } from '../../src/session/evolve.ts';
import { verify } from '../../src/workflows/verify.ts';
import { importHistory, madeHistory } from '../support/history.ts';
import { makeRepo } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';

describe('a history made up', () => {
  it('is the same for the same seed, and another for another', () => {
    const { lines } = madeHistory(7, 5);
    expect(madeHistory(7, 5).lines).toBe(lines);
    expect(madeHistory(8, 5).lines).not.toBe(lines);
  });

  it('has awkward values, and only what was meant to be malformed', () => {
    const { lines, logs } = madeHistory(1, 80);
    for (const awkward of [
      'übermodell-9',
      'gpt-99',
      '1e-7',
      '12345.678901234',
      'rebase.conflicted',
      '"from":{',
      '尺寸',
    ])
      expect(lines).toContain(awkward);
    const sessions = [...logs.values()].map((events) => replay(events));
    expect(sessions.every(({ unknownEvents, malformedEvents }) => unknownEvents === malformedEvents)).toBe(true);
    expect(sessions.some(({ malformedEvents }) => malformedEvents > 0)).toBe(true);
    expect(sessions.some(({ merged }) => merged !== null)).toBe(true);
  });

  it('is logs that a repository holds, and that verify finds whole', async () => {
    const dir = await makeRepo();
    importHistory(dir, 3, 12);
    const ctx = await contextIn(dir);
    const { logs } = madeHistory(3, 12);
    for (const [log, events] of logs) expect((await ctx.store.read(log)).events).toEqual(events);
    const { logs: verdicts, problems } = await verify(ctx);
    const found = [...problems, ...verdicts.flatMap((verdict) => verdict.problems)];
    // Whole from the first line to the last; what else it says was meant: the commits are made up, as in a clone that has
    // the logs and not the code, so they have no notes, and some sessions have malformed events.
    const meant = new Set(['commit', 'note', 'schema']);
    expect(found.filter(({ kind }) => !meant.has(kind))).toEqual([]);
  });
});
