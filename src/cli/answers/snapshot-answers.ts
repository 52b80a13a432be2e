import { z } from 'zod';
import { count, objectId, open, sessionId, time } from './shapes.ts';

const snapshot = open({
  number: z.int().min(1),
  commit: objectId,
  head: z.string().describe('commit that the worktree stood on'),
  reason: z.string().describe('`iteration`: taken at its end; anything else: taken before that'),
  at: time,
  changes: count.describe('paths that were not as the commit had them'),
  bytes: count,
  skipped: z.array(open({ path: z.string(), why: z.string() })).describe('what it could not hold'),
});

/** What `restore` prints with `--json`: what it brought back, or with `--list` what there is. */
export const snapshotAnswers = {
  restore: open({
    session: sessionId,
    name: z.string(),
    snapshots: z.array(snapshot).optional().describe('with --list, newest first'),
    snapshot: snapshot.optional(),
    worktree: z.string().optional(),
    written: z.array(z.string()).optional(),
    removed: z.array(z.string()).optional(),
    same: count.optional().describe('files that were so already'),
    nested: z.array(z.string()).optional().describe('repositories inside, which no snapshot holds'),
    branchMoved: z.boolean().optional().describe('the branch has gone on since'),
    kept: z.int().nullable().optional().describe('number of the snapshot of what was there before'),
    recreated: z.boolean().optional().describe('the worktree was gone and was made again'),
    dryRun: z.boolean().optional(),
  }),
};
