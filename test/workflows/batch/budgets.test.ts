import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dayOf, reserveToday, settleToday, spentToday } from '../../../src/workflows/batch/day-budget.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { create, homeEnv, run, scripted, shell } from './engine.ts';

const spender = (usd: number, tokens: number, rest = ''): string =>
  `iterations:\n - - usage: { input: ${tokens}, output: 0 }\n   - cost: ${usd}\n${rest}`;

const HANG = '   - hang: true\n';

describe('a budget of an item', () => {
  it('ends it as soon as it tells that it is used up, and others go on', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [
      // Told at its end: what it did is judged, but there is no second iteration.
      scripted(1, root, spender(2, 10), { budget: { usd: 2 }, untilPass: true, maxIterations: 5, test: 'false' }),
      scripted(2, root, spender(0, 500, HANG), { budget: { tokens: 400 } }),
      scripted(3, root, spender(2, 10), { budget: { usd: 2 } }),
      shell(4, root, 'sleep 30', { budget: { wallClockSec: 1 } }),
    ]);
    const { states, items, result } = await run(ctx, id, { concurrency: 4 });
    expect(states).toEqual(['budget', 'budget', 'passed', 'budget']);
    expect(items[0]!.cause).toEqual({ code: 'budget.exceeded', message: 'It has used up its budget of 2 US dollars.' });
    expect(items[1]!.cause!.message).toContain('400 tokens');
    expect(items[3]!.cause!.message).toContain('of 1 second.');
    expect(result).toMatchObject({ outcome: 'finished', budget: null, spent: { usd: 4, tokens: 520 } });
  });
});

describe('a budget of the batch', () => {
  it('begins nothing that it cannot bear, ends what is queued, and is the result', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const items = [1, 2, 3].map((n) => scripted(n, root, spender(1, 10)));
    const id = await create(ctx, items, { budget: { usd: 2 } });
    const { states, result, view, items: found } = await run(ctx, id, { concurrency: 2 });
    expect(states.filter((state) => state === 'budget')).toHaveLength(1);
    expect(states.filter((state) => state === 'passed')).toHaveLength(2);
    expect(result).toMatchObject({ outcome: 'budget', budget: 'The batch has used up its budget of 2 US dollars.' });
    expect(found.filter(({ attempts }) => attempts.length === 0)).toHaveLength(1);
    expect(view.lines).toContain('The batch has used up its budget of 2 US dollars.');
  });

  it('that one part has used up ends what is queued of this part, and of no other', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const items = [1, 2, 3, 4, 5].map((n) => scripted(n, root, spender(2, 10)));
    const id = await create(ctx, items, { budget: { usd: 2 } });
    const { states, result } = await run(ctx, id, { concurrency: 1, shard: { index: 1, of: 2 } });
    expect([states, result.outcome]).toEqual([['passed', 'queued', 'budget', 'queued', 'budget'], 'budget']);
  });
});

describe("a day's budget", () => {
  it('counts what other batches of this user used, and leaves what it stops queued for another day', async () => {
    const root = await makeRepo();
    const env = homeEnv();
    const ctx = await contextIn(root, env);
    const first = await create(ctx, [scripted(1, root, spender(1.5, 10))]);
    await run(ctx, first);
    expect(spentToday(ctx)).toMatchObject({ usd: 1.5, tokens: 10 });
    const other = await makeRepo();
    const elsewhere = await contextIn(other, env);
    const items = [1, 2, 3].map((n) => scripted(n, other, spender(1, 10)));
    const id = await create(elsewhere, items, { dayBudget: { usd: 2.2 } });
    const { states, result } = await run(elsewhere, id, { concurrency: 1 });
    expect([states, result.outcome]).toEqual([['passed', 'queued', 'queued'], 'budget']);
    expect(result.budget).toContain('2.2 US dollars');
    expect(spentToday(ctx)).toMatchObject({ usd: 2.5, tokens: 20 });
  });

  it('sets aside what runs may need; what a dead process set aside does not count', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    const estimate = { usd: 3, tokens: 0, isLowerBound: false };
    const reserve = (session: string) => reserveToday(ctx, { usd: 5 }, { session, estimate });
    const file = join(ctx.home.data, 'spend', `${dayOf(ctx.clock.now())}.ndjson`);
    mkdirSync(join(file, '..'), { recursive: true });
    const dead = {
      pid: 2 ** 22 + 1,
      startTime: '1',
      bootId: 'another boot',
      host: (await import('node:os')).hostname(),
      pidNamespace: '',
    };
    appendFileSync(file, `${JSON.stringify({ do: 'reserve', session: 'd', usd: 4, tokens: 0, by: dead })}\n{"torn`);
    expect([await reserve('a'), await reserve('b')]).toEqual(['yes', 'wait']);
    settleToday(ctx, { session: 'a', spend: { ...estimate, usd: 1 }, durationMs: 5 });
    expect(await reserve('b')).toBe('yes');
    settleToday(ctx, { session: 'b', spend: { ...estimate, usd: 4 }, durationMs: 7 });
    expect([await reserve('c'), spentToday(ctx)]).toEqual([
      'no',
      { usd: 5, tokens: 0, isLowerBound: false, durationMs: 12 },
    ]);
    expect(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"settle"')),
    ).toHaveLength(2);
  });

  it("is of the user's own calendar", () => {
    expect(dayOf('2026-11-22T12:00:00.000Z')).toMatch(/^2026-11-2[123]$/);
  });
});
