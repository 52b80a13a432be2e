import { z } from 'zod';
import { event } from './define.ts';
import { agentChoice, count, longText, milliseconds, objectId } from './shapes.ts';

const budget = z.object({
  usd: z.number().min(0).optional(),
  tokens: count.optional().describe('input, output and cache writes; cache reads are not counted'),
  wallClockSec: z.number().min(0).optional(),
});

const item = z.string().describe('number of the item in the batch, such as 007');
const attempt = count.describe('from 1, over all attempts of the item; 0: it was never begun');
const session = z.string().describe('id of the session');
const cause = z
  .object({ code: z.string(), message: z.string() })
  .nullable()
  .describe('why it ended so; null where the state says it all');
const usage = z.object({
  tokensInput: count,
  tokensOutput: count,
  tokensCacheRead: count,
  tokensCacheWrite: count,
});
const finalState = z.enum(['passed', 'failed', 'error', 'timeout', 'budget', 'cancelled']);
const tests = z.object({ passed: count, total: count });

/** What can have happened to a batch: a log of its own, beside those of its sessions. */
export const batchEvents = [
  event(
    'batch.created',
    1,
    'A batch was asked for: how it is to be run is frozen from here on.',
    z.object({
      id: z.string(),
      options: z.object({
        name: z.string(),
        file: z.string().nullable().describe('absolute path of the file it came from'),
        sha256: z.string().describe('of everything that was read for the plan'),
        concurrency: z.int().min(1),
        budget: budget.nullable().describe('of the whole run'),
        dayBudget: budget.nullable().describe('of this user and this day, over all batches'),
        limits: z
          .record(z.string(), z.object({ concurrency: z.int().min(1).optional(), perMinute: z.number().optional() }))
          .describe('by name of the agent'),
        kind: z.enum(['batch', 'bench']),
      }),
    }),
  ),
  event(
    'batch-item.planned',
    1,
    'One prompt for one agent in one repository is part of the batch.',
    z.object({
      item,
      name: z.string(),
      repo: z.string().describe("absolute path of the repository's root, on the machine that wrote this"),
      prompt: longText,
      base: z.string().nullable(),
      agent: agentChoice,
      test: z.string().nullable(),
      setup: z.string().nullable(),
      timeoutSec: z.number().nullable(),
      untilPass: z.boolean(),
      maxIterations: z.int().min(1),
      retries: count,
      retryOn: z.array(z.enum(['error', 'timeout', 'failed'])),
      mergeOnPass: z.boolean(),
      budget: budget.nullable(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  ),
  event(
    'batch.started',
    1,
    'A process began to work on the batch.',
    z.object({
      reason: z.enum(['start', 'resume', 'retry', 'worker']),
      host: z.string(),
      pid: z.int(),
      shard: z.object({ index: z.int().min(1), of: z.int().min(1) }).optional(),
      isolation: z.string().describe('how the agents are held together'),
    }),
  ),
  event(
    'batch-attempt.started',
    1,
    'An item is about to be tried, in a session of its own that does not exist yet.',
    z.object({ item, attempt, session, repository: z.string().describe('absolute path, on this machine') }),
  ),
  event(
    'batch-attempt.finished',
    1,
    'A try of an item came to its end.',
    z.object({
      item,
      attempt,
      session,
      state: finalState,
      cause,
      retryable: z.boolean().describe('another try may come to another end'),
      usage,
      costUsd: z.number().min(0).nullable(),
      durationMs: milliseconds,
      commit: objectId.nullable().describe('the last one of the session; null where it made none'),
      verdict: z.enum(['none', 'passed', 'failed']).describe('what the test command showed'),
    }),
  ),
  event(
    'batch-item.finished',
    1,
    'An item has its result; it stays so unless somebody queues it again.',
    z.object({ item, attempt, state: finalState, cause }),
  ),
  event(
    'batch-item.requeued',
    1,
    'An item that had its result is to be done again.',
    z.object({ item, reason: z.enum(['retry']) }),
  ),
  event(
    'batch-item.merged',
    1,
    'The work of an item that passed was merged.',
    z.object({ item, session, commit: objectId }),
  ),
  event(
    'batch-merge.refused',
    1,
    'The work of an item that passed could not be merged; it still passed.',
    z.object({ item, session, code: z.string(), message: z.string() }),
  ),
  event(
    'batch-agent.paused',
    1,
    'An agent is not started for a while, because its provider turned it away.',
    z.object({ agent: z.string(), reason: z.string().describe('code of the error'), until: z.string() }),
  ),
  event(
    'batch-case.answered',
    1,
    'What an attempt made of a case of a benchmark, as a patch: other machines have no other copy of it.',
    z.object({
      item,
      attempt,
      session,
      patch: longText.nullable().describe('null: it is too large to be kept'),
      sha256: z
        .string()
        .describe('of the patch as it was made; not that of what stands here where a secret was taken out'),
      bytes: count.describe('of the patch as it was made'),
    }),
  ),
  event(
    'batch-case.graded',
    1,
    'What an attempt made of a case of a benchmark was judged by tests that the agent had not seen.',
    z.object({
      item,
      attempt,
      session,
      resolved: z.boolean().nullable().describe('null: it could not be judged, for a reason that is not the agent’s'),
      failToPass: tests.describe('tests that had to begin to pass'),
      passToPass: tests.describe('tests that had to go on passing'),
      reason: z.string().nullable(),
      patchSha256: z.string().nullable(),
      patchBytes: count,
      log: longText.optional().describe('what the tests printed'),
    }),
  ),
  event(
    'batch.stopped',
    1,
    'A process stopped working on the batch before every item had its result.',
    z.object({
      how: z
        .enum(['drained', 'now', 'budget'])
        .describe('what ran was let finish, or ended too; or a budget was used up'),
    }),
  ),
  event(
    'batch.finished',
    1,
    'Every item has its result.',
    z.object({ counts: z.record(z.string(), count).describe('items by state') }),
  ),
] as const;

export type BatchEventType = (typeof batchEvents)[number]['type'];
