import { z } from 'zod';
import { count, open, time } from './shapes.ts';

const refused = z.array(open({ ref: z.string(), reason: z.string().describe("in the other side's words") }));

const held = z.array(
  open({
    ref: z.string(),
    reason: z.string(),
    secrets: z.array(
      open({
        where: z.string().describe('log, note, or file and commit'),
        seq: z.int().nullable().describe('number of the event'),
        kind: z.string().describe('the rule that found it'),
      }),
    ),
  }),
);

const standing = open({
  remote: z.string(),
  error: z.string().optional().describe('why it cannot be looked at; then the rest is missing'),
  ahead: open({ refs: count, logs: count, events: count.nullable() }).optional(),
  behind: open({ refs: count, logs: count }).optional(),
  notes: z.enum(['none', 'same', 'ahead', 'behind', 'different']).optional(),
  refused: refused.optional().describe('neither side goes on from the other'),
  last: open({ at: time, refused, held: refused })
    .optional()
    .describe('what the last exchange left where it was, and is there still'),
});

/** What `sync` prints with `--json`: of an exchange, or with `--status` how the remotes stand. */
export const syncAnswers = {
  sync: open({
    remote: z.string().optional(),
    dryRun: z.boolean().optional(),
    pushed: z.array(z.string()).optional().describe('refs that the remote has got'),
    fetched: z.array(z.string()).optional().describe('refs that have come from there'),
    forgotten: z.array(z.string()).optional().describe('sessions that somebody forgot, gone here now'),
    deleted: z.array(z.string()).optional().describe('refs of such sessions that the remote has no more'),
    logs: open({ pushed: count, fetched: count }).optional().describe('sessions and batches among them'),
    notes: open({ pushed: z.boolean(), fetched: z.boolean() }).optional(),
    refused: refused.optional(),
    held: held.optional().describe('not pushed, because of what stands in them'),
    remotes: z.array(standing).optional().describe('with --status'),
    queued: open({
      since: time,
      attempts: count.describe('tries in vain, in a row'),
      next: time.nullable().describe('the next command after this time tries again'),
      reason: z.string().nullable(),
    })
      .nullable()
      .optional()
      .describe('with --status: what waits for an automatic sync'),
  }),
};
