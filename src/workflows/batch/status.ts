import { type Spend, spendOfEnd, spentByBatch, spentByItem } from '../../batch/budget.ts';
import { type Counts, countsOf, etaMs, isDone } from '../../batch/conclusions.ts';
import type { BatchOptions, ItemState } from '../../batch/plan.ts';
import { attemptsNow, type Batch, type BatchItem, type Cause, openAttempt } from '../../batch/state.ts';
import { shownText } from '../../events/long-text.ts';
import type { Own } from '../../session/lines.ts';
import type { Context } from '../context.ts';
import { writersHere } from '../view.ts';
import { allBatches, readBatch } from './home.ts';
import { runHolders } from './locks.ts';

/** `running`: a process of this machine works on it. `stopped`: begun, not finished, and none does. */
export type BatchStanding = 'new' | 'running' | 'stopped' | 'finished';

/** An item as `batch status --json` has it. */
export interface ItemStatus {
  item: string;
  /** Id of the newest attempt's session; null: it was never begun. */
  session: string | null;
  /** Of all attempts, oldest first. */
  sessions: string[];
  repo: string;
  name: string;
  state: ItemState;
  cause: Cause;
  agent: string;
  mode: string | null;
  attempts: number;
  /** Of the newest attempt; null while it runs. */
  durationMs: number | null;
  /** Of all attempts since it was last queued by a person; null: unknown. */
  costUsd: number | null;
  tokens: number;
  commit: string | null;
  tests: 'none' | 'passed' | 'failed';
  merged: { commit: string } | null;
  mergeRefused: { code: string; message: string } | null;
  startedAt: string | null;
  finishedAt: string | null;
  /** The other clone that has begun it and not ended; null: none. Its host, where it told it. */
  elsewhere: { writer: string; host: string | null } | null;
  prompt: string;
}

export interface BatchStatus {
  id: string;
  name: string;
  kind: BatchOptions['kind'];
  state: BatchStanding;
  counts: Counts;
  items: ItemStatus[];
  /** `usd` is null where nothing of it is known. */
  spent: { usd: number | null; tokens: number; isLowerBound: boolean };
  budget: BatchOptions['budget'];
  dayBudget: BatchOptions['dayBudget'];
  concurrency: number;
  file: string | null;
  etaMs: number | null;
  createdAt: string;
  lastActivityAt: string;
  finishedAt: string | null;
  /** Processes of this machine that work on it. */
  workers: { pid: number; host: string }[];
  pauses: { agent: string; until: string; reason: string }[];
}

const costOf = ({ usd, isLowerBound }: Spend): number | null => (isLowerBound && usd === 0 ? null : usd);

const elsewhereOf = (item: BatchItem, { workers }: Batch, own: Own): ItemStatus['elsewhere'] => {
  const writer = openAttempt(item)?.writer;
  if (writer === undefined || own.has(writer)) return null;
  return { writer, host: workers.findLast((worker) => worker.writer === writer)?.host ?? null };
};

const itemStatus = (item: BatchItem, batch: Batch, own: Own): ItemStatus => {
  const { plan, state, cause, merged, mergeRefused } = item;
  const attempts = attemptsNow(item);
  const last = item.attempts.at(-1);
  const spent = spentByItem(item);
  const isTold = attempts.some(({ end }) => end !== null && spendOfEnd(end).usd + spendOfEnd(end).tokens > 0);
  return {
    item: plan.item,
    session: last?.session ?? null,
    sessions: item.attempts.map(({ session }) => session),
    repo: last?.repository ?? plan.repo,
    name: plan.name,
    state,
    cause,
    agent: plan.agent.name,
    mode: plan.agent.mode,
    attempts: item.attempts.length,
    durationMs: last?.end?.durationMs ?? null,
    costUsd: isTold ? costOf(spent) : null,
    tokens: spent.tokens,
    commit: last?.end?.commit ?? null,
    tests: last?.end?.verdict ?? 'none',
    merged: merged && { commit: merged.commit },
    mergeRefused: mergeRefused && { code: mergeRefused.code, message: mergeRefused.message },
    startedAt: last?.startedAt ?? null,
    finishedAt: item.finishedAt,
    elsewhere: elsewhereOf(item, batch, own),
    prompt: shownText(plan.prompt),
  };
};

const standing = (batch: Batch, workers: number): BatchStanding => {
  if (workers > 0) return 'running';
  if (batch.finishedAt !== null) return 'finished';
  if (batch.workers.length === 0) return 'new';
  // Of parts on several machines each knew of its own alone: none could say that it was the last.
  return isDone(batch) ? 'finished' : 'stopped';
};

/** A batch as a person is shown it. */
export const statusOfBatch = (ctx: Context, batch: Batch): BatchStatus => {
  const { id, options, createdAt, lastActivityAt, finishedAt } = batch;
  const workers = runHolders(ctx, id).map(({ pid, host }) => ({ pid, host }));
  const now = ctx.clock.now();
  const own = writersHere(ctx);
  const spent = spentByBatch(batch);
  return {
    id,
    name: options.name,
    kind: options.kind,
    state: standing(batch, workers.length),
    counts: countsOf(batch),
    items: batch.items.map((item) => itemStatus(item, batch, own)),
    spent: {
      usd: spent.tokens + spent.usd > 0 ? costOf(spent) : null,
      tokens: spent.tokens,
      isLowerBound: spent.isLowerBound,
    },
    budget: options.budget,
    dayBudget: options.dayBudget,
    concurrency: options.concurrency,
    file: options.file,
    etaMs: etaMs(batch, { slots: options.concurrency, now }),
    createdAt,
    lastActivityAt,
    finishedAt,
    workers,
    pauses: Object.entries(batch.pauses)
      .filter(([, { until }]) => until > now)
      .map(([agent, { until, reason }]) => ({ agent, until, reason })),
  };
};

/** As it is now, without any lock. */
export const batchStatus = async (ctx: Context, id: string): Promise<BatchStatus> =>
  statusOfBatch(ctx, await readBatch(ctx, id));

export type BatchListItem = Pick<
  BatchStatus,
  'id' | 'name' | 'kind' | 'state' | 'counts' | 'createdAt' | 'lastActivityAt' | 'finishedAt'
> & { costUsd: number | null };

/** Every batch of the repository, oldest first. */
export const listBatches = async (ctx: Context): Promise<BatchListItem[]> =>
  (await allBatches(ctx)).map((batch) => {
    const { id, name, kind, state, counts, createdAt, lastActivityAt, finishedAt, spent } = statusOfBatch(ctx, batch);
    return { id, name, kind, state, counts, createdAt, lastActivityAt, finishedAt, costUsd: spent.usd };
  });
