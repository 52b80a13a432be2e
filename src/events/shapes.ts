import { z } from 'zod';

/** Shapes that several events share. Units last in a name; absent means not applicable, null means unknown. */
export const objectId = z
  .string()
  .regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)
  .describe('git object id');
export const count = z.int().min(0);
export const milliseconds = z.number().min(0);
export const iteration = z.int().min(1).describe('number of the iteration, from 1');
export const moment = z.object({ writer: z.string(), seq: z.int().min(1) });
export const person = z.object({ name: z.string(), email: z.string() });

/** Paths of a worktree that git could not take in. */
export const skippedPaths = z.array(
  z.object({ path: z.string(), why: z.enum(['large', 'special', 'unreadable', 'nested', 'many']) }),
);

export const diffSize = {
  files: count.describe('files that differ'),
  insertions: count.describe('lines added'),
  deletions: count.describe('lines taken away'),
};

/** How a child process ended. `exitCode` is null when a signal ended it. */
export const ending = {
  exitCode: z.int().nullable(),
  signal: z.string().nullable().describe('name of the signal that ended it, such as SIGTERM'),
  timedOut: z.boolean(),
  durationMs: milliseconds,
};

export const agentChoice = z.object({
  name: z.string().describe('amp, command, scripted, …'),
  mode: z.string().nullable().describe("Amp's mode, or another agent's model, as asked for; null: the agent's default"),
  command: z.string().optional().describe('program of the agent `command`, or script file of the agent `scripted`'),
});

export const costSource = z.enum(['reported', 'computed', 'billed', 'unknown']);

export const leftovers = z
  .array(z.object({ path: z.string(), object: objectId.nullable() }))
  .describe(
    'files a set-up or test run left behind: nobody’s work, kept out of the next commit; a null object is a deletion',
  );

/** A text that may be long: over 64 KiB it is a blob of its own, and this says where. */
export const longText = z.union([
  z.string(),
  z.object({
    payload: z.object({ sha256: z.string(), bytes: count, parts: z.array(z.string()) }),
    preview: z.string().optional(),
  }),
]);
