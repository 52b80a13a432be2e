import { z } from 'zod';
import { count, open } from './shapes.ts';

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
    items: z.array(plannedItem).optional().describe('with --dry-run'),
    programs: z
      .array(open({ what: z.string(), line: z.string(), items: count }))
      .optional()
      .describe('with --dry-run: what the file wants to run, or reaches outside its folder'),
  }),
};
