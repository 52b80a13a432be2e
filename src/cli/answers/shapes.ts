import { z } from 'zod';

/** Shapes that several answers share. Objects are open: a later version may say more, never less. */
export const open = z.looseObject;

export const time = z.string().describe('ISO-8601 UTC');
export const objectId = z.string().describe('git object id');
export const count = z.int().min(0);
export const costUsd = z.number().min(0).nullable().describe('US dollars; null: unknown');
export const sessionId = z.string().describe('id of the session');
export const state = z.enum(['new', 'running', 'idle', 'conflicted', 'diverged', 'merged', 'archived']);
export const verdict = z.enum(['none', 'passed', 'failed']);

/** A verdict beside the base's: what failed there too is not news. */
export const comparison = z.enum(['none', 'passed', 'newly-failing', 'was-failing-before', 'failing-base-unknown']);

export const usage = open({
  tokensInput: count.describe('without cache reads and writes'),
  tokensOutput: count,
  tokensCacheRead: count,
  tokensCacheWrite: count,
  costUsd,
  costSource: z.enum(['reported', 'computed', 'billed', 'unknown']),
});

export const agent = open({
  name: z.string(),
  threadId: z.string().nullable(),
  mode: z.string().nullable().describe("Amp's mode, or another agent's model; null: the agent's default"),
});

export const fileChange = open({
  path: z.string(),
  previousPath: z.string().optional(),
  status: z.enum(['added', 'modified', 'deleted', 'renamed', 'copied', 'typechanged']),
  insertions: count.nullable().describe('null for a binary file'),
  deletions: count.nullable(),
});

export const repositoryChange = open({
  item: z.string().describe('a file, from the top of the repository, or a ref'),
  kind: z.enum(['config', 'include', 'hook', 'attributes', 'exclude', 'objects', 'link', 'replace', 'log', 'branch']),
  iteration: count.describe('while which it changed'),
  from: z.string().nullable().describe('hash or object id before; null: it was not there'),
  now: z.string().nullable(),
});

export const checks = open({
  ok: z.boolean(),
  checks: z.array(
    open({
      name: z.string(),
      status: z.enum(['ok', 'warning', 'failed', 'skipped']),
      detail: z.string(),
      hint: z.string().nullable().optional().describe('how to mend it'),
    }),
  ),
});
