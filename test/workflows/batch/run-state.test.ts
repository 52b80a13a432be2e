import { describe, expect, it } from 'vitest';
import type { BatchOptions, PlannedItem } from '../../../src/batch/plan.ts';
import { type BatchJournal, openBatchJournal } from '../../../src/workflows/batch/journal.ts';
import { Repositories } from '../../../src/workflows/batch/repositories.ts';
import { type Running, RunState } from '../../../src/workflows/batch/run-state.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { end, made, planned } from '../../batch/world.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { homeEnv, Seen } from './engine.ts';

let shared: Promise<Context> | undefined;
const home = (): Promise<Context> => {
  shared ??= makeRepo().then((dir) => contextIn(dir, homeEnv()));
  return shared;
};

/** A run of a batch that stands still: some of its items run, and what they tell is said by the test. */
const scene = async (items: PlannedItem[], over: Partial<BatchOptions> = {}) => {
  const told = made(items, over);
  const journal = { id: 'b1', batch: told.batch } as BatchJournal;
  const [ctx, view] = [await home(), new Seen()];
  const run = new RunState(ctx, journal, new Repositories(ctx, () => {}), { interrupts: new InterruptSwitch(), view });
  const begin = (item: string, isAtWork = true): Running => {
    told.start(item);
    Object.assign(journal, { batch: told.batch });
    const running: Running = {
      item,
      interrupts: new InterruptSwitch(),
      stop: null,
      spend: { usd: 0, tokens: 0, isLowerBound: false },
      isAtWork,
      noMore: null,
    };
    run.running.set(item, running);
    return running;
  };
  return { told, journal, run, view, begin };
};

const tokens = (count: number) => ({ usd: 0, tokens: count, isLowerBound: false });
const dollars = (usd: number) => ({ usd, tokens: 0, isLowerBound: false });

describe('what running attempts tell', () => {
  it('ends one that has used up its own budget, and no other', async () => {
    const { run, begin } = await scene([planned(1, { budget: { tokens: 100 } }), planned(2)]);
    const [one, two] = [begin('001'), begin('002')];
    run.spent(one, tokens(99));
    run.spent(two, tokens(1000));
    expect([one.stop, two.stop]).toEqual([null, null]);
    run.spent(one, tokens(100));
    expect([one.stop?.code, one.interrupts.stopped, two.stop]).toEqual(['budget.exceeded', 'gently', null]);
    expect(run.stopping).toBeNull();
  });

  it('counts what earlier attempts of the item used', async () => {
    const { told, journal, run, begin } = await scene([planned(1, { budget: { usd: 1 }, retries: 3 })]);
    told.play('001', end('error', { code: 'agent.failed' }));
    Object.assign(journal, { batch: told.batch });
    const again = begin('001');
    run.spent(again, dollars(0.4));
    expect(again.stop).toBeNull();
    run.spent(again, dollars(0.5));
    expect(again.stop?.message).toBe('It has used up its budget of 1 US dollar.');
  });

  it('lets one that has come to its end keep its result, and spares it a further iteration', async () => {
    const { run, begin } = await scene([planned(1, { budget: { usd: 1 } })]);
    const one = begin('001', false);
    run.spent(one, dollars(2));
    expect([one.stop, one.interrupts.stopped]).toEqual([null, 'no']);
    run.atWork(one, false);
    expect(one.stop).toBeNull();
    run.atWork(one, true);
    expect([one.stop?.code, one.interrupts.stopped]).toEqual(['budget.exceeded', 'gently']);
  });

  it('ends all that are at work when the budget of the batch is used up, once', async () => {
    const { run, view, begin } = await scene([planned(1), planned(2), planned(3)], { budget: { tokens: 100 } });
    const [one, two, three] = [begin('001'), begin('002'), begin('003', false)];
    run.spent(one, tokens(50));
    run.spent(two, tokens(49));
    expect(run.stopping).toBeNull();
    run.spent(two, tokens(50));
    expect([one.stop?.code, two.stop?.code, three.stop, three.noMore?.code]).toEqual([
      'budget.exceeded',
      'budget.exceeded',
      null,
      'budget.exceeded',
    ]);
    run.spent(one, tokens(70));
    expect(view.lines).toEqual(['The batch has used up its budget of 100 tokens.']);
    expect([run.stopping, run.overBudget?.isDay]).toEqual(['budget', false]);
  });

  it('ends everything, also what is not at work, when it is time that is used up', async () => {
    const { run, begin } = await scene([planned(1)], { budget: { wallClockSec: 5 } });
    const one = begin('001', false);
    run.endBudget('The batch has used up its budget of 5 seconds.', { hard: true });
    expect(one.stop?.code).toBe('budget.exceeded');
  });

  it('of a day is measured against what everybody used, and leaves the rest for another day', async () => {
    const { run, begin } = await scene([planned(1)], { dayBudget: { usd: 1 } });
    const one = begin('001');
    run.daySettled(dollars(0.5), 10);
    run.spent(one, dollars(0.4));
    expect(run.stopping).toBeNull();
    run.spent(one, dollars(0.5));
    expect([run.overBudget?.isDay, one.stop?.message]).toEqual([true, "Today's budget of 1 US dollar is used up."]);
    expect([run.live(), run.today()]).toEqual([dollars(0.5), dollars(1)]);
  });

  it('stands in the header: states, money, tokens, the time to the end, and whose agent rests', async () => {
    const { told, journal, run, view, begin } = await scene([planned(1), planned(2), planned(3)]);
    told.play('001', end('error', { code: 'agent.credits', durationMs: 4000 }));
    Object.assign(journal, { batch: told.batch });
    const two = begin('002');
    run.spent(two, { usd: 0.25, tokens: 10, isLowerBound: false });
    run.finishShowing();
    expect(view.headers.at(-1)).toMatchObject({
      counts: { queued: 2, running: 1 },
      running: 1,
      spentUsd: 0.75,
      spentTokens: 45,
      costIsLowerBound: false,
      // The clock of the test stands at another time than the log.
      etaMs: expect.any(Number),
    });
  });
});

describe('Ctrl-C', () => {
  it('first lets what runs come to its end, then ends it, then at once', async () => {
    const { run, view, begin } = await scene([planned(1), planned(2)]);
    const one = begin('001');
    run.interrupt('gently');
    expect([run.stopping, one.interrupts.stopped]).toEqual(['drained', 'no']);
    expect(view.lines).toEqual(['Stopping: 1 running item may finish. Once more ends it.']);
    run.interrupt('now');
    expect([run.stopping, one.interrupts.stopped, one.stop?.code]).toEqual(['now', 'gently', 'interrupted']);
    run.interrupt('now');
    expect(one.interrupts.stopped).toBe('now');
  });

  it('does not turn what a budget stopped into something else', async () => {
    const { run, begin } = await scene([planned(1, { budget: { tokens: 1 } })]);
    const one = begin('001');
    run.spent(one, tokens(5));
    run.interrupt('gently');
    run.interrupt('now');
    expect(one.stop?.code).toBe('budget.exceeded');
  });

  it('ends also what was claimed in the same moment', async () => {
    const { run, begin } = await scene([planned(1), planned(2)], { budget: { tokens: 5 } });
    run.interrupt('now');
    const late = begin('001');
    run.stopLate(late);
    expect(late.stop?.code).toBe('interrupted');
    const other = await scene([planned(1)], { budget: { tokens: 5 } });
    other.run.endBudget('used up');
    const over = other.begin('001');
    other.run.stopLate(over);
    expect(over.stop).toEqual({ code: 'budget.exceeded', message: 'used up' });
  });
});

describe('something that no item has to do with', () => {
  it('ends the run and is kept as what it was, the first of all', async () => {
    const { run, begin } = await scene([planned(1)]);
    const one = begin('001');
    const full = new Error('disk full');
    run.fail(full);
    run.fail(new Error('and another'));
    expect([run.fatal, run.stopping, one.interrupts.stopped]).toEqual([full, 'now', 'now']);
  });
});

describe('waiting', () => {
  it('ends when it is woken, for all who wait, or after its time', async () => {
    const { run } = await scene([planned(1)]);
    const all = Promise.all([run.wait(60_000), run.wait(60_000)]);
    run.wake();
    await all;
    await run.wait(1);
  });
});

describe('repositories of a run', () => {
  it('are opened once each; that of the batch is its own, another checkout of it has the same store', async () => {
    const ctx = await home();
    const other = await makeRepo();
    const warned: string[] = [];
    const repositories = new Repositories(ctx, (text) => warned.push(text));
    expect(await repositories.open(ctx.repo.root)).toBe(ctx);
    const [one, two] = [
      await repositories.open(other),
      await repositories.open(`${other}/../${other.split('/').at(-1)}`),
    ];
    expect(one).toBe(two);
    expect(one.store).not.toBe(ctx.store);
    await expect(repositories.open(`${other}/nowhere`)).rejects.toMatchObject({ code: 'repository.missing' });
    await repositories.close();
  });

  it('let a few sessions be made at once, in the order they came', async () => {
    const ctx = await home();
    const repositories = new Repositories(ctx, () => {});
    let [making, most] = [0, 0];
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        repositories
          .making(ctx, async () => {
            order.push(n);
            most = Math.max(most, ++making);
            await new Promise((resolve) => setImmediate(resolve));
            making -= 1;
            if (n === 3) throw new Error('this one fails');
          })
          .catch(() => {}),
      ),
    );
    expect([most, order]).toEqual([4, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });
});

describe('a journal', () => {
  it('reads nothing before its first turn, and says what cannot be', async () => {
    const journal = openBatchJournal(await home(), 'never');
    expect(journal.batch.exists).toBe(false);
    await journal.turn((turn) => expect(turn.batch).toMatchObject({ id: 'never', exists: false, events: 0 }));
    await expect(journal.turn((turn) => turn.decide({ do: 'requeue', items: ['1'] }))).rejects.toMatchObject({
      code: 'batch.missing',
    });
    await journal.close();
  });
});
