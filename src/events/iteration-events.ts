import { z } from 'zod';
import { event } from './define.ts';
import {
  costSource,
  count,
  diffSize,
  ending,
  iteration,
  leftovers,
  longText,
  milliseconds,
  objectId,
  skippedPaths,
} from './shapes.ts';

/** Something beside the worktree that decides what a git runs or believes. */
const guarded = {
  item: z.string().describe('a file, from the top of the repository, or a ref'),
  kind: z.enum(['config', 'include', 'hook', 'attributes', 'exclude', 'objects', 'link', 'replace', 'log', 'branch']),
  from: z.string().nullable().describe('hash of what it was, or object id; null: it was not there'),
  to: z.string().nullable(),
};

/** What can have happened between a prompt and its commit. */
export const iterationEvents = [
  event(
    'iteration.started',
    1,
    'An agent is about to be given a prompt.',
    z.object({
      iteration,
      prompt: longText,
      reason: z.enum(['prompt', 'continue', 'until-pass', 'conflict']),
      head: objectId.describe("the branch's commit before the agent runs"),
      agent: z.object({
        name: z.string(),
        mode: z.string().nullable(),
        version: z.string().nullable(),
        threadId: z.string().nullable().describe('the thread that is continued; null for a new one'),
      }),
      timeoutMs: milliseconds.nullable(),
      stopStrength: z.enum(['namespace', 'group']).describe('how surely a stop reaches every process of the agent'),
      sandbox: z
        .enum(['bwrap', 'docker', 'podman'])
        .optional()
        .describe('what kept the agent to its own part of the file system; absent: nothing did'),
      image: z
        .object({ name: z.string().describe('as the settings name it'), id: z.string() })
        .optional()
        .describe('of the container that the agent ran in'),
    }),
  ),
  event(
    'thread.started',
    1,
    'The agent named its own conversation.',
    z.object({ iteration, threadId: z.string(), mode: z.string().nullable(), model: z.string().nullable() }),
  ),
  event('agent-message.received', 1, 'The agent said something.', z.object({ iteration, text: longText })),
  event(
    'tool-call.started',
    1,
    'The agent called a tool.',
    z.object({
      iteration,
      toolCallId: z.string(),
      tool: z.string(),
      summary: z.string().describe('what it was called with, one short line'),
    }),
  ),
  event(
    'tool-call.finished',
    1,
    'A tool call came back.',
    z.object({
      iteration,
      toolCallId: z.string(),
      tool: z.string().nullable().describe('null: the call itself was never seen'),
      durationMs: milliseconds.nullable().describe('by our own clock'),
      isError: z.boolean().describe("the agent's own word"),
      exitCode: z.int().nullable().describe('of a shell command; null where there is none'),
    }),
  ),
  event(
    'usage.reported',
    1,
    'The agent reported tokens; counts of one session add up.',
    z.object({
      iteration,
      tokensInput: count.describe('without cache reads and writes'),
      tokensOutput: count,
      tokensCacheRead: count,
      tokensCacheWrite: count,
      model: z.string().nullable(),
    }),
  ),
  event(
    'cost.reported',
    1,
    'What the iteration cost became known.',
    z.object({ iteration, costUsd: z.number().min(0), costSource, threadCostUsd: z.number().min(0).nullable() }),
  ),
  event(
    'agent.finished',
    1,
    "The agent's process ended.",
    z.object({
      iteration,
      ...ending,
      result: z
        .object({ subtype: z.string(), isError: z.boolean(), turns: z.int().nullable() })
        .nullable()
        .describe("the agent's own last word"),
      failure: z.object({ code: z.string(), message: z.string() }).nullable(),
      stopped: z.enum(['no', 'user', 'timeout', 'silent']).describe('who ended it'),
      unknownLines: count.describe('lines of a shape we do not know; they are in the transcript'),
      unreadableLines: count.describe('lines that are not JSON; they are in the transcript'),
      survivors: count.describe('processes that were still alive and had to be killed'),
    }),
  ),
  event(
    'agent-commit.folded',
    1,
    "A commit that the agent made itself was folded into the iteration's commit; it stays reachable.",
    z.object({ iteration, commit: objectId, subject: z.string() }),
  ),
  event(
    'repository-change.found',
    1,
    'While the agent ran, something changed that can run code or that is not its own.',
    z.object({
      iteration,
      config: z.boolean().describe('.git/config or a worktree configuration'),
      hooks: z.array(z.string()),
      attributes: z.boolean().describe('.git/info/attributes'),
      refs: z.array(
        z.object({
          ref: z.string(),
          from: objectId.nullable(),
          to: objectId.nullable(),
          how: z.enum(['made', 'forward', 'rewritten', 'deleted']).optional().describe('of a branch'),
        }),
      ),
      items: z
        .array(
          z.object({
            ...guarded,
            blocks: z.boolean().describe('nothing lands before somebody has looked at it'),
            restored: z.boolean().optional().describe('it was ours, and was put back'),
            before: longText.optional().describe('what it said, where that is a short text'),
            after: longText.optional(),
          }),
        )
        .optional(),
      checkout: z
        .object({ head: z.object({ from: z.string(), to: z.string() }).optional(), index: z.boolean() })
        .optional()
        .describe('what became of the main checkout: where its HEAD leads, and whether its index holds something else'),
    }),
  ),
  event(
    'repository-change.trusted',
    1,
    'Somebody looked at what had changed in the repository while the agent ran, and takes it as it is.',
    z.object({ items: z.array(z.object(guarded)) }),
  ),
  event(
    'hook.finished',
    1,
    "One of the user's own hooks ran.",
    z.object({ iteration, hook: z.string(), ...ending, outputTail: z.string() }),
  ),
  event(
    'iteration.finished',
    1,
    'An iteration ended, with one commit or none.',
    z.object({
      iteration,
      outcome: z.enum(['completed', 'failed', 'interrupted', 'timed-out']),
      head: objectId.describe("the branch's commit before the agent ran"),
      commit: objectId.optional().describe('absent when nothing changed'),
      subject: z.string().optional(),
      ...diffSize,
      durationMs: milliseconds,
      agent: z.object({ name: z.string(), mode: z.string().nullable(), threadId: z.string().nullable() }),
      usage: z
        .object({
          tokensInput: count,
          tokensOutput: count,
          tokensCacheRead: count,
          tokensCacheWrite: count,
          costUsd: z.number().min(0).nullable(),
          costSource,
        })
        .describe('what `usage.reported` and `cost.reported` of this iteration add up to; not to be added to them'),
      transcript: z.object({ lines: count, bytes: count, sha256: z.string() }).nullable(),
      recovered: z.boolean().describe('the process that ran it died; another one ended it'),
      skipped: skippedPaths.optional().describe('what its commit could not take in, the first hundred'),
    }),
  ),
  event(
    'test-run.finished',
    1,
    'The test command ran.',
    z.object({
      target: z.enum(['base', 'iteration']),
      iteration: iteration.optional(),
      commit: objectId,
      command: z.string(),
      ...ending,
      outputTail: z.string(),
      outputBytes: count,
      leftovers,
    }),
  ),
  event(
    'test-run.interrupted',
    1,
    'The test command was told to end before it was through: no verdict, but files it may have left behind.',
    z.object({
      target: z.enum(['base', 'iteration']),
      iteration: iteration.optional(),
      commit: objectId,
      command: z.string(),
      durationMs: milliseconds,
      leftovers,
    }),
  ),
] as const;

export type IterationEventType = (typeof iterationEvents)[number]['type'];
