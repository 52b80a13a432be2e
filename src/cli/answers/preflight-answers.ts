import { z } from 'zod';
import { count, objectId, open, sessionId } from './shapes.ts';

const place = { path: z.string(), line: z.int().min(0).optional() };

/** One thing that was looked at before work lands. */
export const gate = open({
  name: z.enum(['worktree', 'repository', 'target', 'conflicts', 'tests', 'code', 'secrets', 'sessions']),
  ok: z.boolean(),
  severity: z.enum(['gate', 'review']).describe('review: somebody should look at it, and it stops nothing'),
  detail: z.string(),
  hint: z.string().optional().describe('what to do about it'),
  skipped: z.boolean().optional().describe('not looked at, as asked or for want of something'),
  findings: z.array(open({ ...place, text: z.string() })).optional(),
  output: z.string().optional().describe('the end of what the tests printed'),
});

const conflicts = z.array(open({ path: z.string() }));

const one = {
  session: sessionId,
  name: z.string(),
  target: z.string().describe('short name of the branch'),
  targetCommit: objectId,
  commit: objectId.describe("tip of the session's branch"),
  ahead: count,
  behind: count,
  result: objectId.nullable().describe('what the tip of the target would be; null when there is a conflict'),
  gates: z.array(gate),
};

const all = {
  sessions: z.array(
    open({
      session: sessionId,
      name: z.string(),
      target: z.string(),
      ahead: count,
      behind: count,
      files: count,
      insertions: count,
      deletions: count,
      conflicts: conflicts.describe('with the target as it is now'),
    }),
  ),
  pairs: z.array(
    open({
      sessions: z.array(sessionId).length(2),
      isConflict: z.boolean(),
      files: z.array(z.string()),
      places: z.array(open(place)),
      conflicts: conflicts.nullable().describe('null: judged by the lines alone'),
    }),
  ),
  order: z.array(
    open({
      session: sessionId,
      name: z.string(),
      target: z.string(),
      clean: z.boolean().describe('lands without a conflict when its turn comes'),
      after: z.array(sessionId).describe('sessions that land before it, in conflict with it'),
    }),
  ),
  empty: z.array(open({ session: sessionId, name: z.string() })).describe('nothing to merge'),
  limits: z.array(z.string()).describe('what was left out, as there was too much'),
};

const partly = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).partial().shape;

/** What `preflight` prints: about one session, or with `--all` about every one; the other's fields are absent. */
export const preflightAnswers = {
  preflight: open({
    ok: z.boolean().describe('one: no gate stops a merge; all: every one can land without a conflict'),
    ...partly(one),
    ...partly(all),
  }),
};
