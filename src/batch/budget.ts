import type { Budget } from './plan.ts';
import { type Attempt, type Batch, type BatchItem, openAttempt } from './state.ts';

/** What was used; dollars are a lower bound where an attempt did not tell what it cost. */
export interface Spend {
  usd: number;
  tokens: number;
  isLowerBound: boolean;
}

export const NOTHING_SPENT: Spend = { usd: 0, tokens: 0, isLowerBound: false };

type Tokens = NonNullable<Attempt['end']>['usage'];

/** What is paid for as new: cache reads do not count. */
export const countedTokens = ({
  tokensInput,
  tokensOutput,
  tokensCacheWrite,
}: Omit<Tokens, 'tokensCacheRead'>): number => tokensInput + tokensOutput + tokensCacheWrite;

export const addSpend = (a: Spend, b: Spend): Spend => ({
  usd: a.usd + b.usd,
  tokens: a.tokens + b.tokens,
  isLowerBound: a.isLowerBound || b.isLowerBound,
});

export const spendOfEnd = ({ usage, costUsd }: { usage: Tokens; costUsd: number | null }): Spend => {
  const tokens = countedTokens(usage);
  return { usd: costUsd ?? 0, tokens, isLowerBound: costUsd === null && tokens + usage.tokensCacheRead > 0 };
};

const spendOf = (attempts: Attempt[]): Spend =>
  attempts.reduce((sum, { end }) => (end === null ? sum : addSpend(sum, spendOfEnd(end))), NOTHING_SPENT);

/** By all attempts that have ended. */
export const spentByItem = ({ attempts, since }: BatchItem): Spend => spendOf(attempts.slice(since));
export const spentByBatch = ({ items }: Batch): Spend =>
  items.reduce((sum, { attempts }) => (attempts.length === 0 ? sum : addSpend(sum, spendOf(attempts))), NOTHING_SPENT);

export type Limit = 'usd' | 'tokens' | 'wallClockSec';

/** The first limit that is reached; undefined while there is something left. */
export const reached = (budget: Budget | null, spend: Spend, workedMs: number): Limit | undefined => {
  if (budget === null) return undefined;
  if (budget.usd !== undefined && spend.usd >= budget.usd) return 'usd';
  if (budget.tokens !== undefined && spend.tokens >= budget.tokens) return 'tokens';
  if (budget.wallClockSec !== undefined && workedMs >= budget.wallClockSec * 1000) return 'wallClockSec';
  return undefined;
};

/** `1 token`, `2.5 tokens`. */
const figure = (value: number, noun: string): string => {
  const rounded = Math.round(value * 100) / 100;
  return `${rounded} ${noun}${rounded === 1 ? '' : 's'}`;
};

/** What was reached, as part of a sentence: `its budget of 2 US dollars`. */
export const limitText = (budget: Budget, limit: Limit): string => {
  const nouns = { usd: 'US dollar', tokens: 'token', wallClockSec: 'second' } as const;
  return figure(budget[limit] ?? 0, nouns[limit]);
};

const isWithin = (budget: Budget, { usd, tokens }: Spend): boolean =>
  usd <= (budget.usd ?? Infinity) && tokens <= (budget.tokens ?? Infinity);

/** What an item may come to: its own budget, else what items came to so far, else nothing is known. */
export const estimate = (batch: Batch, { plan: { budget } }: Pick<BatchItem, 'plan'>): Spend => {
  let [ended, spent] = [0, NOTHING_SPENT];
  for (const { attempts } of batch.items)
    for (const { end } of attempts)
      if (end) {
        ended += 1;
        spent = addSpend(spent, spendOfEnd(end));
      }
  const mean = ended === 0 ? 0 : 1 / ended;
  return {
    usd: budget?.usd ?? spent.usd * mean,
    tokens: budget?.tokens ?? spent.tokens * mean,
    isLowerBound: false,
  };
};

/** What running items have set aside: an item that runs counts with what it may come to, not with what it has told. */
export const reservedBy = (batch: Batch): Spend =>
  batch.items
    .filter((item) => openAttempt(item))
    .reduce((sum, item) => addSpend(sum, estimate(batch, item)), NOTHING_SPENT);

/**
 * Whether one more item may begin: `wait` where what runs may need what is left. The last of a budget is given to one
 * item alone, which is stopped when it is used up.
 */
export const mayBegin = (
  budget: Budget | null,
  { spent, reserved, next, workedMs }: { spent: Spend; reserved: Spend; next: Spend; workedMs: number },
): 'yes' | 'wait' | 'no' => {
  if (budget === null) return 'yes';
  if (reached(budget, spent, workedMs)) return 'no';
  if (isWithin(budget, addSpend(addSpend(spent, reserved), next))) return 'yes';
  return reserved.usd + reserved.tokens === 0 ? 'yes' : 'wait';
};

/** Agents that never tell what they cost. */
const UNPRICED: ReadonlySet<string> = new Set(['command']);

/** What an agent of this name cost stays unknown, also where it told of no use. */
export const isUnpriced = (agent: string): boolean => UNPRICED.has(agent);

/** Agents of items that a budget in dollars would hold for and never reach. */
export const unpricedAgents = (
  { budget, dayBudget }: { budget: Budget | null; dayBudget: Budget | null },
  items: { agent: { name: string }; budget: Budget | null }[],
): string[] => {
  const isForAll = budget?.usd !== undefined || dayBudget?.usd !== undefined;
  const held = items.filter((item) => isForAll || item.budget?.usd !== undefined);
  return [...new Set(held.map(({ agent }) => agent.name))].filter(isUnpriced);
};
