import { z } from 'zod';
import { skippedPaths } from '../../events/shapes.ts';
import {
  agent,
  comparison,
  costUsd,
  count,
  fileChange,
  objectId,
  open,
  repositoryChange,
  sessionId,
  state,
  time,
  usage,
  verdict,
} from './shapes.ts';

const listItem = {
  id: sessionId,
  name: z.string(),
  state,
  branch: z.string(),
  worktree: z.string().describe('absolute path'),
  iterations: count,
  createdAt: time,
  lastActivityAt: time,
  costUsd,
  tests: verdict,
  agent: z.string(),
};

const run = {
  iteration: z.int().min(1),
  commit: objectId.optional().describe('absent when nothing changed'),
  files: count,
  insertions: count,
  deletions: count,
  durationMs: z.number().min(0).nullable(),
  agent,
  usage,
  skipped: skippedPaths.optional().describe('what its commit could not take in; absent: nothing'),
};

const created = {
  id: sessionId,
  name: z.string(),
  branch: z.string(),
  worktree: z.string().describe('absolute path'),
  base: z.string().nullable().describe('what the user named or stood on; null in an empty repository'),
  baseCommit: objectId,
};

const how = z
  .enum(['merged', 'rebased', 'squash-merged', 'same-content'])
  .describe(
    'merged: that branch contains the commits; rebased: each has a twin there that makes the same change; squash-merged: one commit there makes the change of all; same-content: merging would change nothing',
  );

const line = open({
  writer: z.string().describe('the clone that went on with it last; its name'),
  host: z.string().nullable().describe('name of its machine; null: it never said'),
  here: z.boolean().describe('this clone stands on it'),
  commit: objectId,
  fork: objectId.describe('the last commit that all lines share'),
  iterations: z.array(
    open({
      iteration: z.int().min(1),
      label: z.string().describe('its name, such as 3@k7x2'),
      commit: objectId.optional(),
    }),
  ),
  manualCommits: z.array(open({ commit: objectId, subject: z.string() })),
  lastActivityAt: time,
});

const putAway = open({
  session: sessionId,
  name: z.string(),
  worktree: z.string().nullable().describe('the worktree that went, or would go; null when there was none'),
  branch: z.string().nullable().describe('the branch that went, or would go; null when it stays'),
  commit: objectId.nullable(),
  unmergedCommits: count.describe('that no other branch contains, neither as they are nor by content'),
  landed: open({ how, into: z.string().describe('branch or tag') })
    .nullable()
    .describe('where the work is already; null: nowhere else'),
  dryRun: z.boolean(),
});

/** What the commands about sessions print with `--json`, by command id. */
export const sessionAnswers = {
  new: open(created),
  iterate: open({
    session: sessionId,
    ...run,
    tests: open({ exitCode: z.int().nullable(), durationMs: z.number().min(0), verdict: comparison }).optional(),
  }),
  list: open({
    items: z.array(
      open({
        ...listItem,
        removed: z.boolean().optional().describe('only with --removed: worktree and branch are gone'),
      }),
    ),
  }),
  status: open({
    ...listItem,
    agentCommand: z.string().nullable().describe('the line or script that the agent runs; null when it has none'),
    usage,
    conflict: open({
      onto: open({ name: z.string(), commit: objectId }),
      commit: objectId.describe('the one that does not fit'),
      files: z.array(open({ path: z.string(), kind: z.string() })),
      remaining: count.describe('commits that come after it'),
      next: z.string().describe('what to do'),
    })
      .optional()
      .describe('a rebase that waits for somebody to decide'),
    repositoryChanges: z
      .array(repositoryChange)
      .optional()
      .describe('what changed beside the worktree while the agent ran, and stands: nobody has looked at it'),
    lines: z
      .array(line)
      .optional()
      .describe('only when diverged: ways that the session went on, apart from each other'),
    next: z.string().optional().describe('only when diverged: what to do'),
    history: z.array(open(run)).describe('when diverged, what all lines share'),
  }),
  diff: open({ session: sessionId, files: z.array(fileChange) }),
  timeline: open({ session: sessionId, items: z.array(open({})).describe('events, as in event.schema.json') }),
  logs: open({
    session: sessionId,
    items: z.array(open({ at: time })).describe('events, or with --raw transcript lines'),
  }),
  stop: open({ session: sessionId, pid: z.int(), ended: z.boolean().describe('false: still alive after the wait') }),
  rename: open({ session: sessionId, name: z.string() }),
  resume: open({
    session: sessionId,
    name: z.string(),
    branch: z.string(),
    worktree: z.string().describe('absolute path'),
    commit: objectId.describe('where the branch stands, or would stand'),
    state: z.enum(['there', 'resumed']).describe('there: nothing was to be done'),
    branchWas: z
      .enum(['missing', 'there', 'behind', 'ahead', 'apart'])
      .describe('missing: it was made; behind: it was brought up; ahead: it has commits of a person on top'),
    thread: open({ agent: z.string(), id: z.string().nullable() }).describe('what the agent goes on with'),
    untrusted: z.array(z.string()).describe('commands of another clone that nobody has confirmed here'),
    dryRun: z.boolean(),
  }),
  archive: putAway,
  rm: putAway,
  prune: open({
    items: z.array(
      open({
        session: sessionId,
        name: z.string(),
        reason: z
          .enum([...how.options, 'empty', 'gone'])
          .describe('as `how` of rm; empty: its iterations changed nothing; gone: somebody removed its branch'),
        into: z.string().nullable().describe('the branch or tag that has the work'),
        worktree: z.string().nullable(),
        branch: z.string().nullable(),
        bytes: count.describe('what the worktree takes on disk'),
      }),
    ),
    kept: z.array(open({ session: sessionId, name: z.string(), why: z.string() })),
    dryRun: z.boolean(),
  }),
  path: open({ session: sessionId, worktree: z.string().describe('absolute path') }),
  open: open({ session: sessionId, worktree: z.string().describe('absolute path') }),
  demo: open({
    repository: z.string().describe('absolute path of what the demo leaves'),
    session: sessionId,
    branch: z.string(),
    worktree: z.string(),
    iterations: z.array(open({ iteration: z.int().min(1), commit: objectId.nullable(), tests: verdict })),
    merged: open({ target: z.string(), commit: objectId, squashed: count }).nullable(),
  }),
};
