import { z } from 'zod';
import { event } from './define.ts';
import {
  agentChoice,
  diffSize,
  ending,
  iteration,
  leftovers,
  longText,
  milliseconds,
  moment,
  objectId,
  person,
} from './shapes.ts';

/** What can have happened to a session as a whole: its birth, its names, its worktree, its end. */
export const sessionEvents = [
  event(
    'session.created',
    1,
    'A session was asked for: everything needed to build its branch and worktree is on record before either exists.',
    z.object({
      name: z.string(),
      prompt: longText.nullable(),
      base: z.string().nullable().describe('what the user named or stood on; null in an empty repository'),
      baseCommit: objectId,
      branch: z.string(),
      worktree: z
        .string()
        .describe('path relative to the repository root, with forward slashes, or absolute when elsewhere'),
      agent: agentChoice,
      test: z.string().nullable().describe('test command, run by the shell in the worktree'),
      setup: z.string().nullable().describe('set-up command, run once in a new worktree'),
      author: person.nullable().describe("the user's git identity"),
      batch: z
        .object({ id: z.string(), item: z.string(), attempt: z.int().min(1) })
        .optional()
        .describe('the batch that asked for it'),
    }),
  ),
  event('session.renamed', 1, 'The session got another name.', z.object({ name: z.string(), previous: z.string() })),
  event('prompt.replaced', 1, 'The session got another prompt.', z.object({ prompt: longText })),
  event('test-command.replaced', 1, 'The session got another test command.', z.object({ test: z.string().nullable() })),
  event('agent.replaced', 1, 'The session got another agent, mode or model.', z.object({ agent: agentChoice })),
  event(
    'worktree.added',
    1,
    "The session's worktree stands, with its files checked out.",
    z.object({
      path: z.string(),
      branch: z.string(),
      commit: objectId,
      copied: z.array(z.string()).describe('ignored files copied from the main checkout by .worktreeinclude'),
      durationMs: milliseconds,
      reason: z.enum(['new', 'repair', 'resume']),
    }),
  ),
  event(
    'setup.finished',
    1,
    'The set-up command ran in the worktree.',
    z.object({ command: z.string(), ...ending, outputTail: z.string(), leftovers }),
  ),
  event(
    'worktree-removal.started',
    1,
    'The worktree is about to be removed; what is needed to put it back is on record.',
    z.object({ path: z.string(), branch: z.string(), commit: objectId, reason: z.enum(['archive', 'rm', 'prune']) }),
  ),
  event('worktree.removed', 1, 'The worktree is gone.', z.object({ path: z.string() })),
  event(
    'branch-removal.started',
    1,
    'The branch is about to be removed.',
    z.object({ branch: z.string(), commit: objectId, unmergedCommits: z.int().min(0) }),
  ),
  event(
    'branch.removed',
    1,
    'The branch is gone; its commits stay reachable.',
    z.object({ branch: z.string(), commit: objectId }),
  ),
  event('session.archived', 1, 'The session was put away: log and branch stay, the worktree goes.', z.object({})),
  event('session.removed', 1, 'The session was removed: the log stays, worktree and branch go.', z.object({})),
  event(
    'manual-commit.found',
    1,
    "A commit that the agent did not make was found on the session's branch, or uncommitted edits were put into one.",
    z.object({
      commit: objectId,
      parents: z.array(objectId),
      author: person,
      subject: z.string(),
      authoredAt: z.string(),
      ...diffSize,
      origin: z.enum(['commit', 'uncommitted-edits']),
      beforeIteration: iteration,
    }),
  ),
  event(
    'manual-rewrite.found',
    1,
    "Somebody moved the session's branch by hand: it no longer contains its last recorded commit, or took in its base as it is.",
    z.object({ branch: z.string(), from: objectId, to: objectId }),
  ),
  event(
    'session.resumed',
    1,
    'A clone went on with the session from where it, or another clone, had left it: its branch stands there now.',
    z.object({
      from: moment.optional().describe('event of another clone after which this one goes on; absent: of its own'),
      host: z.string().describe('name of the machine'),
      branch: z.string(),
      commit: objectId.describe('where the branch stands'),
      previous: objectId.nullable().describe('where it stood before; null: it was not there'),
      newThread: z.boolean().optional().describe('the agent is to begin a new conversation'),
    }),
  ),
  event(
    'log.recovered',
    1,
    'What a dead process had left unfinished at the end of its write-ahead file was set aside.',
    z.object({ tornBytes: z.int().min(0), quarantine: z.string() }),
  ),
] as const;

export type SessionEventType = (typeof sessionEvents)[number]['type'];
