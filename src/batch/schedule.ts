import { estimate, mayBegin, reservedBy, type Spend, spentByBatch } from './budget.ts';
import { workedMs } from './conclusions.ts';
import type { AgentLimit, BatchOptions, PlannedItem } from './plan.ts';
import { type Batch, type BatchItem, openAttempt } from './state.ts';

/** One part of a batch, from 1. */
export interface Shard {
  index: number;
  of: number;
}

export interface Wish {
  /** ISO-8601. */
  now: string;
  shard?: Shard | undefined;
  /** Only these. */
  items?: ReadonlySet<string> | undefined;
  /** Queued items that cannot be begun here and now. */
  without?: ReadonlySet<string>;
}

export type Next =
  | { begin: BatchItem; estimate: Spend }
  /** Milliseconds; null: until something that runs has ended. */
  | { wait: number | null }
  | { over: 'budget' }
  | { none: true };

/**
 * How many items that follow each other are one unit of a part. Of a benchmark those that are told apart by their agent
 * alone: were they parted, each machine of two would get an agent of its own, and the machines would be compared.
 */
export const unitOf = (kind: BatchOptions['kind'], plans: readonly Pick<PlannedItem, 'labels'>[]): number => {
  if (kind !== 'bench') return 1;
  const first = plans[0]?.labels?.['agent'];
  const again = plans.findIndex(({ labels }, at) => at > 0 && labels?.['agent'] === first);
  return again < 0 ? Math.max(1, plans.length) : again;
};

/** By its place in the batch: every machine comes to the same parts. */
export const isInShard = (at: number, unit: number, { index, of }: Shard): boolean =>
  Math.floor(at / unit) % of === index - 1;

export const inScope = (batch: Batch, { shard, items }: Pick<Wish, 'shard' | 'items'>): BatchItem[] => {
  const unit = shard
    ? unitOf(
        batch.options.kind,
        batch.items.map(({ plan }) => plan),
      )
    : 1;
  return batch.items.filter(
    ({ plan }, at) => (!shard || isInShard(at, unit, shard)) && (!items || items.has(plan.item)),
  );
};

/** The same by their ids. */
export const idsInScope = (batch: Batch, scope: Pick<Wish, 'shard' | 'items'>): Set<string> =>
  new Set(inScope(batch, scope).map(({ plan }) => plan.item));

const MINUTE_MS = 60_000;

interface Use {
  running: number;
  /** Milliseconds since 1970 of each start, oldest first. */
  starts: number[];
}

interface Load {
  agents: Map<string, Use>;
  /** Running and begun, by repository. */
  repositories: Map<string, { running: number; begun: number }>;
}

const loadOf = (batch: Batch): Load => {
  const load: Load = { agents: new Map(), repositories: new Map() };
  for (const item of batch.items) {
    if (item.attempts.length === 0) continue;
    const agent = load.agents.get(item.plan.agent.name) ?? { running: 0, starts: [] };
    const repository = load.repositories.get(item.plan.repo) ?? { running: 0, begun: 0 };
    const running = openAttempt(item) ? 1 : 0;
    agent.running += running;
    repository.running += running;
    repository.begun += item.attempts.length;
    for (const { startedAt } of item.attempts) agent.starts.push(Date.parse(startedAt));
    load.agents.set(item.plan.agent.name, agent);
    load.repositories.set(item.plan.repo, repository);
  }
  for (const { starts } of load.agents.values()) starts.sort((a, b) => a - b);
  return load;
};

/** Milliseconds until one more of this agent may begin; 0: now, null: when one of them has ended. */
const agentWait = (batch: Batch, agent: string, load: Load, now: number): number | null => {
  const limit: AgentLimit = Object.hasOwn(batch.options.limits, agent) ? batch.options.limits[agent]! : {};
  const { running, starts } = load.agents.get(agent) ?? { running: 0, starts: [] };
  if (running >= (limit.concurrency ?? Infinity)) return null;
  const pause = Object.hasOwn(batch.pauses, agent) ? Date.parse(batch.pauses[agent]!.until) - now : 0;
  const perMinute = limit.perMinute ?? Infinity;
  const most = Math.max(1, Math.floor(perMinute));
  // Less than one a minute is one in so many minutes.
  const span = perMinute < 1 ? MINUTE_MS / perMinute : MINUTE_MS;
  const oldest = starts.length >= most ? starts[starts.length - most]! + span - now : 0;
  return Math.max(0, pause, oldest);
};

/** The repository with the least going on, then the one with the least done; in it untouched items first, in order. */
const fairest = (items: BatchItem[], load: Load): BatchItem | undefined => {
  let best: { item: BatchItem; rank: number[] } | undefined;
  for (const item of items) {
    const { running, begun } = load.repositories.get(item.plan.repo) ?? { running: 0, begun: 0 };
    const rank = [running, item.attempts.length - item.since > 0 ? 1 : 0, begun];
    const at = best ? rank.findIndex((value, n) => value !== best!.rank[n]) : 0;
    if (!best || (at >= 0 && rank[at]! < best.rank[at]!)) best = { item, rank };
  }
  return best?.item;
};

/**
 * What is to be begun next: fair over repositories, within what agents bear and budgets leave. What runs elsewhere, on
 * record as running, counts like what runs here.
 */
export const schedule = (batch: Batch, wish: Wish): Next => {
  const now = Date.parse(wish.now);
  const queued = inScope(batch, wish).filter(({ state, plan }) => state === 'queued' && !wish.without?.has(plan.item));
  if (queued.length === 0) return { none: true };
  const load = loadOf(batch);
  const waits = new Map<string, number | null>();
  for (const { plan } of queued)
    if (!waits.has(plan.agent.name)) waits.set(plan.agent.name, agentWait(batch, plan.agent.name, load, now));
  const ready = fairest(
    queued.filter(({ plan }) => waits.get(plan.agent.name) === 0),
    load,
  );
  if (!ready) {
    const times = [...waits.values()].filter((wait) => wait !== null);
    return { wait: times.length === 0 ? null : Math.min(...times) };
  }
  const next = estimate(batch, ready);
  const found = { spent: spentByBatch(batch), reserved: reservedBy(batch), next, workedMs: workedMs(batch, wish.now) };
  const may = mayBegin(batch.options.budget, found);
  if (may === 'no') return { over: 'budget' };
  return may === 'wait' ? { wait: null } : { begin: ready, estimate: next };
};
