import type { EventData } from '../events/catalogue.ts';

export type AgentChoice = EventData<'session.created'>['agent'];

/** What may be used; absent means without bound. */
export interface Budget {
  /** US dollars. */
  usd?: number;
  /** Input, output and what is written into a cache: all that is paid for as new. Cache reads do not count. */
  tokens?: number;
  wallClockSec?: number;
}

/**
 * Where an item stands. `failed`: its tests failed. `error`: the agent or we could not do it, its cause says which.
 * `budget`: a budget ended it. `cancelled`: somebody did.
 */
export type ItemState = 'queued' | 'running' | 'passed' | 'failed' | 'error' | 'timeout' | 'budget' | 'cancelled';

export const ITEM_STATES: readonly ItemState[] = [
  'queued',
  'running',
  'passed',
  'failed',
  'error',
  'timeout',
  'budget',
  'cancelled',
];

/** One prompt for one agent in one repository: it becomes a session. */
export interface PlannedItem {
  /** `001`, `002`, … in the order of the file: the same file gives the same ids everywhere, which shards rely on. */
  item: string;
  /** Unique in the batch; the session's name. */
  name: string;
  /** Absolute real path of the repository's root as seen here. */
  repo: string;
  prompt: string;
  /** Branch, tag or commit to start from; null: what the repository's settings say, else where it stands. */
  base: string | null;
  agent: AgentChoice;
  test: string | null;
  setup: string | null;
  /** Of one attempt; null: what the repository's settings say. */
  timeoutSec: number | null;
  /** Goes on with the failing output until the tests pass. */
  untilPass: boolean;
  maxIterations: number;
  /** Attempts after the first. */
  retries: number;
  retryOn: ('error' | 'timeout' | 'failed')[];
  mergeOnPass: boolean;
  /** Of this item, all its attempts together. */
  budget: Budget | null;
  /** Told along, never acted upon: `{ case, repeat }` of a benchmark. */
  labels?: Record<string, string>;
}

/** How often an agent may be started, by its name. */
export interface AgentLimit {
  /** At once. */
  concurrency?: number;
  perMinute?: number;
}

/** What holds for the whole batch; frozen once it is made. */
export interface BatchOptions {
  name: string;
  /** Absolute path of the file it came from; null for none. */
  file: string | null;
  /** Of everything that was read for the plan, hex. */
  sha256: string;
  /** Items at once. */
  concurrency: number;
  /** Of the whole run. */
  budget: Budget | null;
  /** Of this user, over all batches, for a calendar day as the user's clock has it. */
  dayBudget: Budget | null;
  limits: Record<string, AgentLimit>;
  kind: 'batch' | 'bench';
}

/** Everything that is to be done, whole and in order, before anything starts. */
export interface BatchPlan {
  /** What the user called it; null: one is made. */
  id: string | null;
  options: BatchOptions;
  items: PlannedItem[];
}
