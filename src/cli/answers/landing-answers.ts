import { z } from 'zod';
import { gate } from './preflight-answers.ts';
import { count, objectId, open, sessionId } from './shapes.ts';

const landed = {
  session: sessionId,
  name: z.string(),
  commit: objectId.describe("tip of the session's branch afterwards, or what it would be"),
  dryRun: z.boolean(),
};

/** What the commands about landing print with `--json`, by command id. */
export const landingAnswers = {
  squash: open({
    ...landed,
    branch: z.string(),
    previous: objectId.describe('tip of the branch before'),
    squashed: objectId.describe('the commit that stands for all iterations'),
    mergeBase: objectId,
    subject: z.string(),
    manual: z.enum(['keep', 'include']),
    replaced: z.array(objectId),
    kept: z.array(objectId).describe("the user's own commits, as they are now"),
  }),
  rebase: open({
    session: sessionId,
    name: z.string(),
    branch: z.string(),
    state: z.enum(['rebased', 'up-to-date', 'conflicted', 'aborted']),
    commit: objectId.describe("tip of the session's branch now"),
    previous: objectId.describe('tip of the branch before'),
    onto: open({ name: z.string(), commit: objectId }),
    rewritten: count.describe('commits that were made anew'),
    joined: z.literal(true).optional().describe('lines of clones that went on apart are one now'),
    dropped: z.array(objectId).describe('commits that were left out'),
    kept: objectId.optional().describe('commit of what the worktree showed before it was changed back'),
    iterations: z.array(z.int().min(1)).optional().describe('in which the agent tried to resolve a conflict'),
  }),
  rewind: open({ ...landed, branch: z.string(), iteration: count, previous: objectId }),
  undo: open({
    ...landed,
    undone: z.enum(['squash', 'rebase', 'merge', 'rewind']),
    operation: z.int().min(1),
    branches: z.array(
      open({
        branch: z.string(),
        from: objectId,
        to: objectId,
        worktree: z.string().nullable().describe('checkout that went along, `.` for the main one'),
      }),
    ),
  }),
  merge: open({
    ...landed,
    commit: objectId.nullable().describe('tip of the target afterwards; null when nothing was merged'),
    branch: z.string(),
    target: z.string(),
    previous: objectId.describe('tip of the target before'),
    mode: z.enum(['fast-forward', 'merge-commit']).optional().describe('absent with --pr'),
    squashed: count.describe('commits that became one'),
    rebased: z.boolean().optional().describe('absent with --pr'),
    checkout: z.string().nullable().optional().describe('absolute path of the checkout that was updated'),
    pullRequest: open({
      url: z.string(),
      opened: z.boolean().describe('false: the address of the form, for the user to open it'),
      existing: z.boolean(),
      host: z.enum(['github', 'gitlab', 'other']),
      remote: z.string(),
      title: z.string(),
    })
      .optional()
      .describe('with --pr'),
    gates: z.array(gate),
  }),
};
