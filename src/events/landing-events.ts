import { z } from 'zod';
import { event } from './define.ts';
import { count, leftovers, milliseconds, moment, objectId } from './shapes.ts';

/** One ref on its way, and the checkout that has to show the same. What is needed to take it back is in it. */
const move = z.object({
  ref: z.string().describe('full name'),
  from: objectId,
  to: objectId,
  worktree: z
    .string()
    .nullable()
    .describe('checkout that is brought along, relative to the repository root or absolute; null: none has it'),
  shows: objectId.nullable().describe('commit whose files that checkout shows before the move'),
});

const moves = z.array(move).describe('in the order in which they are made');
const rewritten = z
  .array(z.object({ from: objectId, to: objectId }))
  .describe('commits that were made anew, and what they became, oldest first');
const dropped = z
  .array(objectId)
  .describe('commits that were left out: the target has their change already, or somebody decided so');
const joins = z
  .array(moment)
  .optional()
  .describe('ends of the lines of other clones that this one takes in; absent: none');
const operation = z.int().min(1).describe('number of the operation within the session, from 1');
const target = z.object({ name: z.string().describe('as the user named it'), commit: objectId });
const done = {
  operation,
  commit: objectId.describe("tip of the session's branch afterwards"),
  durationMs: milliseconds,
  recovered: z.boolean().describe('a later command finished it, because the first one died'),
};
const verb = z.enum(['squash', 'rebase', 'merge', 'rewind', 'undo']);

/** How a squash divides the commits of a branch. */
export const squashPlan = z.object({
  mergeBase: objectId,
  commit: objectId.describe('the one that stands for all iterations'),
  replaced: z.array(objectId).describe('commits that it stands for, oldest first'),
  manual: z.enum(['keep', 'include']),
});

/** What can happen to a session's work on its way to a branch of the user, and back. */
export const landingEvents = [
  event(
    'squash.started',
    1,
    'All commits of the iterations are about to become one; the new commits exist.',
    z.object({ operation, moves, ...squashPlan.shape, rewritten, subject: z.string() }),
  ),
  event('squash.finished', 1, "The session's branch is squashed.", z.object(done)),
  event(
    'rebase.started',
    1,
    "The session's branch is about to move onto another commit; the new commits exist.",
    z.object({ operation, moves, onto: target, mergeBase: objectId.nullable(), rewritten, dropped, joins }),
  ),
  event('rebase.finished', 1, "The session's branch stands on its new base.", z.object(done)),
  event(
    'rebase.conflicted',
    1,
    'A commit could not be put onto the new base: a person or the agent has to decide. The branch has not moved.',
    z.object({
      onto: target,
      mergeBase: objectId.nullable(),
      from: objectId.describe('tip of the branch before'),
      shows: objectId.describe('commit whose files the worktree shows before the conflict is laid out'),
      rewritten,
      dropped,
      joins,
      commit: objectId.describe('the one in conflict'),
      parent: objectId.describe('what it is being put upon'),
      tree: objectId.describe('the merged files, with conflict markers'),
      remaining: z.array(objectId).describe('commits that come after it'),
      conflicts: z.array(
        z.object({
          path: z.string(),
          kind: z.string().describe('content, add/add, modify/delete, rename/delete, binary, …'),
          message: z.string(),
          stages: z.array(z.object({ stage: z.int().min(1).max(3), mode: z.string(), object: objectId })),
        }),
      ),
    }),
  ),
  event(
    'conflict.shown',
    1,
    'The worktree shows the conflict.',
    z.object({
      parent: objectId,
      commit: objectId,
      leftovers: leftovers
        .optional()
        .describe('files that lay about in the worktree before anybody decided, and are no part of it'),
    }),
  ),
  event(
    'conflict.resolved',
    1,
    'Somebody decided: the commit in conflict has become another one, or is left out.',
    z.object({
      commit: objectId,
      as: objectId.nullable().describe('null: left out'),
      by: z.enum(['person', 'agent', 'skip']),
      iteration: z.int().min(1).optional().describe('the iteration in which the agent decided'),
      kept: objectId.optional().describe('commit of what the worktree showed when the commit was left out'),
    }),
  ),
  event(
    'rebase-abort.started',
    1,
    'The rebase is about to be given up; what the worktree showed is kept.',
    z.object({
      commit: objectId.describe('tip of the branch, to which the worktree goes back'),
      kept: objectId.nullable().describe('commit of what the worktree showed; null: nothing of a person'),
    }),
  ),
  event(
    'rebase.aborted',
    1,
    'The rebase was given up; branch and worktree are as before.',
    z.object({ commit: objectId, reason: z.enum(['user', 'crash']) }),
  ),
  event(
    'merge.started',
    1,
    "The session's work is about to become part of a branch; everything was checked, and the new commits exist.",
    z.object({
      operation,
      moves,
      target: z.string().describe('full name of the branch'),
      targetCommit: objectId.describe('its tip before'),
      mode: z.enum(['fast-forward', 'merge-commit']),
      commit: objectId.describe('tip of the target afterwards'),
      squash: squashPlan.nullable(),
      rewritten,
      dropped,
      gates: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
      skipped: z.array(z.string()).describe('gates that the user passed over'),
    }),
  ),
  event(
    'merge.finished',
    1,
    "The session's work is part of the branch.",
    z.object({ ...done, target: z.string(), mergeCommit: objectId.describe('tip of the target afterwards') }),
  ),
  event(
    'rewind.started',
    1,
    "The session's branch is about to go back to an iteration.",
    z.object({ operation, moves, iteration: count.describe('0: to where the session began'), baseCommit: objectId }),
  ),
  event('rewind.finished', 1, "The session's branch is back at an iteration.", z.object(done)),
  event(
    'undo.started',
    1,
    'An operation is about to be taken back.',
    z.object({ operation, moves, undoes: operation, verb }),
  ),
  event('undo.finished', 1, 'An operation is taken back.', z.object({ ...done, undoes: operation, verb })),
  event(
    'operation.abandoned',
    1,
    'An operation that had started was rolled back: everything is as it was before.',
    z.object({ operation, verb, reason: z.string() }),
  ),
  event(
    'branch.pushed',
    1,
    "The session's branch was pushed to a remote.",
    z.object({ remote: z.string(), branch: z.string(), commit: objectId }),
  ),
  event(
    'pull-request.opened',
    1,
    'A pull request was opened, or its address was given to the user to open it.',
    z.object({
      url: z.string(),
      opened: z.boolean().describe('false: the user was given the address of the form'),
      host: z.enum(['github', 'gitlab', 'other']),
      remote: z.string(),
      branch: z.string(),
      base: z.string(),
      title: z.string(),
      commit: objectId,
    }),
  ),
] as const;

export type LandingEventType = (typeof landingEvents)[number]['type'];
