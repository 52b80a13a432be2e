import type { ErrorCode } from '../errors.ts';
import type { Draft, EventData } from '../events/catalogue.ts';
import { reached, spentByItem } from './budget.ts';
import { AGENT_GONE, CRASHED, isHopeless, LIMIT_CODES } from './causes.ts';
import { countsOf, isDone } from './conclusions.ts';
import { samePlan } from './evolve.ts';
import type { BatchPlan } from './plan.ts';
import {
  type AttemptEnd,
  attemptsNow,
  type Batch,
  type BatchItem,
  type FinalState,
  itemOf,
  openAttempt,
} from './state.ts';

/** Requests, in the imperative; never stored. */
export type BatchIntent =
  | { do: 'create'; id: string; plan: BatchPlan }
  | { do: 'start'; data: EventData<'batch.started'> }
  | { do: 'startAttempt'; item: string; session: string; repository: string }
  | { do: 'finishAttempt'; item: string; session: string; end: AttemptEnd; pauseUntil(times: number): string }
  | { do: 'settle'; item: string }
  | {
      do: 'giveUp';
      state: 'error' | 'budget' | 'cancelled';
      cause: AttemptEnd['cause'];
      agent?: string;
      only?: Set<string>;
    }
  | { do: 'requeue'; items: string[] | 'failed' }
  | { do: 'abandon'; writer: string; only?: ReadonlySet<string> }
  | { do: 'stop'; how: EventData<'batch.stopped'>['how'] }
  | { do: 'finish' };

export interface Refusal {
  refused: ErrorCode;
  message: string;
  hint: string;
}

export const isRefusal = (decision: Draft[] | Refusal): decision is Refusal => !Array.isArray(decision);

/** An item whose process died over it this often is not tried again: it may be what kills it. */
const MOST_CRASHES = 3;
/** A provider that turns the same item away this often is taken at its word. */
const MOST_LIMITED = 5;
/** So many rests of an agent without one success between, and its other items are not tried. */
export const MOST_PAUSES = 8;

const isCrash = (end: AttemptEnd): boolean => end.cause?.code === CRASHED;
const isLimited = (end: AttemptEnd): boolean => end.state === 'error' && LIMIT_CODES.has(end.cause?.code ?? '');

const isRetryable = ({ plan }: BatchItem, end: AttemptEnd): boolean => {
  if (end.state === 'cancelled' || isCrash(end) || isLimited(end)) return true;
  if (end.state === 'passed' || end.state === 'budget') return false;
  return plan.retryOn.includes(end.state) && !isHopeless(end.cause?.code ?? '');
};

/** Its own budget bears no further attempt. */
const hasSpentAll = (item: BatchItem): boolean => {
  const took = attemptsNow(item).reduce((sum, { end }) => sum + (end?.durationMs ?? 0), 0);
  return reached(item.plan.budget, spentByItem(item), took) !== undefined;
};

/** Whether the item has its result with this end of its newest attempt. */
const isLast = (item: BatchItem, end: AttemptEnd): boolean => {
  if (end.state === 'cancelled') return false;
  if (hasSpentAll(item)) return true;
  const before = attemptsNow(item).flatMap((attempt) => attempt.end ?? []);
  if (isCrash(end)) return before.filter(isCrash).length > MOST_CRASHES;
  if (isLimited(end)) return before.filter(isLimited).length >= MOST_LIMITED;
  if (!isRetryable(item, end)) return true;
  const own = before.filter((one) => one.state !== 'cancelled' && !isCrash(one) && !isLimited(one));
  return own.length > item.plan.retries;
};

const finished = (item: string, attempt: number, state: FinalState, cause: AttemptEnd['cause']): Draft => ({
  type: 'batch-item.finished',
  by: 'program',
  data: { item, attempt, state, cause },
});

/** A queued item whose newest attempt was its last, though nobody has said so: its process died in between. */
export const isOverdue = (item: BatchItem): boolean => {
  const end = attemptsNow(item).at(-1)?.end;
  return item.state === 'queued' && end !== undefined && end !== null && isLast(item, end);
};

const create = (batch: Batch, { id, plan }: Extract<BatchIntent, { do: 'create' }>): Draft[] | Refusal => {
  if (!batch.exists)
    return [
      { type: 'batch.created', by: 'user', data: { id, options: plan.options } },
      ...plan.items.map((data): Draft => ({ type: 'batch-item.planned', by: 'user', data })),
    ];
  const isSame = samePlan(batch, plan.options) && batch.items.length === plan.items.length;
  if (isSame && plan.items.every(({ item, name }) => itemOf(batch, item)?.plan.name === name)) return [];
  return {
    refused: 'batch.exists',
    message: `There is a batch ${id} already, and it was made from another file, or another version of this one.`,
    hint:
      plan.options.kind === 'bench'
        ? `Give this one another --run-id; or go on with that one as it was: \`amp-sessions bench <file> --resume ${id}\`.`
        : `Go on with it as it was: \`amp-sessions batch resume ${id}\`; or give this one another runId.`,
  };
};

const finishAttempt = (batch: Batch, intent: Extract<BatchIntent, { do: 'finishAttempt' }>): Draft[] => {
  const item = itemOf(batch, intent.item);
  const open = item && openAttempt(item);
  // Somebody else has put it in order already: the same end is not told twice.
  if (!item || open?.session !== intent.session) return [];
  const { end, session } = intent;
  const { attempt } = open;
  const drafts: Draft[] = [
    {
      type: 'batch-attempt.finished',
      by: 'program',
      data: { item: intent.item, attempt, session, ...end, retryable: isRetryable(item, end) },
    },
  ];
  const ended = { ...item, attempts: [...item.attempts.slice(0, -1), { ...open, end: { ...end, retryable: true } }] };
  if (isLast(ended, end)) drafts.push(finished(intent.item, attempt, end.state, end.cause));
  if (isLimited(end)) drafts.push(pause(batch, item.plan.agent.name, end.cause!.code, intent.pauseUntil));
  return drafts;
};

const pause = (batch: Batch, agent: string, reason: string, until: (times: number) => string): Draft => {
  const times = Object.hasOwn(batch.pauses, agent) ? batch.pauses[agent]!.times : 0;
  return { type: 'batch-agent.paused', by: 'program', data: { agent, reason, until: until(times + 1) } };
};

/** Queued items that end here without another try. */
const giveUp = (batch: Batch, { state, cause, agent, only }: Extract<BatchIntent, { do: 'giveUp' }>): Draft[] =>
  batch.items
    .filter(({ state: now }) => now === 'queued')
    .filter(({ plan }) => (agent === undefined || plan.agent.name === agent) && (!only || only.has(plan.item)))
    .map(({ plan, attempts }) => finished(plan.item, attempts.at(-1)?.attempt ?? 0, state, cause));

const UNLUCKY = new Set(['failed', 'error', 'timeout', 'budget', 'cancelled']);

const requeue = (batch: Batch, wanted: string[] | 'failed'): Draft[] | Refusal => {
  const items = wanted === 'failed' ? batch.items.filter(({ state }) => UNLUCKY.has(state)) : [];
  for (const id of wanted === 'failed' ? [] : wanted) {
    const item = itemOf(batch, id) ?? batch.items.find(({ plan }) => plan.name === id);
    if (!item)
      return {
        refused: 'batch.missing',
        message: `Batch ${batch.id} has no item ${id}.`,
        hint: `\`amp-sessions batch status ${batch.id}\` shows them.`,
      };
    if (item.state !== 'queued' && item.state !== 'running' && !items.includes(item)) items.push(item);
  }
  return items.map(({ plan: { item } }) => ({
    type: 'batch-item.requeued',
    by: 'user',
    data: { item, reason: 'retry' },
  }));
};

const NOTHING_USED = { tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 0 };

/** What a clone has begun and will never end: somebody says so. What it tells later all the same counts for nothing. */
const abandon = (batch: Batch, { writer, only }: Extract<BatchIntent, { do: 'abandon' }>): Draft[] =>
  batch.items.flatMap((item): Draft[] => {
    const open = openAttempt(item);
    if (open?.writer !== writer || (only && !only.has(item.plan.item))) return [];
    const { attempt, session, startedAt } = open;
    const message = `Given up from another clone: ${writer} began it at ${startedAt} and told no end.`;
    const about = { item: item.plan.item, attempt, session, cause: { code: 'interrupted', message } };
    const end = { usage: NOTHING_USED, costUsd: null, durationMs: 0, commit: null, verdict: 'none' as const };
    const data = { ...about, ...end, state: 'cancelled' as const, retryable: true };
    return [{ type: 'batch-attempt.finished', by: 'user', data }];
  });

const startAttempt = (batch: Batch, intent: Extract<BatchIntent, { do: 'startAttempt' }>): Draft[] => {
  const item = itemOf(batch, intent.item);
  if (item?.state !== 'queued') throw new Error(`item ${intent.item} is ${item?.state}, so it cannot be begun`);
  const { item: id, session, repository } = intent;
  const data = { item: id, attempt: (item.attempts.at(-1)?.attempt ?? 0) + 1, session, repository };
  return [{ type: 'batch-attempt.started', by: 'program', data }];
};

const settle = (batch: Batch, id: string): Draft[] => {
  const item = itemOf(batch, id);
  if (!item || !isOverdue(item)) return [];
  const { attempt, end } = item.attempts.at(-1)!;
  return [finished(id, attempt, end!.state, end!.cause)];
};

/** All judgement about a batch is here: what may happen next, given its state. */
export const decide = (batch: Batch, intent: BatchIntent): Draft[] | Refusal => {
  switch (intent.do) {
    case 'create':
      return create(batch, intent);
    case 'start':
      return [{ type: 'batch.started', by: 'user', data: intent.data }];
    case 'startAttempt':
      return startAttempt(batch, intent);
    case 'finishAttempt':
      return finishAttempt(batch, intent);
    case 'settle':
      return settle(batch, intent.item);
    case 'giveUp':
      return giveUp(batch, intent);
    case 'requeue':
      return requeue(batch, intent.items);
    case 'abandon':
      return abandon(batch, intent);
    case 'stop':
      return isDone(batch) ? [] : [{ type: 'batch.stopped', by: 'user', data: { how: intent.how } }];
    case 'finish':
      return isDone(batch) && batch.finishedAt === null
        ? [{ type: 'batch.finished', by: 'program', data: { counts: countsOf(batch) } }]
        : [];
  }
};

/**
 * Whether an agent's other items would come to the same end as this one did. Of the agent `command` nobody can say:
 * its programs are as many as its items.
 */
export const isAgentGone = (batch: Batch, { name }: BatchItem['plan']['agent'], end: AttemptEnd): boolean => {
  if (end.state !== 'error' || name === 'command') return false;
  if (AGENT_GONE.has(end.cause?.code ?? '')) return true;
  return isLimited(end) && Object.hasOwn(batch.pauses, name) && batch.pauses[name]!.times >= MOST_PAUSES;
};
