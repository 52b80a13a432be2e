import { expect, it } from 'vitest';
import { openAnalysis } from '../../src/analysis/open.ts';
import { createBatch } from '../../src/workflows/batch/create.ts';
import { openBatchJournal } from '../../src/workflows/batch/journal.ts';
import type { Context } from '../../src/workflows/context.ts';
import { end, planned, planOf } from '../batch/world.ts';
import { makeRepo } from '../support/repo.ts';
import { contextIn, make } from '../support/sessions.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

const ask = async (ctx: Context, sql: string): Promise<unknown[][]> => {
  const analysis = await openAnalysis(ctx, {});
  try {
    const rows: unknown[][] = [];
    for await (const piece of analysis.stream(sql)) rows.push(...(piece.rows as unknown[][]));
    return rows;
  } finally {
    await analysis.close();
  }
};

const play = async (ctx: Context, id: string, item: string): Promise<void> => {
  const journal = openBatchJournal(ctx, id);
  await journal.turn(async (turn) => {
    const session = `s${item}aaaaaa`;
    await turn.decide({ do: 'startAttempt', item, session, repository: ctx.repo.root });
    await turn.decide({ do: 'finishAttempt', item, session, end: end('passed'), pauseUntil: () => '' });
  });
  await journal.close();
};

const ITEMS = 'select batch, item, state from batch_items order by 1, 2';

it('a batch that goes on is asked as it is now, each row once, and others stay', async () => {
  const ctx = await contextIn(await makeRepo(), homeEnv());
  await make(ctx, { name: 'alone' });
  for (const id of ['one', 'two']) await createBatch(ctx, { ...planOf([planned(1), planned(2)]), id });
  expect(await ask(ctx, ITEMS)).toEqual([
    ['one', '001', 'queued'],
    ['one', '002', 'queued'],
    ['two', '001', 'queued'],
    ['two', '002', 'queued'],
  ]);
  await play(ctx, 'one', '002');
  expect(await ask(ctx, ITEMS)).toEqual([
    ['one', '001', 'queued'],
    ['one', '002', 'passed'],
    ['two', '001', 'queued'],
    ['two', '002', 'queued'],
  ]);
  await play(ctx, 'two', '001');
  await play(ctx, 'one', '001');
  expect(await ask(ctx, 'select batch, items, passed, queued from batches order by 1')).toEqual([
    ['one', 2, 2, 0],
    ['two', 2, 1, 1],
  ]);
  // The log as it is, once, beside the session's.
  const events =
    "select log like 'batches/%', count(*) = count(distinct (log, writer, seq)) from events group by 1 order by 1";
  expect(await ask(ctx, events)).toEqual([
    [false, true],
    [true, true],
  ]);
  expect(await ask(ctx, 'select count(*)::INTEGER from sessions')).toEqual([[1]]);
});
