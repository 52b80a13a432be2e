import { limitText, reached, type Spend, spentByBatch } from '../../batch/budget.ts';
import { waitsForMerge, workedMs } from '../../batch/conclusions.ts';
import { isOverdue } from '../../batch/decide.ts';
import type { Budget } from '../../batch/plan.ts';
import { inScope, schedule } from '../../batch/schedule.ts';
import { type BatchItem, openAttempt } from '../../batch/state.ts';
import { writersHere } from '../view.ts';
import { reserveToday } from './day-budget.ts';
import type { Turn } from './journal.ts';
import { itemHolder, takeItem } from './locks.ts';
import type { RunState } from './run-state.ts';

/** One thing to do, held by this process until it is released. */
export interface Claim {
  /** `run`: an attempt that is on record as begun. `examine`: one whose process died. `merge`: work that passed. */
  kind: 'run' | 'examine' | 'merge';
  item: string;
  attempt: number;
  session: string;
  release(): void;
}

/**
 * Where a slot gets what it does next. Another queue, such as one on a server, is another of these: what it hands out
 * is on record as begun, and nobody else has it.
 */
export interface ItemSource {
  next(): Promise<Claim | { waitMs: number } | 'done'>;
}

/** How often it is looked what other processes have done. */
const LOOK_MS = 1_000;
const LONGEST_MS = 60_000;

const claimOf = (run: RunState, kind: Claim['kind'], { plan, attempts }: BatchItem, release: () => void): Claim => {
  const { attempt, session } = attempts.at(-1)!;
  const { item } = plan;
  run.held.add(item);
  return {
    kind,
    item,
    attempt,
    session,
    release: () => {
      run.held.delete(item);
      release();
    },
  };
};

/** What a dead process of this clone left: an attempt without an end, an item without a result, a merge. */
const leftOver = async (run: RunState, turn: Turn): Promise<Claim | undefined> => {
  const { home, journal } = run;
  const own = writersHere(home);
  for (const item of inScope(turn.batch, run.scope)) {
    const id = item.plan.item;
    if (isOverdue(item)) await turn.decide({ do: 'settle', item: id });
    const open = openAttempt(item);
    // What another clone runs is its own to judge: its locks are not seen from here.
    const isOurs = own.has((open ?? item.attempts.at(-1))?.writer ?? '');
    const kind = open ? 'examine' : waitsForMerge(item) ? 'merge' : undefined;
    if (!kind || !isOurs || run.held.has(id)) continue;
    const lock = await takeItem(home, journal.id, id);
    if (lock) return claimOf(run, kind, item, lock.release);
  }
  return undefined;
};

/** Another process of this clone is at one of the items that this run is to see done. */
const isBusyElsewhere = (run: RunState, turn: Turn): boolean =>
  inScope(turn.batch, run.scope).some(
    (item) =>
      (openAttempt(item) || waitsForMerge(item)) &&
      !run.held.has(item.plan.item) &&
      itemHolder(run.home, run.journal.id, item.plan.item) !== undefined,
  );

/** An item that a living process still holds, though its attempt has ended, is left to it for the moment. */
const heldQueued = (run: RunState, turn: Turn): string[] =>
  turn.batch.items
    .filter(({ state, attempts, plan }) => state === 'queued' && attempts.length > 0 && !run.held.has(plan.item))
    .filter(({ plan }) => itemHolder(run.home, run.journal.id, plan.item) !== undefined)
    .map(({ plan }) => plan.item);

/** What is to begin last, as long as something else is left for this run, or at work in this clone. */
const waitingItems = (run: RunState, turn: Turn): string[] => {
  const { waits } = run.options.hooks ?? {};
  if (!waits) return [];
  const { items } = turn.batch;
  const isAtWork = (item: BatchItem): boolean =>
    openAttempt(item) !== undefined &&
    (run.held.has(item.plan.item) || itemHolder(run.home, run.journal.id, item.plan.item) !== undefined);
  const isLeft =
    inScope(turn.batch, run.scope).some((item) => item.state === 'queued' && !waits(item)) ||
    items.some((item) => !waits(item) && isAtWork(item));
  return isLeft ? items.filter((item) => item.state === 'queued' && waits(item)).map(({ plan }) => plan.item) : [];
};

const dayText = (budget: Budget): string =>
  (['usd', 'tokens', 'wallClockSec'] as const)
    .filter((limit) => budget[limit] !== undefined)
    .map((limit) => limitText(budget, limit))
    .join(', ');

const begin = async (
  run: RunState,
  turn: Turn,
  item: BatchItem,
  estimate: Spend,
): Promise<Claim | 'wait' | 'taken'> => {
  const { home, journal } = run;
  const id = item.plan.item;
  const lock = await takeItem(home, journal.id, id);
  if (!lock) return 'taken';
  try {
    const session = home.clock.newId();
    const { dayBudget } = turn.batch.options;
    const may = dayBudget === null ? 'yes' : await reserveToday(home, dayBudget, { session, estimate });
    if (may === 'no') run.endBudget(`Today's budget of ${dayText(dayBudget!)} is used up.`, { isDay: true });
    if (may !== 'yes') {
      lock.release();
      return 'wait';
    }
    const own = item.places[home.store.writer] ?? item.plan.repo;
    const repository = run.options.hooks?.place?.(item, (item.attempts.at(-1)?.attempt ?? 0) + 1) ?? own;
    await turn.decide({ do: 'startAttempt', item: id, session, repository });
    return claimOf(run, 'run', turn.batch.items.find(({ plan }) => plan.item === id)!, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
};

const usedUp = (run: RunState, { batch }: Turn): string => {
  const budget = batch.options.budget!;
  const limit = reached(budget, spentByBatch(batch), workedMs(batch, run.home.clock.now())) ?? 'usd';
  return `The batch has used up its budget of ${limitText(budget, limit)}.`;
};

/** Items of this batch, as the rules have it. */
export const batchItems = (run: RunState): ItemSource => ({
  next: () =>
    run.journal.turn(async (turn) => {
      if (run.stopping !== null) return 'done';
      const left = await leftOver(run, turn);
      if (left) return left;
      const without = new Set([...heldQueued(run, turn), ...waitingItems(run, turn)]);
      for (;;) {
        const next = schedule(turn.batch, { now: run.home.clock.now(), ...run.scope, without });
        if ('over' in next) {
          run.endBudget(usedUp(run, turn));
          return 'done';
        }
        const isElsewhere = without.size > 0 || isBusyElsewhere(run, turn);
        const longest = isElsewhere ? LOOK_MS : LONGEST_MS;
        if ('none' in next) {
          const isWaiting = run.held.size > 0 || (isElsewhere && !run.options.once);
          return isWaiting ? { waitMs: longest } : 'done';
        }
        if ('wait' in next) return { waitMs: Math.min(next.wait ?? longest, longest) };
        const claim = await begin(run, turn, next.begin, next.estimate);
        if (claim === 'taken') without.add(next.begin.plan.item);
        else if (claim === 'wait') return { waitMs: LOOK_MS };
        else return claim;
      }
    }),
});
