import { hostname } from 'node:os';
import { limitText, type Spend, spentByBatch } from '../../batch/budget.ts';
import { type Counts, countsOf, isDone, workedMs } from '../../batch/conclusions.ts';
import { idsInScope, inScope } from '../../batch/schedule.ts';
import type { BatchItem } from '../../batch/state.ts';
import { AppError, inShell } from '../../errors.ts';
import { withStarter } from '../../process/starter.ts';
import { stopStrength } from '../../process/strength.ts';
import { Exclusive } from '../../store/wal/exclusive.ts';
import type { Context } from '../context.ts';
import { isolationWord } from '../sandbox.ts';
import { batchItems, type Claim, type ItemSource } from './item-source.ts';
import { openBatchJournal } from './journal.ts';
import { sweepLocks, takeRun } from './locks.ts';
import { Repositories } from './repositories.ts';
import { doClaim } from './run-item.ts';
import { type RunOptions, RunState } from './run-state.ts';

export type { AfterAttempt, ItemHooks, RunOptions } from './run-state.ts';

export interface BatchResult {
  id: string;
  name: string;
  counts: Counts;
  items: BatchItem[];
  spent: Spend;
  /**
   * `finished`: every item of this run's part has its result. `drained`, `stopped`: somebody asked for the end.
   * `budget`: a budget is used up.
   */
  outcome: 'finished' | 'drained' | 'stopped' | 'budget';
  /** Which budget, in a sentence. */
  budget: string | null;
  merges: { done: number; refused: number };
}

/** Waits for the next thing to do; one slot asks at a time, the others wait in line behind it. */
const nextClaim = async (run: RunState, source: ItemSource): Promise<Claim | undefined> => {
  for (;;) {
    const next = await source.next();
    if (next === 'done') return undefined;
    if (!('waitMs' in next)) return next;
    await run.wait(next.waitMs);
  }
};

/** One slot: one thing after the other, until there is nothing more or something is wrong with us. */
const slot = async (run: RunState, source: ItemSource, line: Exclusive, number: number): Promise<void> => {
  const show = (text: string | null): void => run.options.view.slot(number, text);
  try {
    for (;;) {
      const claim = await line.run(() => nextClaim(run, source));
      if (!claim) return;
      try {
        await doClaim(run, claim, show);
      } finally {
        claim.release();
        show(null);
        run.wake();
      }
      if (run.options.once && claim.kind === 'run') return;
    }
  } catch (error) {
    run.fail(error);
  }
};

const SHOW_MS = 5000;

/** Ends the run when the batch's time is over. */
const watchClock = (run: RunState): (() => void) => {
  const seconds = run.batch.options.budget?.wallClockSec;
  if (seconds === undefined) return () => {};
  const left = seconds * 1000 - workedMs(run.batch, run.home.clock.now());
  const end = (): void =>
    run.endBudget(`The batch has used up its budget of ${limitText(run.batch.options.budget!, 'wallClockSec')}.`, {
      hard: true,
    });
  const timer = setTimeout(end, Math.max(0, left));
  return () => clearTimeout(timer);
};

const begin = async (run: RunState): Promise<void> => {
  const { options, journal } = run;
  const { reason = 'start', shard } = options;
  const stops = await stopStrength();
  const isolation = await isolationWord(run.home, stops);
  await journal.turn(async (turn) => {
    if (!turn.batch.exists)
      throw new AppError('batch.missing', `There is no batch ${journal.id} in ${run.home.repo.root}.`, {
        hint: 'Run `amp-sessions batch list` to see them.',
      });
    if (isDone(turn.batch)) return;
    // Without what a benchmark adds its items would be worked on in the wrong place, and judged by nobody.
    if (turn.batch.options.kind === 'bench' && !options.hooks)
      throw new AppError('usage.invalid', `${journal.id} is a run of a benchmark.`, {
        hint: `Go on with it: \`amp-sessions bench ${inShell(turn.batch.options.file ?? '<file>')} --resume ${journal.id}${reason === 'worker' ? ' --shard <i/n>' : ''}\`.`,
      });
    const data = { reason, host: hostname(), pid: process.pid, isolation, ...(shard && { shard }) };
    await turn.decide({ do: 'start', data });
  });
  if (isolation !== stops) run.say(`Agents run in ${isolation}.`);
};

/** Puts on record how the run ended. A batch whose own budget is used up is over; the rest of a day waits. */
const conclude = async (run: RunState): Promise<void> => {
  const { overBudget, stopping } = run;
  await run.journal.turn(async (turn) => {
    if (overBudget && !overBudget.isDay) {
      const cause = { code: 'budget.exceeded', message: overBudget.message };
      // Other parts have budgets of their own: what is queued here may long be done on another machine.
      await turn.decide({ do: 'giveUp', state: 'budget', cause, only: idsInScope(turn.batch, run.scope) });
    }
    if (stopping !== null) await turn.decide({ do: 'stop', how: stopping });
    await turn.decide({ do: 'finish' });
  });
};

const resultOf = (run: RunState): BatchResult => {
  const { batch, overBudget, stopping } = run;
  const isThrough = inScope(batch, run.scope).every(({ state }) => state !== 'queued' && state !== 'running');
  const outcome = overBudget
    ? 'budget'
    : isDone(batch) || isThrough || stopping === null
      ? 'finished'
      : stopping === 'drained'
        ? 'drained'
        : 'stopped';
  return {
    id: batch.id,
    name: batch.options.name,
    counts: countsOf(batch),
    items: batch.items,
    spent: spentByBatch(batch),
    outcome,
    budget: overBudget?.message ?? null,
    merges: {
      done: batch.items.filter(({ merged }) => merged !== null).length,
      refused: batch.items.filter(({ mergeRefused }) => mergeRefused !== null).length,
    },
  };
};

const work = async (home: Context, id: string, options: RunOptions): Promise<BatchResult> => {
  const journal = openBatchJournal(home, id);
  const repositories = new Repositories(home, options.view.line);
  const lock = await takeRun(home, id);
  const run = new RunState(home, journal, repositories, options);
  journal.onEvent((event) => {
    options.view.event?.(event, journal.batch);
    run.show();
  });
  // Time goes on while nothing happens, and what is left of it is shown.
  const showing = setInterval(() => run.show(), SHOW_MS).unref();
  let off = (): void => {};
  try {
    await sweepLocks(home, id);
    await begin(run);
    off = options.interrupts.onStop((how) => run.interrupt(how));
    const stopWatching = watchClock(run);
    const source = batchItems(run);
    const line = new Exclusive();
    const slots = options.once ? 1 : (options.concurrency ?? run.batch.options.concurrency);
    await Promise.all(Array.from({ length: slots }, (_, number) => slot(run, source, line, number)));
    stopWatching();
    if (run.fatal === undefined) await conclude(run);
  } finally {
    off();
    await journal.close().catch((error) => run.fail(error));
    await repositories.close();
    clearInterval(showing);
    run.finishShowing();
    lock.release();
  }
  if (run.fatal !== undefined) throw run.fatal;
  return resultOf(run);
};

/**
 * Works on a batch until every item has its result, or somebody stops it: so many at once, each in a session of its
 * own, all in this process. What a dead process left is put in order first. Several processes of one clone may do this
 * at the same time.
 * @throws AppError `batch.missing`, and what stops everything, such as `store.full`; what ran is stopped then
 */
export const runBatch = (home: Context, id: string, options: RunOptions): Promise<BatchResult> =>
  withStarter(() => work(home, id, options));
