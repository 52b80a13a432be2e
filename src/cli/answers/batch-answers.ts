import { z } from 'zod';
import { costUsd, count, objectId, open, sessionId, time } from './shapes.ts';

const budget = open({
  usd: z.number().optional().describe('US dollars'),
  tokens: count.optional().describe('input, output and cache writes'),
  wallClockSec: count.optional(),
}).nullable();

const plannedItem = open({
  item: z.string().describe('number of the item, in the order of the file'),
  name: z.string(),
  repo: z.string().describe('absolute path of the repository'),
  prompt: z.string(),
  base: z.string().nullable().describe("null: what the repository's settings say, else where it stands"),
  agent: open({ name: z.string(), mode: z.string().nullable(), command: z.string().optional() }),
  test: z.string().nullable(),
  setup: z.string().nullable(),
  timeoutSec: count.nullable().describe("null: what the repository's settings say"),
  untilPass: z.boolean(),
  maxIterations: count,
  retries: count,
  retryOn: z.array(z.string()),
  mergeOnPass: z.boolean(),
  budget,
});

const state = z
  .enum(['queued', 'running', 'passed', 'failed', 'error', 'timeout', 'budget', 'cancelled'])
  .describe('failed: its tests failed; error: of the agent or ours, the cause says which');

const counts = open({
  queued: count,
  running: count,
  passed: count,
  failed: count,
  error: count,
  timeout: count,
  budget: count,
  cancelled: count,
}).describe('items by state');

const reason = open({ code: z.string(), message: z.string() });

const itemStatus = open({
  item: z.string(),
  session: sessionId.nullable().describe('of the newest attempt; null: it was never begun'),
  sessions: z.array(sessionId).describe('of all attempts, oldest first'),
  repo: z.string().describe('absolute path of the repository'),
  name: z.string(),
  state,
  cause: reason.nullable().describe('why it ended so; null where the state says it all'),
  agent: z.string(),
  mode: z.string().nullable(),
  attempts: count,
  durationMs: z.number().min(0).nullable().describe('of the newest attempt'),
  costUsd: costUsd.describe('US dollars of all attempts; null: unknown'),
  tokens: count.describe('input, output and cache writes of all attempts'),
  commit: objectId.nullable(),
  tests: z.enum(['none', 'passed', 'failed']),
  merged: open({ commit: objectId }).nullable(),
  mergeRefused: reason.nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  elsewhere: open({ writer: z.string(), host: z.string().nullable() })
    .nullable()
    .describe('the other clone that has begun it and not ended'),
  prompt: z.string(),
});

const standing = z
  .enum(['new', 'running', 'stopped', 'finished'])
  .describe('running: a process of this machine works on it; stopped: begun, not finished, and none does');

const kind = z.enum(['batch', 'bench']);

const status = {
  id: z.string(),
  name: z.string(),
  kind,
  state: standing,
  counts,
  items: z.array(itemStatus),
  spent: open({ usd: costUsd, tokens: count, isLowerBound: z.boolean() }),
  budget,
  dayBudget: budget,
  concurrency: count,
  file: z.string().nullable(),
  etaMs: z.number().min(0).nullable().describe('milliseconds until the rest is done; null: nothing to tell it by'),
  createdAt: time,
  lastActivityAt: time,
  finishedAt: time.nullable(),
  workers: z.array(open({ pid: z.int(), host: z.string() })).describe('processes of this machine that work on it'),
  pauses: z.array(open({ agent: z.string(), until: time, reason: z.string() })),
};

const run = open({
  ...status,
  outcome: z
    .enum(['finished', 'drained', 'stopped', 'budget'])
    .describe('drained: what ran was let finish; stopped: it was ended too; budget: a budget is used up'),
});

/** What the commands about batches print with `--json`, by command id. */
export const batchAnswers = {
  'batch:start': open({
    id: z.string().nullable().describe('of the batch; null with --dry-run, where the file gives none'),
    name: z.string(),
    dryRun: z.boolean().optional(),
    options: open({
      file: z.string().nullable(),
      sha256: z.string().describe('of everything that was read for the plan'),
      concurrency: count,
      budget,
      dayBudget: budget,
      limits: z.record(z.string(), open({ concurrency: count.optional(), perMinute: z.number().optional() })),
    })
      .optional()
      .describe('with --dry-run'),
    items: z.array(z.union([plannedItem, itemStatus])).describe('with --dry-run as planned, else as of batch status'),
    programs: z
      .array(open({ what: z.string(), line: z.string(), items: count }))
      .optional()
      .describe('with --dry-run: what the file wants to run, or reaches outside its folder'),
    counts: counts.optional().describe('this and all else of batch status, unless --dry-run'),
    outcome: run.shape.outcome.optional(),
  }),
  'batch:status': open(status),
  'batch:list': open({
    items: z.array(
      open({
        id: z.string(),
        name: z.string(),
        kind,
        state: standing,
        counts,
        createdAt: time,
        lastActivityAt: time,
        finishedAt: time.nullable(),
        costUsd,
      }),
    ),
  }),
  'batch:resume': run,
  'batch:retry': run,
  worker: run,
  'batch:report': open({
    id: z.string(),
    format: z.enum(['markdown', 'html']),
    output: z.string().nullable().describe('the file; null: the report is in `text`'),
    text: z.string().optional().describe('only where no file was asked for'),
    bytes: count.describe('of the report, in UTF-8'),
    counts,
  }),
  'batch:export': open({
    id: z.string(),
    format: z.enum(['ndjson', 'csv', 'parquet', 'json']),
    out: z.string().describe('the folder'),
    files: z.array(open({ path: z.string(), table: z.string(), rows: count, bytes: count })),
    held: z.array(open({ session: sessionId })).describe('left out, because of what looks like a secret in it'),
  }),
  'batch:stop': open({
    id: z.string(),
    workers: z.array(open({ pid: z.int(), host: z.string(), ended: z.boolean().describe('false: still at it') })),
    cancelled: z.array(z.string()).describe('items that were given up'),
  }),
};
