import { z } from 'zod';
import { count, objectId, open, sessionId } from './shapes.ts';

const item = open({
  session: sessionId,
  name: z.string(),
  refs: z.array(z.string()),
  files: z.array(z.string()).describe('relative to the common git directory'),
  notes: count.describe('commits of which the note loses lines'),
  bytes: count.describe('of its log in git, as it is packed, and of its files'),
  worktree: z.string().nullable().describe('that goes; null when there is none, or it stays'),
  branch: z.string().nullable().describe('that goes; null when there is none, or it stays'),
  commit: objectId.nullable().describe('what that branch named'),
  unmergedCommits: count.describe('that go for good'),
  uncommitted: z.array(z.string()).describe('files that go for good'),
  landed: open({ how: z.string(), into: z.string() }).nullable().describe('where the work is already'),
});

/** What `forget` prints with `--json`. */
export const forgetAnswers = {
  forget: open({
    dryRun: z.boolean(),
    items: z.array(item).describe('what goes, by session'),
    forgotten: z.array(sessionId).describe('empty where nothing was done'),
  }),
};
